"""Each claim of the paper in a small world in which it holds, and in one in which it does not."""

import attrs
import numpy as np
import pytest
from scipy.spatial.distance import cdist

import cbrkit_xai as cx
from cbrkit_xai.cases import Cases
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.questions.stated_margin import StatedMargin
from cbrkit_xai.evaluation.reproduction import pair_permutations
from cbrkit_xai.evaluation.reproduction.balanced_training import Balanced
from cbrkit_xai.evaluation.reproduction.claims.best_method_shared import best_method_shared
from cbrkit_xai.evaluation.reproduction.claims.claim import decided
from cbrkit_xai.evaluation.reproduction.claims.clusters_lose_nothing import PASSED, clusters_lose_nothing
from cbrkit_xai.evaluation.reproduction.claims.error_falls_with_k import error_falls_with_k
from cbrkit_xai.evaluation.reproduction.claims.error_grows_with_k import error_grows_with_k
from cbrkit_xai.evaluation.reproduction.claims.even_classes_help import even_classes_help
from cbrkit_xai.evaluation.reproduction.claims.histograms_fastest import histograms_fastest
from cbrkit_xai.evaluation.reproduction.claims.implied_comparison import CANNOT_TELL, DOES_NOT_HOLD, HOLDS
from cbrkit_xai.evaluation.reproduction.claims.latent_features_lowest import latent_features_lowest
from cbrkit_xai.evaluation.reproduction.claims.other_features_better import other_features_better
from cbrkit_xai.evaluation.reproduction.claims.others_alike import others_alike
from cbrkit_xai.evaluation.reproduction.claims.subject import clustered_subjects, linear_subjects
from cbrkit_xai.evaluation.reproduction.claims.ten_times_faster import ten_times_faster
from cbrkit_xai.evaluation.reproduction.claims.tested import contrast, directed
from cbrkit_xai.evaluation.reproduction.claims.time_grows_with_cases import time_grows_with_cases
from cbrkit_xai.evaluation.reproduction.hypothesis import hypothesis
from cbrkit_xai.evaluation.reproduction.papers_configurations import PapersConfiguration
from cbrkit_xai.evaluation.reproduction.timing.timed_index import QueryTimes, TimedIndex
from cbrkit_xai.evaluation.reproduction.timing.times import Times, TimesOf
from cbrkit_xai.evaluation.results import Evaluation, Run

NAMES = ("hist-euc", "hist-cos", "lf-euc", "lf-cos", "ssim")
KS = (1, 3, 5, 9, 25)
N, REPEATS, FOLDS = 60, 4, 5
RNG = np.random.default_rng(11)
VOTES = RNG.integers(2, 8, size=(N, 3)).astype(float)
FOLD_OF = np.array([RNG.permutation(np.arange(N) % FOLDS) for _ in range(REPEATS)])
MARGIN = StatedMargin(votes=0.1, source="stated")
STATE = RNG.bit_generator.state


@pytest.fixture(autouse=True)
def the_same_chance_whatever_ran_before():
    RNG.bit_generator.state = STATE


def papers(name, missing=""):
    if missing:
        return PapersConfiguration(name=name, missing=missing)
    linear = cx.configuration(name, profile="paper2022", organizer="linear")
    return PapersConfiguration(
        name=name, linear=linear, clustered=linear.evolve(organizer="dbscan-prototypes")
    )


CONFIGURATIONS = tuple(map(papers, NAMES))
WITHOUT_PIXELS = (*CONFIGURATIONS[:4], papers("ssim", "this base holds no pixels"))


def predicted(misses):
    """Return predictions that miss every vote by so many votes at each k, give or take a twentieth."""
    jitter = 1 + 0.05 * RNG.normal(size=(REPEATS, N, 1, 1))
    sign = np.where(RNG.random((REPEATS, N, 1, 3)) < 0.5, -1, 1)
    return VOTES[None, :, None] + sign * jitter * np.reshape(misses, (1, 1, -1, 1))


