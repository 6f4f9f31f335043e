"""What is said of clusters, against hand arithmetic, scipy and brute force."""

import re
from math import comb

import attrs
import numpy as np
import pytest
from scipy import stats

from cbrkit_xai import Ballot, Case, CaseBase, Configuration, Target, use
from cbrkit_xai.cases import Cases
from cbrkit_xai.choice import Use
from cbrkit_xai.configurations import Components
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.clusters import contrast
from cbrkit_xai.evaluation.clusters.bias_and_variance import BiasAndVariance, bias_and_variance
from cbrkit_xai.evaluation.clusters.classes import class_counts
from cbrkit_xai.evaluation.clusters.colours import Colours
from cbrkit_xai.evaluation.clusters.contrast import explained_share, of_photos, vote_contrasts
from cbrkit_xai.evaluation.clusters.explained import ExplainedClusters
from cbrkit_xai.evaluation.clusters.explaining import explain_clusters
from cbrkit_xai.evaluation.clusters.gain import Gain, gain
from cbrkit_xai.evaluation.clusters.losses import DISTANCE, SIZE, UNLIKE, losses
from cbrkit_xai.evaluation.clusters.members import typical_members
from cbrkit_xai.evaluation.decisions.comparison import Comparison
from cbrkit_xai.evaluation.experiment import evaluate
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.questions import left_out_folds
from cbrkit_xai.evaluation.questions.answering import answers
from cbrkit_xai.evaluation.questions.own_k import own_k, telling_k
from cbrkit_xai.evaluation.report import write_report
from cbrkit_xai.evaluation.report.clusters_in_words import (
    clustering_or_averaging,
    gain_in_words,
    parts_in_words,
)
from cbrkit_xai.evaluation.report.clusters_section import clusters_section
from cbrkit_xai.evaluation.report.figures_in_words import figure
from cbrkit_xai.evaluation.results import Run
from cbrkit_xai.learning import organize
from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.registry import default_registry

METHODS = ("lime", "ig")


def run_of(predicted, ks=(0,), **more):
    repeats, n, number, _ = predicted.shape
    more = {"label": "mine", "role": "baseline", "entries": np.zeros((repeats, 2)), **more}
    return Run(ks=ks, predicted=predicted, weight_squares=np.full((repeats, n, number), np.nan), **more)


def test_bias_and_variance_add_up_to_the_mean_squared_error():
    rng = np.random.default_rng(0)
    predicted, votes = rng.normal(size=(4, 9, 3, 2)), rng.normal(size=(9, 2))
    votes[2, 1] = np.nan
    parts = bias_and_variance(run_of(predicted, (1, 2, 3)), votes)
    squared = np.nanmean((predicted - votes[:, None]) ** 2, axis=(0, 1, 3))
    assert parts.lasting + parts.varying == pytest.approx(squared, rel=1e-12)


def test_variance_is_that_between_repeats_and_bias_is_free_of_it():
    # One case, one method: predictions 1, 2, 6 of votes 5.
    predicted = np.array([1.0, 2.0, 6.0]).reshape(3, 1, 1, 1)
    parts = bias_and_variance(run_of(predicted), np.array([[5.0]]))
    assert parts.varying[0] == pytest.approx(7.0)  # (4 + 1 + 9) / 2
    assert parts.lasting[0] == pytest.approx((3.0 - 5.0) ** 2 - 7.0 / 3)


def test_a_case_that_was_held_out_once_says_nothing_about_variance():
    predicted = np.full((2, 2, 1, 1), 1.0)
    predicted[1, 0] = np.nan
    assert bias_and_variance(run_of(predicted), np.ones((2, 1))).cases == 1


def test_votes_inside_are_compared_by_students_t_at_a_level_raised_for_their_number():
    rng = np.random.default_rng(1)
    votes, labels = rng.poisson(2.0, size=(20, 2)).astype(float), np.repeat([0, 1, -1], [8, 9, 3])
    found = vote_contrasts(votes, labels, METHODS)
    for cluster, column in np.ndindex(2, 2):
        one = found[cluster][column]
        inside, outside = votes[labels == cluster, column], votes[labels != cluster, column]
        interval = stats.ttest_ind(inside, outside).confidence_interval(1 - 0.05 / 4)
        assert (one.inside, one.outside) == pytest.approx((inside.mean(), outside.mean()))
        assert (one.low, one.high) == pytest.approx((interval.low, interval.high))


