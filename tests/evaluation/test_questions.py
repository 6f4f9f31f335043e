import json
import re

import attrs
import numpy as np
import pytest
from scipy import stats

from cbrkit_xai import Configuration
from cbrkit_xai.cases import Cases
from cbrkit_xai.cli.evaluation_page import print_evaluation
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.decisions import bootstrap
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.permutation.permutation_null import PermutationNull
from cbrkit_xai.evaluation.questions.across_bases import across_bases
from cbrkit_xai.evaluation.questions.answering import answers, limits
from cbrkit_xai.evaluation.questions.contestants import at_stated_k, best_of_all
from cbrkit_xai.evaluation.questions.effect_sizes import effect_sizes
from cbrkit_xai.evaluation.report.scores_section import scores_section
from cbrkit_xai.evaluation.results import Evaluation, Run, StatedConfidence
from cbrkit_xai.evaluation.scoring.noise_floor import noise_floor_of

METHODS = ("lime", "ig", "xrai")
KS = (1, 3, 5)
AUTOMATIC = "votes: automatic (2 judge families, not people)"
LINEAR, CLUSTERED = "lf-cos/linear@recommended", "lf-cos/dbscan-prototypes@recommended"
RANDOM = "lf-cos[like dbscan-prototypes]/random-prototypes@recommended"


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch):
    """Nothing here is about the bootstrap's precision."""
    monkeypatch.setattr(bootstrap, "DRAWS", 299)
    monkeypatch.setattr(bootstrap, "FEWEST_DRAWS", 299)


class Made:
    """Evaluations whose predictions are the votes plus noise of a size that is known."""

    def __init__(self, n=60, repeats=3, folds=5, seed=0):
        self.rng = np.random.default_rng(seed)
        self.n = n
        self.votes = self.rng.multinomial(6, [0.5, 0.3, 0.2], size=n).astype(float)
        self.fold_of = np.array([self.rng.permutation(np.arange(n) % folds) for _ in range(repeats)])
        self.mean = np.stack([self._mean_of_others(row) for row in self.fold_of])[:, :, None]

    def _mean_of_others(self, fold_of):
        return np.stack([self.votes[fold_of != fold].mean(axis=0) for fold in fold_of])

    def run(self, label, predicted, ks=(0,), **more):
        repeats, n = self.fold_of.shape
        more.setdefault("role", "baseline")
        more.setdefault("entries", np.ones((repeats, self.fold_of.max() + 1)))
        return Run(
            label=label, ks=ks, predicted=predicted, weight_squares=np.ones((repeats, n, len(ks))), **more
        )

    def noisy(self, label, spread, representation="latent", metric="cosine", **more):
        """Return a configuration that errs by `spread` votes, the same at every k but for the draw."""
        name, organizer, profile = re.split("[/@]", label)
        made = Configuration(
            name=name, profile=profile, representation=representation, metric=metric, organizer=organizer, k=3
        )
        shape = (len(self.fold_of), self.n, len(KS), len(METHODS))
        predicted = self.votes[None, :, None] + spread * self.rng.normal(size=shape)
        clustered = organizer != "linear"
        more = {"role": "configuration", "configuration": made, "clustered": clustered, **more}
        return self.run(label, predicted, KS, **more)

    def baselines(self):
        repeats = len(self.fold_of)
        uniform = np.broadcast_to(self.votes.sum(axis=1)[:, None, None] / 3, (repeats, self.n, 1, 3))
        best = np.zeros((repeats, self.n, 1, 3))
        best[..., 0] = 6.0
        return [
            self.run("uniform", uniform),
            self.run("global-mean", self.mean),
            self.run("single-best-method", best),
            self.run("oracle", np.broadcast_to(self.votes[:, None], (repeats, self.n, 1, 3))),
        ]

    def evaluation(self, *runs, **more):
        defaults = {
            "name": "made-up",
            "provenance": AUTOMATIC,
            "is_automatic": True,
            "cases": Cases(
                ids=[f"c{i:03d}" for i in range(self.n)],
                features=np.zeros((self.n, 1)),
                votes=self.votes,
                methods=METHODS,
            ),
            "effective_voters": np.ones(self.n),
            "classes": [""] * self.n,
            "protocol": Protocol(),
            "groups": Groups(labels=np.arange(self.n)),
            "folds": Folds(fold_of=self.fold_of),
            "versions": {},
            "hashes": {},
        }
        return Evaluation(runs=[*runs, *self.baselines()], **{**defaults, **more})


def the(kind, given):
    (found,) = [answer for answer in given if answer.kind == kind]
    return found


def squared_errors(run, votes, k):
    return ((run.at(k) - votes) ** 2).mean(axis=2)


def fold_differences(made, first, second):
    """First minus second, fold by fold, by loops."""
    return [
        np.mean((first - second)[repeat, made.fold_of[repeat] == fold])
        for repeat in range(len(made.fold_of))
        for fold in range(made.fold_of.max() + 1)
    ]


def test_a_configuration_that_errs_less_than_the_mean_is_better_by_the_corrected_t():
    made = Made()
    run = made.noisy(LINEAR, 0.5)
    evaluation = made.evaluation(run)
    answer = the("better-than-mean", answers(evaluation))
    mean = ((made.mean[:, :, 0] - made.votes) ** 2).mean(axis=2)
    folds = np.array(fold_differences(made, squared_errors(run, made.votes, 3), mean))
    t = folds.mean() / np.sqrt((1 / 15 + 12 / 48) * folds.var(ddof=1))
    assert answer.verdict == "yes"
    assert answer.estimate == pytest.approx(folds.mean())
    assert answer.p == pytest.approx(2 * stats.t.sf(abs(t), 14))
    reach = stats.t.ppf(0.975, 14) * folds.mean() / t
    assert answer.interval == pytest.approx((folds.mean() - reach, folds.mean() + reach))
    assert not answer.selected
    assert answer.sentence.startswith(f"{LINEAR} (k = 3) predicts better than the global mean")