def run_of(configuration, misses, failed=0):
    """Return a run; in its first `failed` folds it was not organised."""
    clustered = configuration.organizer.name != "linear"
    entries = np.full((REPEATS, FOLDS), 4 if clustered else 48)
    entries.ravel()[:failed] = 0
    values = predicted(misses)
    values[np.take_along_axis(entries, FOLD_OF, axis=1) == 0] = np.nan
    return Run(
        label=configuration.label,
        role="configuration",
        ks=KS,
        predicted=values,
        weight_squares=np.broadcast_to(1 / np.array(KS), (REPEATS, N, len(KS))),
        entries=entries,
        problems=[f"not organised in {failed} of 20 folds"] if failed else [],
        configuration=configuration,
        clustered=clustered,
    )


def global_mean(miss):
    return Run(
        label="global-mean",
        role="baseline",
        ks=(0,),
        predicted=predicted([miss]),
        weight_squares=np.zeros((REPEATS, N, 1)),
        entries=np.zeros((REPEATS, FOLDS)),
    )


def evaluated(linear, clustered, *, configurations=CONFIGURATIONS, failed=None, mean=3.0):
    """Return an evaluation, given by how much each configuration misses the votes.

    Parameters
    ----------
    linear, clustered : callable
        From a name to how many votes it misses by, at each k or at all.
    failed : mapping, optional
        By name, in how many of 20 folds nothing could be clustered; of SSIM in all.
    """
    failed = {"ssim": 20, **(failed or {})}
    runs = []
    for one in configurations:
        if not one.missing:
            runs.append(run_of(one.linear, np.broadcast_to(linear(one.name), len(KS))))
            clusters = np.broadcast_to(clustered(one.name), len(KS))
            runs.append(run_of(one.clustered, clusters, failed.get(one.name, 0)))
    return Evaluation(
        name="made-up",
        provenance="votes: people",
        is_automatic=False,
        cases=Cases(
            ids=[f"c{i}" for i in range(N)], features=np.zeros((N, 1)), votes=VOTES, methods=("a", "b", "c")
        ),
        effective_voters=np.ones(N),
        classes=[""] * N,
        protocol=Protocol(repeats=REPEATS),
        groups=Groups(labels=np.arange(N)),
        folds=Folds(fold_of=FOLD_OF),
        runs=[*runs, global_mean(mean)],
        versions={},
        hashes={},
    )


def verdict(claim):
    return decided([claim])[0].verdict


FALLING, FALLING_ON = (2.0, 1.2, 1.02, 1.01, 1.0), (2.0, 1.8, 1.6, 1.3, 1.0)
GROWING = FALLING[::-1]


# (a)


def falls(misses, configurations=CONFIGURATIONS):
    made = evaluated(lambda name: misses, lambda name: 1.0, configurations=configurations)
    return error_falls_with_k(made, linear_subjects(made, configurations))


def test_a_few_hubs_that_err_for_all_others_are_no_evidence_that_the_error_falls():
    made = evaluated(lambda name: FALLING, lambda name: 1.0)
    run = made.run(CONFIGURATIONS[0].linear.label)
    predicted = run.predicted.copy()
    predicted[:, :, 0] = VOTES  # one neighbour errs nowhere, but for those that the hub is the nearest of
    predicted[:, :30, 0] += 1.6
    hub = np.broadcast_to(np.where(np.arange(N) < 30, 59, np.arange(N)), (REPEATS, N))
    contrasts = []
    for nearest in (None, hub):
        one = attrs.evolve(run, predicted=predicted, nearest=nearest)
        contrasts.append(contrast(attrs.evolve(made, runs=[one]), [(1, one, 25)], [(1, one, 1)]))
    alone, together = contrasts
    assert (alone.folds == together.folds).all()
    assert alone.least_variance == 0
    # Half of the photos, and the hub itself, go together; each of the others goes with itself alone.
    difference = (predicted[:, :, 4] - VOTES) ** 2 - (predicted[:, :, 0] - VOTES) ** 2
    away = difference.mean(axis=2) - difference.mean()
    of_hub = away[:, :30].sum() + away[:, 59].sum()
    by_hand = (of_hub**2 + (away[:, 30:59].sum(axis=0) ** 2).sum()) / away.size**2
    assert together.least_variance == pytest.approx(by_hand)
    assert directed("x", together, -1).p_for > directed("x", alone, -1).p_for


def test_a_holds_where_every_error_falls_and_levels_off():
    assert verdict(falls(FALLING)) == HOLDS