def test_two_photos_that_happen_to_agree_are_no_clear_contrast():
    rng = np.random.default_rng(2)
    votes = rng.poisson(1.0, size=(40, 1)).astype(float)
    votes[:2] = 0.0  # Welch's interval of a side without variance would leave out 0
    assert not vote_contrasts(votes, np.repeat([0, 1], [2, 38]), ("lime",))[0][0].is_clear


def test_votes_that_differ_from_cluster_to_cluster_are_seen():
    votes = np.concatenate([np.zeros((10, 1)), np.full((10, 1), 4.0)]) + np.arange(20)[:, None] % 2
    first, second = vote_contrasts(votes, np.repeat([0, 1], 10), ("lime",))
    assert first[0].is_clear
    assert first[0].difference == -second[0].difference == -4.0


def test_copies_of_a_photo_count_once():
    votes, labels = of_photos(np.array([[1.0], [3.0], [9.0]]), np.array([0, 0, 1]), np.array([1, 0, 0]))
    assert votes.tolist() == [[2.0], [9.0]]
    assert labels.tolist() == [1, 0]


def test_the_explained_share_is_that_of_an_analysis_of_variance(monkeypatch):
    monkeypatch.setattr(contrast, "SHUFFLES", 400)
    rng = np.random.default_rng(3)
    votes, labels = rng.normal(size=(30, 1)), np.repeat([0, 1, 2], 10)
    votes[20:] += 1.0
    found = explained_share(votes, labels, seed=0)
    f, p = stats.f_oneway(*(votes[labels == cluster, 0] for cluster in range(3)))
    assert found.share == pytest.approx(f * 2 / (f * 2 + 27))
    assert found.by_chance == pytest.approx(2 / 29, rel=0.15)  # clusters - 1 of photos - 1
    assert found.p == pytest.approx(p, abs=0.02)


def test_noise_and_constant_votes_leave_nothing_to_explain():
    assert np.isnan(explained_share(np.ones((6, 2)), np.repeat([0, 1], 3), seed=0).share)
    assert np.isnan(explained_share(np.eye(4), np.array([0, 0, -1, -1]), seed=0).share)


def test_the_chance_of_a_class_in_a_cluster_is_hypergeometric():
    classes = ["zebra"] * 4 + ["cat"] * 3 + ["dog", "", ""]
    labels = np.array([0, 0, 0, 1, 1, 1, 1, 1, 0, -1])
    first, second = class_counts(classes, labels)
    # Of 8 photos of known class, 4 zebras; the first cluster holds 3, all of them zebras.
    chance = comb(4, 3) / comb(8, 3)
    assert (first[0].name, first[0].inside, first[0].overall) == ("zebra", 3, 4)
    assert first[0].p == pytest.approx(min(1.0, 4 * chance))  # 2 classes x 2 clusters
    assert {one.name for one in second} == {"zebra", "cat"}  # one dog can tell nothing


def test_the_peaks_are_the_ranges_with_the_largest_excess():
    overall = np.full((3, 256), 1 / 256)
    inside = overall.copy()
    inside[0] = 0.0
    inside[0, 40:60] = 1 / 20
    (peak,) = Colours(inside=inside, overall=overall).peaks
    assert (peak.channel, peak.first, peak.last) == ("red", 32, 63)
    assert (peak.inside, peak.overall) == pytest.approx((1.0, 1 / 8))
    assert Colours(inside=overall, overall=overall).peaks == ()


def plain_components(organizer):
    configuration = Configuration(
        name="mine", representation="latent", metric="euclidean", organizer=organizer
    )
    made = {
        "metric": Euclidean(),
        "organizer": default_registry().create("organizer", configuration.organizer),
    }
    aggregator = default_registry().create("aggregator", configuration.aggregator)
    return Components(representation=None, aggregator=aggregator, reuse=None, retention=None, **made)