def test_one_that_errs_more_is_shown_to_be_worse():
    made = Made()
    answer = the("better-than-mean", answers(made.evaluation(made.noisy(LINEAR, 4.0))))
    assert answer.verdict == "no"
    assert answer.estimate > 0


def test_at_one_neighbour_a_photo_that_is_the_nearest_of_many_is_one_witness():
    made = Made()
    rng = np.random.default_rng(5)
    shape = (3, 60)
    of_hub = rng.normal(-0.5, 0.6, 6)  # what each of six photos makes of all that it is the nearest of
    hubs = np.broadcast_to(np.arange(60) % 6, shape)
    off = np.repeat(np.sqrt(np.maximum(1.5 + of_hub, 0))[hubs][..., None, None], len(KS), axis=2)
    mean = made.mean[:, :, 0]
    missed = np.sqrt(((mean - made.votes) ** 2).mean(axis=2) / 1.5)[..., None, None]
    predicted = made.votes[None, :, None] + off * missed * np.ones(3)
    alone = made.run(LINEAR, predicted, KS, role="configuration")
    evaluation = made.evaluation(alone), made.evaluation(attrs.evolve(alone, nearest=hubs))
    plain, clustered = (the("better-than-mean", answers(one, k=1)) for one in evaluation)
    difference = (missed[..., 0, 0] ** 2) * of_hub[hubs]
    sums = np.bincount(hubs.ravel(), weights=(difference - difference.mean()).ravel()) / difference.size
    t = plain.estimate / np.sqrt((sums**2).sum())
    assert clustered.p == pytest.approx(2 * stats.t.sf(abs(t), 14))
    assert clustered.p > 2 * plain.p
    assert clustered.estimate == plain.estimate
    assert "nearest of many" in clustered.sentence
    assert "nearest of many" not in plain.sentence
    three = [the("better-than-mean", answers(one, k=3)) for one in evaluation]
    assert (three[0].p, three[0].interval) == (three[1].p, three[1].interval)
    assert "the interval is not widened for it" in three[1].sentence


def test_a_chosen_configuration_rests_on_one_photo_where_one_neighbour_was_chosen():
    made = Made()
    first, second = made.noisy(LINEAR, 0.5), made.noisy("hist-cos/linear@recommended", 0.5)
    nearest = np.random.default_rng(0).integers(0, 60, (2, 3, 60))
    first, second = (
        attrs.evolve(run, nearest=rows) for run, rows in zip((first, second), nearest, strict=True)
    )
    evaluation = made.evaluation(first, second)
    best = best_of_all(evaluation)
    (rests_on,) = best.rests_on(evaluation)
    for repeat in range(3):
        for case in range(60):
            label, k = best.candidates[best.choice.chosen[repeat, made.fold_of[repeat, case]]]
            rows = nearest[0 if label == LINEAR else 1]
            assert rests_on[repeat, case] == (rows[repeat, case] if k == 1 else -1)
    assert len(set(best.choice.chosen.ravel())) > 1


def test_what_is_not_shown_either_way_is_no_no():
    made = Made()
    level = np.sqrt(((made.mean[:, :, 0] - made.votes) ** 2).mean())
    answer = the("better-than-mean", answers(made.evaluation(made.noisy(LINEAR, level))))
    assert answer.verdict == "can't tell"
    assert "can't tell, because the mean difference is" in answer.sentence
    assert "the interval reaches to both sides of no difference" in answer.sentence


def test_alpha_decides_and_the_interval_is_the_one_that_goes_with_it():
    made = Made()
    evaluation = made.evaluation(made.noisy(LINEAR, 0.7))
    strict, loose = (the("better-than-mean", answers(evaluation, alpha=alpha)) for alpha in (1e-4, 0.2))
    assert strict.p == loose.p
    assert (strict.verdict, loose.verdict) == ("can't tell", "yes")
    assert strict.interval[0] < loose.interval[0]
    assert "80 % interval" in loose.sentence


def test_it_is_said_where_the_interval_leaves_no_room_for_a_gain_that_matters():
    made = Made()
    nearly = made.mean + 0.02 * made.rng.normal(size=made.mean.shape)
    run = attrs.evolve(made.noisy(LINEAR, 1.0), predicted=np.repeat(nearly, len(KS), axis=2))
    evaluation = made.evaluation(run)
    wide, narrow = (the("better-than-mean", answers(evaluation, margin=margin)) for margin in (0.5, 1e-6))
    assert wide.verdict == narrow.verdict == "can't tell"
    assert "but leaves no room for a gain of" in wide.sentence
    assert "leaves no room" not in narrow.sentence


def test_equal_predictions_cannot_be_told_apart_and_have_no_p():
    made = Made()
    repeated = np.repeat(made.mean, len(KS), axis=2)
    run = attrs.evolve(made.noisy(LINEAR, 1.0), predicted=repeated)
    answer = the("better-than-mean", answers(made.evaluation(run)))
    assert answer.verdict == "can't tell"
    assert "because it cannot be tested: all 15 fold differences are 0" in answer.sentence
    assert np.isnan(answer.p)