@pytest.mark.parametrize("misses", [GROWING, FALLING_ON])
def test_a_does_not_hold_where_errors_grow_or_fall_on_and_on(misses):
    assert verdict(falls(misses)) == DOES_NOT_HOLD


def test_a_cannot_be_told_where_one_metric_could_not_be_tried():
    found = decided([falls(FALLING, WITHOUT_PIXELS)])[0]
    assert (found.verdict, found.where_tested) == (CANNOT_TELL, HOLDS)
    assert "it holds where it could be tested, in 8 of 10 comparisons" in found.sentence
    assert "SSIM linear falls with k; SSIM linear levels off: this base holds no pixels." in found.sentence


# (b)


def grows(misses, **more):
    made = evaluated(lambda name: 1.0, lambda name: misses, **more)
    return error_grows_with_k(made, clustered_subjects(made, CONFIGURATIONS))


def test_b_holds_where_the_error_of_all_that_the_paper_clustered_grows():
    claim = grows(GROWING)
    assert verdict(claim) == HOLDS
    *four, ssim = claim.comparisons
    assert all(one.is_claimed for one in four)
    assert (ssim.is_claimed, ssim.problem) == (False, "SSIM clustered was not organised in 20 of 20 folds")


def test_b_does_not_hold_where_it_falls():
    assert verdict(grows(FALLING)) == DOES_NOT_HOLD


def test_b_leaves_out_a_few_folds_and_cannot_be_told_where_many_failed():
    few = grows(GROWING, failed={"lf-euc": 2})
    assert verdict(few) == HOLDS
    assert (
        "LF-EUC clustered was not organised in 2 of 20 folds, which are left out." in few.comparisons[2].note
    )
    assert verdict(grows(GROWING, failed={"lf-euc": 3})) == CANNOT_TELL


# (c)


def lowest(miss_of_latent):
    def misses(name):
        return miss_of_latent if name.startswith("lf") else 1.0

    made = evaluated(misses, misses)
    return latent_features_lowest(
        made, [linear_subjects(made, CONFIGURATIONS), clustered_subjects(made, CONFIGURATIONS)]
    )


def test_c_holds_where_latent_features_err_least_in_both_organisations():
    assert verdict(lowest(0.7)) == HOLDS


def test_c_does_not_hold_where_they_err_most():
    assert verdict(lowest(1.3)) == DOES_NOT_HOLD


def test_c_cannot_be_told_where_all_err_alike():
    assert verdict(lowest(1.0)) == CANNOT_TELL


# (d)


def alike(miss_of_hist_cos, margin=MARGIN):
    made = evaluated(lambda name: miss_of_hist_cos if name == "hist-cos" else 1.0, lambda name: 1.0)
    rest = [one for one in linear_subjects(made, CONFIGURATIONS) if not one.is_latent]
    return others_alike(made, [*rest, *clustered_subjects(made, CONFIGURATIONS)], margin)


def test_d_holds_where_all_err_alike():
    claim = alike(1.0)
    assert len([one for one in claim.comparisons if one.is_claimed]) == 21  # pairs of 3 + 4
    assert verdict(claim) == HOLDS


def test_d_holds_where_a_difference_is_there_and_does_not_matter():
    claim = alike(1.03)  # 0.06 votes² of 0.21
    small = [
        one.note for one in claim.comparisons if "it is smaller than what was said to matter" in one.note
    ]
    assert len(small) >= 6
    assert verdict(claim) == HOLDS


def test_d_does_not_hold_where_one_is_worse_by_more_than_matters():
    assert verdict(alike(1.5)) == DOES_NOT_HOLD


def test_d_cannot_be_told_where_nobody_said_what_matters():
    found = decided([alike(1.5, StatedMargin(votes=np.nan, source="", problem="there is no margin"))])[0]
    assert found.verdict == CANNOT_TELL
    assert "there is no margin" in found.sentence


# (i)


def no_worse(linear, clustered, mean=3.0):
    made = evaluated(lambda name: linear, lambda name: clustered, mean=mean)
    twins = list(
        zip(clustered_subjects(made, CONFIGURATIONS), linear_subjects(made, CONFIGURATIONS), strict=True)
    )
    return clusters_lose_nothing(made, twins, MARGIN)