def test_the_medoid_has_the_least_sum_of_distances_and_the_others_are_near_the_prototype():
    features = np.array([[0.0], [1.0], [2.0], [10.0], [3.0]])
    cases = Cases(ids=list("abcde"), features=features, votes=np.zeros((5, 1)), methods=["lime"])
    found = typical_members(cases, np.arange(5), np.array([[2.4]]), plain_components("linear"))
    # Sums of distances: a 16, b 13, c 12, d 34, e 13.
    assert found.medoid == "c"
    assert found.nearest == ("e", "b", "a", "d")


def test_losers_are_those_with_the_largest_loss_and_factors_are_spearmans():
    rng = np.random.default_rng(5)
    features = np.concatenate([rng.normal(0, 1, (14, 2)), rng.normal(8, 1, (9, 2))])
    votes = rng.poisson(2.0, size=(23, 2)).astype(float)
    cases = Cases(
        ids=[f"{place:02d}" for place in range(23)], features=features, votes=votes, methods=METHODS
    )
    _, index = organize(plain_components(use("k-means-prototypes", n_clusters=2)), cases)
    difference = rng.normal(size=23)
    difference[4] = np.nan
    found = losses(difference, cases, index, k=1, other_k=5)
    distance, size, unlike = [], [], []
    for row in range(23):
        own = np.arange(14) if row < 14 else np.arange(14, 23)
        rest = own[own != row]
        far = [np.linalg.norm(features[row] - features[rest].mean(axis=0))]
        other = np.arange(14, 23) if row < 14 else np.arange(14)
        far.append(np.linalg.norm(features[row] - features[other].mean(axis=0)))
        distance.append(min(far))
        chosen = rest if far[0] < far[1] else other
        size.append(len(chosen))
        unlike.append(((votes[row] - votes[chosen].mean(axis=0)) ** 2).mean())
    known = ~np.isnan(difference)
    by_name = {factor.name: factor.correlation for factor in found.factors}
    for name, values in ((DISTANCE, distance), (SIZE, size), (UNLIKE, unlike)):
        expected = stats.spearmanr(np.array(values)[known], difference[known]).statistic
        assert by_name[name] == pytest.approx(expected)
    assert (found.losing, found.queries) == (int((difference[known] > 0).sum()), 22)
    largest = sorted(np.flatnonzero(known), key=lambda row: -difference[row])[: len(found.losers)]
    assert [one.id for one in found.losers] == [cases.ids[row] for row in largest]


def test_losses_of_prototypes_that_votes_choose_are_told_of_what_answers_without_the_case():
    rng = np.random.default_rng(6)
    features, votes = rng.normal(size=(20, 2)), rng.poisson(2.0, size=(20, 2)).astype(float)
    cases = Cases(
        ids=[f"{place:02d}" for place in range(20)], features=features, votes=votes, methods=METHODS
    )
    components = plain_components(use("supervised-prototypes"))
    _, index = organize(components, cases)
    difference = rng.normal(size=20)
    unlike = []
    for row in range(20):
        others = cases.take(np.delete(np.arange(20), row))
        found = organize(components, others)[1].nearest(features[row : row + 1], 1)
        unlike.append(((votes[row] - found.votes[0, 0]) ** 2).mean())
    by_name = {one.name: one.correlation for one in losses(difference, cases, index, k=1, other_k=5).factors}
    assert by_name[UNLIKE] == pytest.approx(stats.spearmanr(unlike, difference).statistic)


def test_the_telling_k_is_below_the_number_of_prototypes():
    configuration = Configuration(name="mine", representation="latent", metric="cosine", k=5)
    predicted = np.zeros((1, 4, 3, 1))
    run = run_of(
        predicted, (1, 3, 7), configuration=configuration, clustered=True, entries=np.full((1, 2), 4)
    )
    assert own_k(run) == 3  # of two that are as near, the lower; it was not evaluated with 5
    assert telling_k(run) == 3
    assert telling_k(attrs.evolve(run, entries=np.full((1, 2), 3))) == 1