def test_holm_is_over_all_questions_asked():
    made = Made()
    runs = [made.noisy(LINEAR, 2.0), made.noisy(CLUSTERED, 2.1), made.noisy(RANDOM, 2.1, role="baseline")]
    given = answers(made.evaluation(*runs))
    p = sorted((answer.p, place) for place, answer in enumerate(given))
    running = 0.0
    for step, (value, place) in enumerate(p):
        running = max(running, min(1.0, (len(given) - step) * value))
        assert given[place].p_adjusted == pytest.approx(running)
    assert all(answer.details["questions"] == len(given) for answer in given)


def test_many_questions_take_a_verdict_back():
    made = Made()
    mean = ((made.mean[:, :, 0] - made.votes) ** 2).mean()
    few = [made.noisy(LINEAR, np.sqrt(0.5 * mean))]
    many = [made.noisy(f"noise{i}/linear@custom", np.sqrt(mean)) for i in range(12)]
    alone = the("better-than-mean", answers(made.evaluation(*few)))
    among = next(one for one in answers(made.evaluation(*few, *many)) if one.labels[0] == LINEAR)
    assert alone.p == pytest.approx(among.p)
    assert (alone.verdict, among.verdict) == ("yes", "can't tell")
    assert "so small a p is not rare enough among so many questions" in among.sentence


def test_a_run_that_was_not_organised_is_named_with_how_often():
    made = Made()
    failed = made.noisy(CLUSTERED, 1.0, problems=["no setting is feasible"], entries=np.zeros((3, 5)))
    given = answers(made.evaluation(made.noisy(LINEAR, 1.0), failed))
    answer = the("clustered-no-worse-than-linear", given)
    assert answer.verdict == "can't tell"
    assert f"because {CLUSTERED} was not organised in 15 of 15 folds" in answer.sentence
    assert np.isnan(answer.estimate)


def test_a_run_with_a_missing_prediction_is_not_decided_about():
    made = Made()
    run = made.noisy(LINEAR, 1.0)
    predicted = run.predicted.copy()
    predicted[1, 7] = np.nan
    answer = the("better-than-mean", answers(made.evaluation(attrs.evolve(run, predicted=predicted))))
    assert answer.verdict == "can't tell"
    assert "left 1 of 180 held-out cases without a prediction" in answer.sentence


# Non-inferiority.


def rmse(predicted, votes):
    return np.sqrt(((predicted - votes) ** 2).mean())


def clustered_and_linear(extra, spread=0.4):
    """Two configurations of which the clustered one errs more by `extra` in every case."""
    made = Made()
    linear = made.noisy(LINEAR, spread)
    away = np.sqrt(extra) * np.sign(linear.predicted - made.votes[None, :, None])
    clustered = made.noisy(CLUSTERED, 0.0)
    return made, linear, attrs.evolve(clustered, predicted=linear.predicted + away)


def test_the_default_margin_is_a_tenth_of_what_the_mean_gains_over_uniform_votes():
    made, linear, clustered = clustered_and_linear(0.0001)
    answer = the("clustered-no-worse-than-linear", answers(made.evaluation(linear, clustered)))
    gained = rmse(np.full((60, 3), 2.0), made.votes) - rmse(made.mean[:, :, 0], made.votes)
    level = rmse(linear.at(3), made.votes)
    assert answer.details["margin_votes"] == pytest.approx(gained / 10)
    assert answer.details["margin_squared"] == pytest.approx((level + gained / 10) ** 2 - level**2)
    assert answer.verdict == "yes"
    assert "by the margin of" in answer.sentence
    assert "10 % of (RMSE uniform − RMSE global mean)" in answer.sentence


def test_a_loss_beyond_the_margin_is_a_no():
    made, linear, clustered = clustered_and_linear(1.0)
    answer = the("clustered-no-worse-than-linear", answers(made.evaluation(linear, clustered)))
    assert answer.verdict == "no"


def test_a_wide_margin_that_the_global_mean_passes_tells_nothing_of_cbr_and_says_so():
    made, linear, clustered = clustered_and_linear(0.0001)
    evaluation = made.evaluation(linear, clustered)
    wide = the("clustered-no-worse-than-linear", answers(evaluation, margin=5.0))
    narrow = the("clustered-no-worse-than-linear", answers(evaluation, margin=0.1))
    assert "This margin cannot tell CBR from no CBR" in wide.sentence
    assert wide.details["global_mean_passes"]
    assert "cannot tell CBR" not in narrow.sentence


def test_a_loss_near_the_margin_is_told_by_the_margin_and_not_by_what_a_gain_would_be():
    made, linear, _ = clustered_and_linear(0.0001)
    clustered = made.noisy(CLUSTERED, 0.4)
    answer = the("clustered-no-worse-than-linear", answers(made.evaluation(linear, clustered), margin=0.01))
    assert answer.verdict == "can't tell"
    assert f"below the margin, {answer.details['margin_squared']:.3g}, is no worse" in answer.sentence
    assert "reaches to both sides of the margin." in answer.sentence


def test_without_a_margin_there_is_no_verdict_about_no_worse():
    made, linear, clustered = clustered_and_linear(0.0001)
    evaluation = made.evaluation(linear, clustered)
    flat = attrs.evolve(evaluation.run("global-mean"), predicted=evaluation.run("uniform").predicted)
    changed = [flat if run.label == "global-mean" else run for run in evaluation.runs.values()]
    answer = the("clustered-no-worse-than-linear", answers(attrs.evolve(evaluation, runs=changed)))
    assert answer.verdict == "can't tell"
    assert "the global mean" in answer.sentence
    assert "predicts no better than uniform votes" in answer.sentence