def test_i_holds_where_clusters_lose_less_than_the_margin():
    assert verdict(no_worse(1.0, 1.02)) == HOLDS


def test_i_does_not_hold_where_they_lose_more():
    assert verdict(no_worse(1.0, 1.3)) == DOES_NOT_HOLD


def test_i_says_of_each_comparison_whether_the_global_mean_passes_too():
    def passed(**more):
        return [PASSED in one.note for one in no_worse(1.0, 1.02, **more).comparisons if not one.problem]

    assert passed(mean=1.0) == [True] * 4
    assert passed(mean=1.5) == [False] * 4


def test_i_says_so_too_where_the_global_mean_passes_one_comparison_only():
    made = evaluated(lambda name: 1.5 if name == "lf-cos" else 1.0, lambda name: 1.0, mean=1.5)
    twins = list(
        zip(clustered_subjects(made, CONFIGURATIONS), linear_subjects(made, CONFIGURATIONS), strict=True)
    )
    found = clusters_lose_nothing(made, twins, MARGIN).comparisons
    assert [one.about.split()[0] for one in found if PASSED in one.note] == ["LF-COS"]


# (e), (f), (g)


@attrs.frozen
class Holding:
    """An index that holds so many entries."""

    entries: range


def times_of(microseconds, entries):
    index = Holding(range(entries))
    of = TimedIndex(name="", label="", index=index, reuse=None, queries=np.zeros((20, 1)), ks=(5,))
    taken = microseconds * (1 + 0.2 * RNG.random((20, 1)))
    return QueryTimes(
        of=of, ks=(5,), turns=range(20), queries=range(20), retrieve=taken, reuse=np.zeros((20, 1))
    )


def timed(linear, clustered, growth=(1, 1), missing=()):
    """Return times, given by how many microseconds each configuration takes."""
    found = []
    for one in CONFIGURATIONS:
        if one.name not in missing:
            sizes = [(10 * 2**n, times_of(taken, 10 * 2**n), None) for n, taken in enumerate(growth)]
            some = None if one.name == "ssim" else times_of(clustered(one.name), 4)
            found.append(
                TimesOf(
                    of=one,
                    linear=times_of(linear(one.name), 160),
                    clustered=some,
                    reason="no setting is feasible" if some is None else "",
                    growth=tuple(sizes),
                )
            )
    left = tuple(papers(name, "this base holds no pixels") for name in missing)
    return Times(configurations=tuple(found), k=5, training=160, asking=40, missing=left)


@pytest.mark.parametrize(
    ("clustered", "expected"), [(10.0, HOLDS), (60.0, DOES_NOT_HOLD), (2.0, DOES_NOT_HOLD)]
)
def test_e_holds_where_clusters_are_some_ten_times_faster(clustered, expected):
    claim = ten_times_faster(timed(lambda name: 100.0, lambda name: clustered))
    assert verdict(claim) == expected
    assert claim.comparisons[0].numbers["prototypes"] == 4
    assert [one.about for one in claim.comparisons if not one.is_claimed] == [
        "SSIM: linear against clustered"
    ]


def fastest(latent, missing=()):
    def microseconds(name):
        return {"h": 10.0, "l": latent, "s": 500.0}[name[0]]

    return histograms_fastest(timed(microseconds, microseconds, missing=missing))


@pytest.mark.parametrize(("latent", "expected"), [(20.0, HOLDS), (5.0, DOES_NOT_HOLD)])
def test_f_holds_where_histograms_answer_fastest(latent, expected):
    claim = fastest(latent)
    assert verdict(claim) == expected
    clustered = [one for one in claim.comparisons if "clustered" in one.about and one.is_claimed]
    assert len(clustered) == 4
    assert all(
        one.numbers["prototypes, first"] == one.numbers["prototypes, second"] == 4 for one in clustered
    )


def test_f_cannot_be_told_where_one_kind_of_features_was_not_timed():
    found = decided([fastest(20.0, missing=["ssim"])])[0]
    assert (found.verdict, found.where_tested) == (CANNOT_TELL, HOLDS)
    assert "in 8 of 10 comparisons" in found.sentence