@pytest.fixture(scope="module")
def explained():
    """Two clouds of photos whose votes follow the cloud, evaluated and explained."""
    rng = np.random.default_rng(0)
    cloud = np.repeat([0, 1], [24, 16])
    features = rng.normal(0, 0.3, (40, 4)) + np.where(cloud[:, None] == 1, 5.0, 1.0) * [1, 0, 1, 0]
    cases, rows = [], {}
    for place, row in enumerate(features.astype(np.float32)):
        sha256 = f"{place:064x}"
        rows[sha256] = row
        votes = {"lime": float(5 * cloud[place] + rng.integers(2)), "ig": float(rng.integers(3))}
        target = Target(
            classifier="made-up", index=1, label="zebra" if cloud[place] else "cat", probability=0.9
        )
        ballot = Ballot(votes=votes, source="human", voter="")
        cases.append(
            Case(
                id=f"photo-{place:02d}",
                image_sha256=sha256,
                image_name="a.png",
                ballots=[ballot],
                target=target,
            )
        )
    fingerprint = (
        default_registry()
        .create("representation", Use(name="latent", parameters={"norm": "none"}))
        .fingerprint
    )
    base = CaseBase(name="clouds", cases=cases, features={fingerprint: rows})
    configurations = [
        Configuration(
            name="clouds",
            profile="made-up",
            representation=Use(name="latent", parameters={"norm": "none"}),
            metric="euclidean",
            organizer=organizer,
            k=1,
        )
        for organizer in ("linear", use("k-means-prototypes", n_clusters=2))
    ]
    evaluation = evaluate(
        base,
        configurations,
        ks=(1, 2, 3),
        protocol=Protocol(repeats=2, folds=4, latent_cosine=1.0),
        baselines=["global-mean", "random-prototypes"],
        workers=1,
    )
    return base, evaluation, explain_clusters(base, configurations[1], evaluation)


def test_the_clusters_of_two_clouds_are_the_clouds(explained):
    _, _, found = explained
    assert [one.size for one in found.clusters] == [24, 16]
    assert (found.alone, found.problem) == (0, "")
    assert {name for one in found.clusters[1:] for name in one.classes} == {"zebra"}
    assert [one.common[0].name for one in found.clusters] == ["cat", "zebra"]
    assert all(one.common[0].is_clear for one in found.clusters)


def test_votes_that_follow_the_clouds_are_said_to(explained):
    _, _, found = explained
    lime = next(one for one in found.clusters[1].votes if one.method == "lime")
    assert lime.is_clear
    assert lime.difference == pytest.approx(5, abs=0.6)
    assert found.explained.p < 0.01
    assert found.explained.share > 0.5


def learns_from_votes(configuration):
    return configuration.evolve(
        representation=use("several", parts={"latent": use("latent", norm="none")}),
        metric=use("fused", parts={"latent": use("euclidean")}, weights="votes"),
        organizer=use("k-medoids", n_clusters=2),
    )


BY_VOTES = {
    "supervised-prototypes": lambda one: one.evolve(organizer=use("supervised-prototypes")),
    "dbscan-by-votes": lambda one: one.evolve(organizer=use("dbscan-by-votes")),
    "a metric that learns from votes": learns_from_votes,
}


@pytest.mark.parametrize("by_votes", BY_VOTES.values(), ids=BY_VOTES)
def test_clusters_that_votes_have_made_are_not_said_to_be_followed_by_votes(explained, by_votes):
    base, evaluation, _ = explained
    found = explain_clusters(base, by_votes(evaluation.configurations[1].configuration), evaluation)
    assert found.clusters
    assert found.explained is None
    contrasts = [vote for one in found.clusters for vote in one.votes]
    assert contrasts
    assert all(np.isnan((vote.low, vote.high)).all() and not vote.is_clear for vote in contrasts)
    follow, inside, caption = told_of_votes(evaluation, found)
    assert all("made by these very votes" in one for one in (follow, *inside, caption))
    assert "chance" not in follow
    assert "red square" not in caption


def told_of_votes(evaluation, found):
    """What the page says: whether votes follow, of each cluster, and below the picture."""
    (told,) = clusters_section(evaluation, [found], (), "")["explained"]
    (picture,) = [one for one in told["pictures"] if one.name.startswith("cluster-votes")]
    return told["votes_follow"], [one["votes"] for one in told["clusters"]], picture.caption


def test_clusters_that_votes_have_no_say_in_are_asked_whether_votes_follow_them(explained):
    _, evaluation, found = explained
    assert not found.made_by_votes
    follow, inside, caption = told_of_votes(evaluation, found)
    assert not any("made by these very votes" in one for one in (follow, *inside, caption))
    assert "with a chance of" in follow
    assert "red square" in caption