@pytest.mark.parametrize("margin", [0.0, -1.0, np.nan, np.inf])
def test_a_margin_that_allows_nothing_is_refused(margin):
    made = Made()
    with pytest.raises(ParameterError) as refused:
        answers(made.evaluation(made.noisy(LINEAR, 1.0)), margin=margin)
    assert refused.value.where == "margin"


# Clustering, features.


def test_clusters_are_compared_with_as_many_random_groups():
    made = Made()
    runs = [made.noisy(LINEAR, 0.5), made.noisy(CLUSTERED, 0.6), made.noisy(RANDOM, 2.0, role="baseline")]
    answer = the("clustering-beats-random-groups", answers(made.evaluation(*runs)))
    assert answer.verdict == "yes"
    assert answer.labels == (CLUSTERED, RANDOM)


def test_random_groups_of_another_number_are_no_match():
    made = Made()
    runs = [made.noisy(CLUSTERED, 0.6), made.noisy("lf-cos/random-prototypes@recommended", 2.0)]
    assert "clustering-beats-random-groups" not in [one.kind for one in answers(made.evaluation(*runs))]


def test_a_configuration_is_compared_with_its_own_profiles_linear_twin():
    made = Made()
    runs = [made.noisy("lf-cos/linear@paper2022", 0.5), made.noisy(LINEAR, 0.5), made.noisy(CLUSTERED, 0.6)]
    answer = the("clustered-no-worse-than-linear", answers(made.evaluation(*runs)))
    assert answer.labels == (CLUSTERED, LINEAR)


def test_latent_features_are_compared_with_histograms_of_the_same_metric_and_organizer():
    made = Made()
    runs = [
        made.noisy(LINEAR, 0.5),
        made.noisy("lf-euc/linear@recommended", 0.5, metric="euclidean"),
        made.noisy("hist-cos/linear@recommended", 1.5, representation="histogram"),
        made.noisy("hist-cos/linear@paper2022", 1.5, representation="histogram"),
    ]
    answer = the("latent-beats-histogram", answers(made.evaluation(*runs)))
    assert answer.labels == (LINEAR, "hist-cos/linear@recommended")
    assert answer.verdict == "yes"


def test_questions_about_what_was_not_evaluated_are_not_asked():
    made = Made()
    kinds = [answer.kind for answer in answers(made.evaluation(made.noisy(CLUSTERED, 1.0)))]
    assert kinds == ["better-than-mean", "best-better-than-mean", "best-better-than-single-method"]


def test_a_missing_baseline_is_named():
    made = Made()
    evaluation = made.evaluation(made.noisy(LINEAR, 1.0))
    runs = [run for run in evaluation.runs.values() if run.role == "configuration"]
    answer = the("better-than-mean", answers(attrs.evolve(evaluation, runs=runs)))
    assert "because the baseline global-mean was not evaluated" in answer.sentence


# Chance.


def permuted(label, observed, draws):
    columns = [(label, k) for k in KS]
    return PermutationNull(columns=columns, observed=observed, draws=draws, fixed_cases=0, kept="nothing")


def test_the_best_of_all_k_is_compared_with_the_best_of_all_k_of_each_permutation():
    made = Made()
    rng = np.random.default_rng(8)
    draws = 2.0 + rng.normal(size=(199, 3)) * [0.5, 0.2, 0.1]
    observed = np.array([0.9, 1.2, 1.95])
    evaluation = made.evaluation(made.noisy(LINEAR, 1.0))
    answer = the("better-than-chance", answers(evaluation, permutation=permuted(LINEAR, observed, draws)))
    together = np.vstack([observed, draws])
    scaled = -(together - together.mean(axis=0)) / together.std(axis=0)
    best = scaled.max(axis=1)
    assert answer.p == pytest.approx(np.mean(best >= best[0]))
    assert answer.details["best"] == {"label": LINEAR, "k": 3}
    assert answer.apparent == pytest.approx(1.2 - draws[:, 1].mean())
    assert answer.verdict == "yes"
    assert np.isnan(answer.estimate)
    assert answer.selected
    assert "Selected: " in answer.sentence


def test_no_better_than_chance_is_never_shown():
    made = Made()
    rng = np.random.default_rng(8)
    draws = rng.normal(size=(99, 3))
    evaluation = made.evaluation(made.noisy(LINEAR, 1.0))
    answer = the(
        "better-than-chance", answers(evaluation, permutation=permuted(LINEAR, np.full(3, 9.0), draws))
    )
    assert answer.p == pytest.approx(1.0)
    assert answer.verdict == "can't tell"


# Selected.


def test_the_best_of_many_equal_ones_looks_better_than_its_nested_estimate():
    made = Made()
    runs = [made.noisy(f"noise{i}/linear@custom", 2.0) for i in range(8)]
    answer = the("best-better-than-mean", answers(made.evaluation(*runs)))
    errors = {(run.label, k): squared_errors(run, made.votes, k) for run in runs for k in KS}
    mean = ((made.mean[:, :, 0] - made.votes) ** 2).mean(axis=2)
    best = min(errors.values(), key=lambda one: np.mean(fold_differences(made, one, 0 * one)))
    assert answer.selected
    assert "Selected: " in answer.sentence
    assert answer.apparent == pytest.approx(np.mean(best - mean))
    assert answer.estimate > answer.apparent