@pytest.mark.parametrize(("growth", "expected"), [((5, 9, 17, 33), HOLDS), ((33, 17, 9, 5), DOES_NOT_HOLD)])
def test_g_holds_where_linear_queries_take_longer_in_larger_bases(growth, expected):
    claim = time_grows_with_cases(timed(lambda name: 100.0, lambda name: 10.0, growth))
    assert verdict(claim) == expected
    assert len(claim.comparisons) == 5


# (h)


def shared(votes, points, monkeypatch):
    monkeypatch.setattr(pair_permutations, "MOST", 999)
    cases = Cases(
        ids=[f"c{i:03d}" for i in range(len(votes))], features=points, votes=votes, methods=("a", "b", "c")
    )
    distances = {
        name: cdist(points, points, metric)
        for name, metric in zip(
            NAMES, ("euclidean", "sqeuclidean", "cityblock", "chebyshev", "minkowski"), strict=True
        )
    }
    found = hypothesis(distances, cases, Groups(labels=np.arange(len(votes))), k=5, seed=0)
    return best_method_shared(found, CONFIGURATIONS)


def winners(clouds):
    return 5.0 * np.eye(3)[clouds]


def test_h_holds_where_photos_of_one_cloud_share_the_winner(monkeypatch):
    clouds = np.arange(45) % 3
    points = 4.0 * np.eye(3)[clouds] + np.random.default_rng(0).normal(size=(45, 3))
    assert verdict(shared(winners(clouds), points, monkeypatch)) == HOLDS


def test_h_does_not_hold_where_winners_have_nothing_to_do_with_photos(monkeypatch):
    rng = np.random.default_rng(1)
    claim = shared(winners(rng.integers(3, size=150)), rng.normal(size=(150, 3)), monkeypatch)
    assert verdict(claim) == DOES_NOT_HOLD


def test_h_cannot_be_told_of_a_few_photos(monkeypatch):
    rng = np.random.default_rng(2)
    claim = shared(winners(rng.integers(3, size=12)), rng.normal(size=(12, 3)), monkeypatch)
    assert verdict(claim) == CANNOT_TELL


# (j), (k)


def even(apart):
    folds = apart + 0.05 * np.random.default_rng(3).normal(size=20)
    return Balanced(by="class", kept=(20, 20), training=(48, 48), folds=folds, test_over_training=0.25)


@pytest.mark.parametrize(("apart", "expected"), [(-0.3, HOLDS), (0.3, DOES_NOT_HOLD), (0.0, CANNOT_TELL)])
def test_j_holds_where_even_classes_err_less_than_as_many_random_cases(apart, expected):
    assert verdict(even_classes_help([("LF-COS", even(apart))], 5)) == expected


def test_j_cannot_be_told_where_no_class_is_known():
    unknown = Balanced(by="class", problem="there are fewer than two known kinds of class")
    assert verdict(even_classes_help([("LF-COS", even(-0.3)), ("LF-EUC", unknown)], 5)) == CANNOT_TELL


def others(miss, left_out=(), configurations=CONFIGURATIONS):
    hog = cx.configuration("lf-cos", profile="paper2022").evolve(name="hog", profile="future-work")
    run = run_of(hog, [miss] * 5)
    made = evaluated(lambda name: 1.0, lambda name: 1.0, configurations=configurations)
    made = attrs.evolve(made, runs=[*made.runs.values(), run])
    return other_features_better(made, [run], linear_subjects(made, configurations)[3], left_out)


LEFT_OUT = (("lbp", "no pixels"),)


@pytest.mark.parametrize(
    ("miss", "left_out", "expected"),
    [
        (0.7, LEFT_OUT, HOLDS),  # one that is better is enough
        (1.3, (), DOES_NOT_HOLD),
        (1.3, LEFT_OUT, CANNOT_TELL),  # what was not tried might be better
    ],
)
def test_k_holds_where_some_other_features_err_less(miss, left_out, expected):
    assert verdict(others(miss, left_out)) == expected


def test_k_cannot_be_told_without_what_it_compares_with():
    without = (*CONFIGURATIONS[:3], papers("lf-cos", "no latent vectors"), CONFIGURATIONS[4])
    found = decided([others(0.7, configurations=without)])[0]
    assert found.sentence == "Can't tell: hog below LF-COS linear: no latent vectors."