def test_clustering_that_follows_the_votes_beats_random_groups_of_equal_number(explained):
    _, _, found = explained
    against = {(one.against, one.k): one for one in found.gains}
    random = next(one for (label, k), one in against.items() if "random-prototypes" in label and k == 1)
    assert random.comparison.interval[1] < 0
    assert against["global-mean", 1].comparison.interval[1] < 0


def test_whether_it_is_the_clustering_is_what_the_answer_says_and_nothing_else(explained):
    _, evaluation, found = explained
    given = answers(evaluation)
    (answer,) = [one for one in given if one.kind == "clustering-beats-random-groups"]
    assert answer.verdict == "yes"
    said = clustering_or_averaging(found, given, evaluation)
    assert said.startswith("It is the clustering")
    assert answer.sentence in said
    for verdict, words in (("no", "It is worse"), ("can't tell", "Can't tell")):
        other = [attrs.evolve(one, verdict=verdict) if one is answer else one for one in given]
        assert clustering_or_averaging(found, other, evaluation).startswith(words)
    assert clustering_or_averaging(found, (), evaluation).startswith("This was not asked")


def test_an_answer_that_many_questions_take_back_is_taken_back_on_the_page_too(explained, tmp_path):
    _, evaluation, found = explained
    strict = answers(evaluation, alpha=1e-9)
    page = write_report(evaluation, strict, tmp_path, explained_clusters=[found]).read_text("utf-8")
    section = page.split("Why does clustering (not) work?")[-1]
    assert "Can&#39;t tell. It may be just the averaging" in section
    assert "It is the clustering:" not in section


def test_a_clustering_at_a_k_that_reaches_all_prototypes_is_said_to_have_no_choice_left(explained):
    _, evaluation, found = explained
    words = "no clustering could have shown that it helps"
    assert words not in clustering_or_averaging(found, answers(evaluation, k=1), evaluation)
    assert words in clustering_or_averaging(found, answers(evaluation, k=2), evaluation)


def test_a_clustering_whose_k_is_chosen_in_each_fold_is_told_of_by_the_least_k_that_was_chosen(
    explained, tmp_path
):
    _, evaluation, found = explained
    words = "no clustering could have shown that it helps"
    given = answers(evaluation, k="selected")
    (answer,) = [one for one in given if one.kind == "clustering-beats-random-groups"]
    mine, random = answer.details["contestants"]
    assert mine["name"] == "clouds/k-means-prototypes@made-up (k chosen in each fold)"
    assert {one["label"] for one in random["judged"]} == {answer.labels[1]}
    for one in (mine, random):
        assert sum(part["share"] for part in one["judged"]) == pytest.approx(1)
    assert min(one["k"] for one in mine["judged"]) == 1
    assert words not in clustering_or_averaging(found, given, evaluation)
    never_one = {"contestants": [{"name": "", "judged": [{"label": found.label, "k": 2, "share": 1.0}]}]}
    changed = [attrs.evolve(one, details=never_one) if one is answer else one for one in given]
    assert words in clustering_or_averaging(found, changed, evaluation)
    page = write_report(evaluation, given, tmp_path, explained_clusters=[found]).read_text("utf-8")
    assert "k chosen in each fold" in page


def test_differences_on_the_page_have_no_verdict_and_no_p(explained):
    _, _, found = explained
    for one in found.gains:
        said = gain_in_words(one)
        assert not re.search(r"better;|worse|can't tell|p [<=]", said)
        assert figure(abs(one.comparison.estimate)) in said