def test_what_looks_best_is_told_as_the_estimate_is_a_mean_over_folds_of_whatever_size():
    made = Made(n=23)
    assert len({len(np.flatnonzero(made.fold_of[0] == fold)) for fold in range(5)}) > 1
    run = made.noisy(LINEAR, 2.0)
    answer = the("best-better-than-mean", answers(made.evaluation(run)))
    mean = ((made.mean[:, :, 0] - made.votes) ** 2).mean(axis=2)
    each = [np.mean(fold_differences(made, squared_errors(run, made.votes, k), mean)) for k in KS]
    assert answer.apparent == pytest.approx(min(each), rel=1e-12)


def test_the_nested_estimate_is_of_what_each_fold_chose_on_the_others():
    made = Made()
    runs = [made.noisy(f"noise{i}/linear@custom", 2.0) for i in range(3)]
    answer = the("best-better-than-mean", answers(made.evaluation(*runs)))
    errors = np.stack([squared_errors(run, made.votes, k) for run in runs for k in KS])  # (9, repeats, n)
    mean = ((made.mean[:, :, 0] - made.votes) ** 2).mean(axis=2)
    nested = []
    for repeat, fold_of in enumerate(made.fold_of):
        for fold in range(5):
            others = [errors[:, repeat, fold_of == other].mean(axis=1) for other in range(5) if other != fold]
            chosen = np.mean(others, axis=0).argmin()
            nested.append(np.mean((errors[chosen, repeat] - mean[repeat])[fold_of == fold]))
    assert answer.estimate == pytest.approx(np.mean(nested))
    assert (
        "Note that what was chosen on each repeat's other folds, whose predictions rest on this fold's cases "
        "too, still looks a little better than it is: here the best of 9 choices of configuration and k, "
        "chosen anew in each fold."
    ) in answer.sentence
    assert not answer.details["is_inner"]


def test_an_inner_cross_validation_decides_where_it_is_given():
    made = Made()
    good, bad = made.noisy(LINEAR, 0.5), made.noisy("noise/linear@custom", 3.0)
    # It says that the bad one is best, and must be believed: it never saw the held-out cases.
    inner = {LINEAR: np.ones((3, 5, 3)), "noise/linear@custom": np.zeros((3, 5, 3))}
    answer = the("best-better-than-mean", answers(made.evaluation(good, bad), inner=inner))
    assert answer.details["contestants"][0]["judged"] == [
        {"label": "noise/linear@custom", "k": 1, "share": 1.0}
    ]
    assert answer.details["is_inner"]
    assert "other folds" not in answer.sentence
    assert answer.verdict == "no"


def test_a_k_chosen_in_each_fold_is_marked_selected():
    made = Made()
    run = made.noisy(LINEAR, 0.5)
    better_at_5 = run.predicted.copy()
    better_at_5[:, :, 2] = made.votes + 0.1 * (run.predicted[:, :, 2] - made.votes)
    evaluation = made.evaluation(attrs.evolve(run, predicted=better_at_5))
    answer = the("better-than-mean", answers(evaluation, k="selected"))
    assert answer.selected
    assert [one["judged"] for one in answer.details["contestants"]] == [
        [{"label": LINEAR, "k": 5, "share": 1.0}],
        [{"label": "global-mean", "k": 0, "share": 1.0}],
    ]
    assert "(k chosen in each fold)" in answer.sentence


def test_two_whose_k_is_chosen_are_chosen_by_one_rule_and_it_is_said_by_which():
    made = Made()
    mine, twin = made.noisy(CLUSTERED, 1.0), made.noisy(RANDOM, 1.0, role="baseline")
    other = made.noisy(LINEAR, 1.0)
    # An inner cross-validation that takes k = 1, while the other folds prefer k = 5.
    inner = {run.label: np.broadcast_to([0.0, 1.0, 2.0], (3, 5, 3)) for run in (mine, other)}
    mine, twin, other = (
        attrs.evolve(run, predicted=np.stack([run.predicted[:, :, 0] + shift for shift in (2, 1, 0)], axis=2))
        for run in (mine, twin, other)
    )
    given = answers(made.evaluation(mine, twin, other), k="selected", inner=inner)
    against_random = the("clustering-beats-random-groups", given)
    judged = [one["judged"] for one in against_random.details["contestants"]]
    assert judged == [[{"label": run.label, "k": 5, "share": 1.0}] for run in (mine, twin)]
    assert not against_random.details["is_inner"]
    assert (
        "still looks a little better than it is: "
        f"here {CLUSTERED} (k chosen in each fold) and {RANDOM} (k chosen in each fold); "
        f"for {RANDOM} there is no inner cross-validation, and one rule is for both."
    ) in against_random.sentence
    against_linear = the("clustered-no-worse-than-linear", given)
    judged = [one["judged"] for one in against_linear.details["contestants"]]
    assert judged == [[{"label": run.label, "k": 1, "share": 1.0}] for run in (mine, other)]
    assert against_linear.details["is_inner"]
    assert "other folds" not in against_linear.sentence
    assert "other folds" not in next(one for one in given if one.kind == "better-than-mean").sentence


def test_a_stated_k_is_used_for_all_and_one_that_was_not_evaluated_is_named():
    made = Made()
    evaluation = made.evaluation(made.noisy(LINEAR, 0.5))
    assert "(k = 5)" in the("better-than-mean", answers(evaluation, k=5)).sentence
    assert "(k = 3)" in the("better-than-mean", answers(evaluation)).sentence  # the configuration's own
    answer = the("better-than-mean", answers(evaluation, k=7))
    assert "was not evaluated with k = 7" in answer.sentence
    assert answer.verdict == "can't tell"


