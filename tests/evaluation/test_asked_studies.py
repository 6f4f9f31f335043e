"""Whole evaluations without signal: what is true of them, and how seldom an answer is false."""

import attrs
import numpy as np
import pytest
from scipy import stats

from cbrkit_xai.evaluation.questions.answer import Answer
from cbrkit_xai.evaluation.simulation import World, asked_studies
from cbrkit_xai.evaluation.simulation.asked_studies import (
    FALSE,
    GROUPS,
    MANY,
    answered_study,
    is_wrong,
    would_be_wrong,
)
from cbrkit_xai.evaluation.simulation.boundaries import WORLD, answer_errors
from cbrkit_xai.evaluation.simulation.decision_errors import MOST
from cbrkit_xai.evaluation.simulation.null_studies import null_study

SMALL = World(n=50, dimensions=8, clusters=1)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(asked_studies, "PERMUTATIONS", 19)


def evaluation_of(world, seed, repeats=2):
    study = null_study(world, seed, descriptions=7, repeats=repeats, stratified=False)
    return asked_studies._evaluation(study, asked_studies._speakers(study, seed)), study


def test_eighteen_questions_are_asked_seven_of_them_on_the_boundary(quick):
    given = answered_study(WORLD, 0, repeats=2)
    assert len(given) == 18
    assert {one.kind for one in given} == set(FALSE)
    assert sum(FALSE[one.kind] == ("yes", "no") for one in given) == 7
    assert not any(one.sentence.count("was not evaluated") for one in given)
    assert all(np.isfinite(one.p) for one in given)
    assert {one.details["questions"] for one in given} == {18}


def test_every_prediction_is_the_mean_of_training_votes():
    evaluation, study = evaluation_of(SMALL, 3)
    for run in evaluation.runs.values():
        if run.configuration is None:
            continue
        for split in study.folds.splits():
            training = study.cases.votes[split.training]
            predicted = run.predicted[split.repeat, split.held_out]
            assert (predicted >= training.min(axis=0)).all()
            assert (predicted <= training.max(axis=0)).all()
            if run.nearest is not None and 1 in run.ks:
                nearest = run.nearest[split.repeat, split.held_out]
                assert np.isin(nearest, split.training).all()
                np.testing.assert_array_equal(predicted[:, 0], study.cases.votes[nearest])


def test_clusters_and_random_groups_are_of_one_size_and_each_fold_has_ten():
    evaluation, study = evaluation_of(SMALL, 4)
    clustered = [run for run in evaluation.runs.values() if run.clustered]
    assert len(clustered) == 2
    for run in clustered:
        np.testing.assert_allclose(run.weight_squares, GROUPS / 40)
        for split in study.folds.splits():
            different = np.unique(run.predicted[split.repeat, split.held_out, 0], axis=0)
            assert len(different) <= GROUPS


def test_without_signal_each_errs_by_what_is_said_to_be_true():
    world = World(n=100, dimensions=8, clusters=1)
    off = {}
    for seed in range(60):
        evaluation, study = evaluation_of(world, seed, repeats=1)
        for run in evaluation.configurations:
            for place, k in enumerate(run.ks):
                votes = 80 / GROUPS if run.clustered else k
                error = np.square(run.predicted[0, :, place] - study.cases.votes).mean()
                off.setdefault((run.label, k), []).append(error - study.variance * (1 + 1 / votes))
    assert len(off) == 14
    for name, values in off.items():
        assert abs(stats.ttest_1samp(values, 0).statistic) < 4, name


def test_the_margin_is_the_true_loss_of_clusters(quick):
    study = null_study(WORLD, 1, descriptions=7, repeats=1, stratified=False)
    (answer,) = [
        one for one in answered_study(WORLD, 1, repeats=1) if one.kind == "clustered-no-worse-than-linear"
    ]
    errors = np.sqrt([study.variance * (1 + 1 / votes) for votes in (160 / GROUPS, MANY)])
    assert answer.details["margin_votes"] == pytest.approx(errors[0] - errors[1])


def answered(kind, verdict, p, estimate):
    return Answer(
        kind=kind,
        labels=(),
        question="?",
        verdict=verdict,
        sentence="",
        p=p,
        estimate=estimate,
        details={"alpha": 0.05, "boundary": 0.0},
    )


@pytest.mark.parametrize(
    ("kind", "verdict", "p", "estimate", "wrong", "alone"),
    [
        ("latent-beats-histogram", "no", 0.001, 1.0, True, True),
        ("latent-beats-histogram", "can't tell", 0.04, -1.0, False, True),
        ("latent-beats-histogram", "can't tell", 0.06, -1.0, False, False),
        ("better-than-mean", "no", 0.001, 1.0, False, False),
        ("better-than-mean", "yes", 0.001, -1.0, True, True),
        ("better-than-chance", "yes", 0.002, np.nan, True, True),
        ("better-than-chance", "can't tell", np.nan, np.nan, False, False),
    ],
)
def test_what_is_false_is_a_yes_or_a_no_that_is_not_so(kind, verdict, p, estimate, wrong, alone):
    answer = answered(kind, verdict, p, estimate)
    assert (is_wrong(answer), would_be_wrong(answer)) == (wrong, alone)


def test_the_same_seed_is_the_same_study(quick):
    first, again = (answered_study(SMALL, 7, repeats=2) for _ in range(2))
    assert [one.to_json() for one in first] == [one.to_json() for one in again]
    other = answered_study(attrs.evolve(SMALL, voters=9), 7, repeats=2)
    assert [one.p for one in first] != [one.p for one in other]


@pytest.mark.slow
def test_all_questions_together_are_answered_falsely_no_oftener_than_they_may():
    studies = [answer_errors(seed) for seed in range(12)]
    wrong = sum(one["answers"] for one in studies)
    assert stats.binomtest(wrong, len(studies), MOST, alternative="greater").pvalue > 0.01
    alone = sum(one["each by itself"] for one in studies)
    assert alone > wrong