@pytest.mark.parametrize(
    ("interval", "bias", "variance", "words"),
    [
        ((-0.2, 0.1), -0.1, 0.05, "which may be chance: neither part explains anything"),
        ((-0.2, -0.1), -0.2, 0.05, "miss the photo's own votes less, and vary more, which pays"),
        ((-0.2, -0.1), 0.05, -0.2, "vary less, and miss the photo's own votes more, which pays"),
        ((0.1, 0.2), 0.2, -0.05, "vary less, and miss the photo's own votes more, which does not pay"),
        ((-0.2, -0.1), -0.1, -0.05, "less of both"),
        ((0.1, 0.2), 0.1, 0.05, "more of both"),
    ],
)
def test_bias_and_variance_are_weighed_only_where_the_errors_differ(interval, bias, variance, words):
    parts = [
        BiasAndVariance(label=label, ks=(5,), lasting=[lasting], varying=[varying], cases=9)
        for label, lasting, varying in (("clustered", 1 + bias, 1 + variance), ("linear", 1, 1))
    ]
    whole = Comparison(estimate=float(np.mean(interval)), p=0.5, interval=interval)
    gains = [Gain(against="linear", k=5, other_k=5, comparison=whole)]
    found = ExplainedClusters(label="clustered", cases=9, parts=tuple(parts), gains=tuple(gains))
    assert words in parts_in_words(found, 5, 5)
    assert "cannot be told" in parts_in_words(attrs.evolve(found, gains=()), 5, 5)


def test_a_gain_leaves_out_the_few_folds_without_clusters_and_says_so(explained, monkeypatch):
    monkeypatch.setattr(left_out_folds, "MOST_LEFT_OUT", 0.2)  # here there are eight folds
    _, evaluation, _ = explained
    run = next(one for one in evaluation.configurations if one.clustered)
    entries = np.array(run.entries)
    entries[0, 0] = 0
    away = evaluation.folds.fold_of[0] == 0
    predicted = np.array(run.predicted)
    predicted[0, away] = np.nan
    some = attrs.evolve(run, entries=entries, predicted=predicted, problems=["no clusters"])
    runs = [some if one.label == run.label else one for one in evaluation.runs.values()]
    found = gain(attrs.evolve(evaluation, runs=runs), (run.label, 1), ("global-mean", 0))
    whole = gain(evaluation, (run.label, 1), ("global-mean", 0))
    assert "was not organised in 1 of" in found.note and not whole.note
    errors = {
        one: ((evaluation.run(label).at(k) - evaluation.votes) ** 2).mean(axis=2)
        for one, (label, k) in {"own": (run.label, 1), "mean": ("global-mean", 0)}.items()
    }
    folds = [
        (errors["own"] - errors["mean"])[repeat, evaluation.folds.fold_of[repeat] == fold].mean()
        for repeat in range(evaluation.folds.repeats)
        for fold in range(evaluation.folds.per_repeat)
    ]
    assert found.comparison.estimate == pytest.approx(np.mean(folds[1:]))
    assert whole.comparison.estimate == pytest.approx(np.mean(folds))


def test_a_report_says_in_words_what_the_clusters_are(explained, tmp_path):
    _, evaluation, found = explained
    given = answers(evaluation)
    html = write_report(evaluation, given, tmp_path, explained_clusters=[found]).read_text("utf-8")
    assert "By this base&#39;s numbers they do" in html
    assert "as if no other had been looked at" in html
    assert "It is the clustering" in html
    assert "Is it no worse than comparing with every case?" in html
    assert "Descriptive, each by itself, and deciding nothing" in html
    assert "16 of 16 photos" in html
    assert (tmp_path / "plots" / "bias-and-variance-01.svg").is_file()
    assert (tmp_path / "plots" / "cluster-votes-01.png").is_file()


def test_a_base_that_cannot_be_organised_is_told_and_not_raised(explained, tmp_path):
    base, evaluation, _ = explained
    impossible = evaluation.configurations[1].configuration.evolve(
        organizer=use("dbscan-prototypes", min_samples=10, eps=1e-9)
    )
    found = explain_clusters(base, impossible, evaluation)
    assert "all 40 cases are noise" in found.problem
    html = write_report(evaluation, (), tmp_path, explained_clusters=[found]).read_text("utf-8")
    assert "all 40 cases are noise" in html


def test_an_index_without_prototypes_has_no_clusters_to_explain(explained):
    base, evaluation, _ = explained
    found = explain_clusters(base, evaluation.configurations[0].configuration, evaluation)
    assert found.problem == "its index holds no prototypes"


def test_another_case_base_is_refused(explained):
    base, evaluation, _ = explained
    fewer = attrs.evolve(base, cases=base.cases[:30])
    with pytest.raises(ParameterError, match="does not hold the 40 cases that were evaluated"):
        explain_clusters(fewer, evaluation.configurations[1].configuration, evaluation)