def test_a_configuration_that_is_not_judged_at_its_own_k_is_named_with_both():
    made = Made()
    run = made.noisy(LINEAR, 0.5)
    at_4 = attrs.evolve(run, configuration=run.configuration.evolve(k=4))
    evaluation = made.evaluation(at_4)
    told = f"{LINEAR}'s own k = 4 was not evaluated; it is judged at k = 3"
    assert f"Note that {told}." in the("better-than-mean", answers(evaluation)).sentence
    assert f"How good a configuration is as it is stated: {told}." in limits(evaluation)
    section = scores_section(evaluation, noise_floor_of(evaluation), "")
    assert section["reading"].endswith(f"But {told}.")
    assert told not in the("better-than-mean", answers(evaluation, k=5)).sentence
    assert "was not evaluated" not in " ".join(limits(made.evaluation(run)))


@pytest.mark.parametrize("changed", [{"k": 0}, {"k": True}, {"k": "best"}, {"alpha": 0.0}, {"alpha": 5}])
def test_arguments_out_of_range_are_refused(changed):
    made = Made()
    with pytest.raises(ParameterError):
        answers(made.evaluation(made.noisy(LINEAR, 1.0)), **changed)


def test_hold_out_has_no_other_fold_to_choose_on_and_says_so():
    made = Made()
    made.fold_of = np.where(made.fold_of == 0, 0, -1)
    given = answers(made.evaluation(made.noisy(LINEAR, 0.5)))
    assert "with one fold a repeat there is no other fold" in the("best-better-than-mean", given).sentence
    assert np.isfinite(the("better-than-mean", given).p)


# Regret, and whose votes they are.


def test_the_best_of_all_is_compared_with_the_single_best_method_by_regret():
    made = Made()
    run = made.noisy(LINEAR, 0.01)
    answer = the("best-better-than-single-method", answers(made.evaluation(run)))
    lost = made.votes.max(axis=1) - made.votes[:, 0]  # nearly an oracle against always showing lime
    folds = fold_differences(made, np.zeros((3, 60)), np.broadcast_to(lost, (3, 60)))
    assert answer.unit == "votes"
    assert answer.estimate == pytest.approx(np.mean(folds))
    assert answer.verdict == "yes"


def test_votes_of_judges_are_predicted_to_score_best_and_never_best_for_you():
    made = Made()
    evaluation = made.evaluation(made.noisy(LINEAR, 0.5), made.noisy(CLUSTERED, 0.5))
    text = " ".join(answer.question + answer.sentence for answer in answers(evaluation))
    assert "predicted to score best by 2 judge families" in text
    assert "for you" not in text
    people = attrs.evolve(evaluation, is_automatic=False, provenance="votes: people")
    text = " ".join(answer.question + answer.sentence for answer in answers(people))
    assert "predicted to get most votes" in text
    assert "judge" not in text


# What stands beside.


def test_each_answer_has_three_lines_that_decide_nothing():
    made = Made()
    answer = the("better-than-mean", answers(made.evaluation(made.noisy(LINEAR, 0.5))))
    assert [line.procedure for line in answer.sensitivity] == ["wilcoxon", "bayes", "bca"]
    wilcoxon, bayes, bca = answer.sensitivity
    assert "pseudo-median" in wilcoxon.sentence
    assert sum(bayes.numbers[name] for name in ("better", "same", "worse")) == pytest.approx(1)
    assert "conditional on these cases, likely too narrow" in bca.sentence
    assert bca.numbers["low"] < answer.estimate < bca.numbers["high"]


def test_copies_of_a_photo_count_once_in_the_lines():
    made = Made()
    evaluation = made.evaluation(made.noisy(LINEAR, 0.5))
    grouped = attrs.evolve(evaluation, groups=Groups(labels=np.arange(60) // 2))
    answer = the("better-than-mean", answers(grouped))
    assert answer.sensitivity[0].numbers["cases"] == 30


def test_a_leak_and_a_substitute_stand_in_the_sentence():
    made = Made()
    changed = {"substituted": "other features", "leaks": ["organizer"]}
    runs = [made.noisy(LINEAR, 0.5), made.noisy(CLUSTERED, 0.5, **changed)]
    evaluation = made.evaluation(*runs, protocol=Protocol(cluster_scope="global"))
    answer = the("clustered-no-worse-than-linear", answers(evaluation))
    assert "LEAK: " in answer.sentence
    assert "SUBSTITUTED: other features." in answer.sentence
    draws = 2.0 + np.random.default_rng(8).normal(size=(99, 3))
    null = permuted(LINEAR, np.full(3, 1.0), draws)
    chance = the("better-than-chance", answers(evaluation, permutation=null))
    assert "LEAK: " in chance.sentence
    assert "SUBSTITUTED: other features." in chance.sentence
    of_linear = next(one for one in answers(evaluation) if one.labels[0] == LINEAR)
    assert "LEAK" not in of_linear.sentence
    assert "SUBSTITUTED" not in of_linear.sentence


def test_a_linear_run_whose_metric_learnt_from_held_out_votes_is_a_leak_too():
    made = Made()
    run = made.noisy(LINEAR, 0.5, leaks=["metric"])
    answer = the("better-than-mean", answers(made.evaluation(run)))
    assert (
        "LEAK: the metric learnt from all votes, those of the held-out photos among them." in answer.sentence
    )


def test_every_answer_is_plain_json():
    made = Made()
    failed = made.noisy(CLUSTERED, 1.0, problems=["none"], entries=np.zeros((3, 5)))
    evaluation = made.evaluation(made.noisy(LINEAR, 0.5), failed)
    draws = np.random.default_rng(0).normal(size=(9, 3))
    given = answers(evaluation, permutation=permuted(LINEAR, np.zeros(3), draws))
    for answer in given:
        written = json.loads(json.dumps(answer.to_json(), allow_nan=False))
        assert written["verdict"] == answer.verdict
        assert written["estimate"] == (None if np.isnan(answer.estimate) else answer.estimate)


def test_the_same_evaluation_gets_the_same_answers():
    made = Made()
    evaluation = made.evaluation(made.noisy(LINEAR, 0.5), made.noisy(CLUSTERED, 0.7))
    first, again = ([answer.to_json() for answer in answers(evaluation)] for _ in range(2))
    assert first == again


# Effect sizes.


def test_effect_sizes_by_hand():
    made = Made()
    run = made.noisy(LINEAR, 1.5)
    evaluation = made.evaluation(run)
    single = evaluation.run("single-best-method").predicted[..., [1, 0, 2]]  # it shows ig, the mean lime
    runs = [
        attrs.evolve(one, predicted=single) if one.label == "single-best-method" else one
        for one in evaluation.runs.values()
    ]
    evaluation = attrs.evolve(evaluation, runs=runs)
    skill, gap, lost = effect_sizes(evaluation, at_stated_k(evaluation, run))
    mine = squared_errors(run, made.votes, 3).mean()
    mean = ((made.mean[:, :, 0] - made.votes) ** 2).mean()
    assert skill.estimate == pytest.approx(1 - mine / mean)
    most = made.votes.max(axis=1)
    shown = np.take_along_axis(
        np.broadcast_to(made.votes, (3, 60, 3)), run.at(3).argmax(axis=2)[..., None], axis=2
    )[..., 0]
    regret, of_single = (most - shown).mean(), (most - made.votes[:, 1]).mean()
    assert gap.estimate == pytest.approx(1 - regret / of_single)
    assert lost.estimate == pytest.approx(regret - of_single)
    for effect in (skill, gap, lost):
        assert effect.interval[0] < effect.estimate < effect.interval[1]
        assert effect.label == "conditional on these cases, likely too narrow"


def test_the_terminal_shows_the_skill_that_the_effect_sizes_have(capsys):
    made = Made()
    run = made.noisy(LINEAR, 0.8)
    votes = made.votes.copy()
    votes[:20, 1:] = np.nan  # a case of which one method was asked counts as much as one of three
    predicted = run.predicted.copy()
    predicted[:, :20] += 1.0
    made.votes = votes
    evaluation = made.evaluation(attrs.evolve(run, predicted=predicted))
    errors = [(one - votes) ** 2 for one in (predicted[:, :, 1], made.mean[:, :, 0])]
    per_case = [np.nanmean(one, axis=2).mean() for one in errors]
    by_pair = [np.nanmean(one) for one in errors]
    skill, pooled = (1 - first / second for first, second in (per_case, by_pair))
    assert abs(skill - pooled) > 0.01
    effect, *_ = effect_sizes(evaluation, at_stated_k(evaluation, evaluation.run(LINEAR)))
    assert effect.name == "skill"
    assert effect.estimate == pytest.approx(skill)
    print_evaluation(evaluation)
    row = next(line.split() for line in capsys.readouterr().out.splitlines() if f"{LINEAR} " in line)
    assert row[-1] == f"{skill:.3f}"


def test_an_effect_size_without_its_baseline_says_so():
    made = Made()
    evaluation = made.evaluation(made.noisy(LINEAR, 1.5))
    only = attrs.evolve(evaluation, runs=[evaluation.run(LINEAR)])
    skill, gap, _ = effect_sizes(only, at_stated_k(only, only.run(LINEAR)))
    assert skill.problem == "the baseline global-mean was not evaluated"
    assert gap.problem == "the baseline single-best-method was not evaluated"
    assert np.isnan(skill.estimate)


# Bad input.


def all_answered(evaluation, **arguments):
    given = answers(evaluation, **arguments)
    assert given
    for answer in given:
        assert answer.verdict in ("yes", "no", "can't tell")
        assert answer.p != 0
        json.dumps(answer.to_json(), allow_nan=False)
    assert limits(evaluation)
    return given


def test_three_cases_decide_nothing():
    made = Made(n=3, folds=3)
    for answer in all_answered(made.evaluation(made.noisy(LINEAR, 0.5), made.noisy(CLUSTERED, 0.5))):
        assert answer.verdict == "can't tell"
        assert "there are only 3 photos; decisions take at least 10" in answer.sentence


def test_where_all_votes_are_equal_nothing_can_be_told():
    made = Made()
    made.votes[:] = 2.0
    made.mean[:] = 2.0
    given = all_answered(made.evaluation(made.noisy(LINEAR, 0.0), made.noisy(CLUSTERED, 0.0)))
    assert {answer.verdict for answer in given} == {"can't tell"}


def test_a_case_and_a_method_without_votes_crash_nothing():
    made = Made()
    made.votes[4] = np.nan
    made.votes[10:40, 1] = np.nan
    made.mean = np.nan_to_num(made.mean, nan=2.0)
    run = made.noisy(LINEAR, 0.3)
    answer = the("better-than-mean", all_answered(made.evaluation(run)))
    assert answer.verdict == "yes"


def test_one_method_alone_leaves_nothing_to_choose():
    made = Made()
    evaluation = made.evaluation(made.noisy(LINEAR, 0.5))
    cases = Cases(
        ids=evaluation.cases.ids, features=np.zeros((60, 1)), votes=made.votes[:, :1], methods=["lime"]
    )
    runs = [attrs.evolve(run, predicted=run.predicted[..., :1]) for run in evaluation.runs.values()]
    one = attrs.evolve(evaluation, cases=cases, runs=runs)
    answer = the("best-better-than-single-method", all_answered(one))
    assert "cannot be tested: all 15 fold differences are 0" in answer.sentence
    assert "Which method to show: there is one method, and nothing to choose." in limits(one)


def test_nothing_evaluated_asks_nothing():
    made = Made()
    assert answers(made.evaluation()) == ()


# What these numbers can't show.


def said(evaluation, **arguments):
    return " ".join(limits(evaluation, **arguments))


def test_limits_that_always_hold_are_always_said():
    made = Made(n=120)
    text = said(made.evaluation(made.noisy(LINEAR, 0.5), is_automatic=False, provenance="votes: people"))
    assert "one case base, made-up, of 120 cases (120 groups of the same photo)" in text
    assert "The 15 folds (3 × 5) share their cases and are not independent" in text
    for absent in (
        "predicted to score",
        "LEAK",
        "SUBSTITUTED",
        "margin",
        "Small differences",
        "not complete",
    ):
        assert absent not in text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({}, "The votes are automatic (2 judge families, not people)"),
        ({}, "predicted to score best by 2 judge families, and nothing here says what people would prefer"),
        ({}, "With 60 photos most of what is there cannot be seen"),
        ({}, "The best of many looks better than it is"),
        ({"leaks": ["organizer"]}, f"LEAK: how well {CLUSTERED} would predict new photos"),
        ({"leaks": ["metric"]}, "There the metric learnt from all votes, those of the held-out photos among"),
        ({"substituted": "B0 for V3"}, "SUBSTITUTED: how the features promised would do. B0 for V3"),
        ({"problems": ["none"]}, "Anything about a run that is not complete"),
    ],
)
def test_a_limit_is_said_where_it_applies(change, sentence):
    made = Made()
    of_run = {name: change[name] for name in ("substituted", "problems", "leaks") if name in change}
    of_all = {name: value for name, value in change.items() if name not in of_run}
    text = said(made.evaluation(made.noisy(LINEAR, 0.5), made.noisy(CLUSTERED, 0.5, **of_run), **of_all))
    assert sentence in text


def test_it_is_said_from_which_k_on_retrieval_has_no_say():
    made = Made()
    run = made.noisy(CLUSTERED, 0.5)
    predicted = run.predicted.copy()
    predicted[:, :, 1:] = made.mean  # at k = 3 and 5 every query of a fold gets the same
    evaluation = made.evaluation(made.noisy(LINEAR, 0.5), attrs.evolve(run, predicted=predicted))
    assert f"all queries of a fold get the same prediction: {CLUSTERED} from k = 3." in said(evaluation)
    assert "Retrieval" not in said(made.evaluation(made.noisy(LINEAR, 0.5), run))


def test_a_photo_held_out_alone_is_told_from_the_number_of_prototypes_on_and_not_from_the_least_k():
    made = Made(n=12, repeats=1, folds=12)
    run = made.noisy(CLUSTERED, 0.5, entries=np.full((1, 12), 3))
    evaluation = made.evaluation(run, protocol=Protocol(scheme="leave-one-group-out"))
    assert f"all queries of a fold get the same prediction: {CLUSTERED} from k = 3." in said(evaluation)
    by_distance = run.configuration.evolve(reuse={"use": "mean", "weight": "similarity"})
    weighted = made.evaluation(attrs.evolve(run, configuration=by_distance))
    assert "Retrieval" not in said(weighted)


def test_the_margin_is_a_limit_where_anything_is_clustered():
    made = Made()
    evaluation = made.evaluation(made.noisy(LINEAR, 0.5), made.noisy(CLUSTERED, 0.5))
    assert "was taken from the same votes" in said(evaluation)
    assert "It is 0.2 votes (stated by whoever asked); how much" in said(evaluation, margin=0.2)


def test_votes_that_nobody_cast_are_counted():
    made = Made()
    made.votes[:5, 2] = np.nan
    assert "5 of 180 pairs of case and method were never asked about" in said(made.evaluation())


def test_confidence_of_one_repeat_is_a_limit():
    made = Made()
    stated = StatedConfidence(
        k=3, p_best=np.ones((60, 3)), in_set=np.ones((60, 3)), out_of_experience=np.ones(60)
    )
    assert "in the first repeat alone" in said(made.evaluation(made.noisy(LINEAR, 0.5, confidence=stated)))


# Several bases.


def several_bases(number, better):
    found = []
    for seed in range(number):
        made = Made(seed=seed)
        spreads = (0.5, 1.0, 1.5) if better else np.random.default_rng(seed).permutation([0.5, 1.0, 1.5])
        runs = [made.noisy(f"c{i}/linear@custom", spread) for i, spread in enumerate(spreads)]
        found.append(made.evaluation(*runs, name=f"base-{seed}"))
    return found


def test_what_ranks_first_on_every_base_ranks_better():
    answer = across_bases(several_bases(6, better=True))
    # Six full agreements of three: 12 * 6 / 12 * 2 = 12
    assert answer.details["statistic"] == pytest.approx(12.0)
    assert answer.p == pytest.approx(np.exp(-6))
    assert answer.verdict == "yes"
    assert answer.details["mean_ranks"]["c0/linear@custom"] == 1.0


def test_one_base_is_no_several():
    answer = across_bases(several_bases(1, better=True))
    assert answer.verdict == "can't tell"
    assert "1 case base; it takes at least 3" in answer.sentence


def test_a_base_that_is_there_twice_is_refused():
    base = several_bases(1, better=True)[0]
    with pytest.raises(ParameterError):
        across_bases([base, base, base])
