"""A run that was not organised in a few folds is compared on the others, by questions and claims alike."""

import attrs
import numpy as np
import pytest

from cbrkit_xai import Configuration
from cbrkit_xai.cases import Cases
from cbrkit_xai.evaluation.decisions.corrected_t import corrected_t
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.questions.across_bases import across_bases
from cbrkit_xai.evaluation.questions.answering import answers
from cbrkit_xai.evaluation.questions.left_out_folds import incompleteness, left_out
from cbrkit_xai.evaluation.reproduction.claims.tested import contrast
from cbrkit_xai.evaluation.results import Evaluation, Run

N, REPEATS, FOLDS = 40, 4, 5
RNG = np.random.default_rng(5)
VOTES = RNG.integers(0, 6, size=(N, 3)).astype(float)
FOLD_OF = np.array([RNG.permutation(np.arange(N) % FOLDS) for _ in range(REPEATS)])
LINEAR, CLUSTERED = "lf-cos/linear@paper2022", "lf-cos/dbscan-prototypes@paper2022"


def run(label, spread, failed=0, without=0):
    """Return predictions that miss by `spread` votes; in the first `failed` folds there are none."""
    name, _, rest = label.partition("/")
    organizer, _, profile = rest.partition("@")
    entries = np.full((REPEATS, FOLDS), 3)
    entries.ravel()[:failed] = 0
    predicted = VOTES[None, :, None] + spread * RNG.normal(size=(REPEATS, N, 1, 3))
    predicted[np.take_along_axis(entries, FOLD_OF, axis=1) == 0] = np.nan
    held_out = np.argwhere(~np.isnan(predicted).any(axis=(2, 3)))
    for repeat, case in held_out[:without]:
        predicted[repeat, case] = np.nan
    configuration = Configuration(
        name=name, profile=profile, representation="latent", metric="cosine", organizer=organizer, k=5
    )
    return Run(
        label=label,
        role="configuration",
        ks=(5,),
        predicted=predicted,
        weight_squares=np.ones((REPEATS, N, 1)),
        entries=entries,
        problems=[f"not organised in {failed} of 20 folds"] if failed else [],
        configuration=configuration,
        clustered=organizer != "linear",
    )


def baseline(label, predicted):
    return Run(
        label=label,
        role="baseline",
        ks=(0,),
        predicted=np.broadcast_to(predicted, (REPEATS, N, 1, 3)),
        weight_squares=np.ones((REPEATS, N, 1)),
        entries=np.zeros((REPEATS, FOLDS)),
    )


def evaluation(*runs, name="made-up"):
    uniform = np.broadcast_to(VOTES.mean(axis=1)[:, None, None], (N, 1, 3)) + 2.0
    return Evaluation(
        name=name,
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
        runs=[*runs, baseline("uniform", uniform), baseline("global-mean", VOTES.mean(axis=0))],
        versions={},
        hashes={},
    )


def answer_of(made):
    return next(one for one in answers(made, k=None) if one.kind == "clustered-no-worse-than-linear")


def test_up_to_a_tenth_of_the_folds_is_left_out_and_told():
    clustered = run(CLUSTERED, 1.0, failed=2)
    found = left_out(evaluation(clustered), clustered)
    assert (found.problem, found.note) == (
        "",
        f"{CLUSTERED} was not organised in 2 of 20 folds, which are left out.",
    )


def test_with_more_left_out_nothing_is_decided():
    clustered = run(CLUSTERED, 1.0, failed=3)
    found = left_out(evaluation(clustered), clustered)
    assert (found.problem, found.note) == (f"{CLUSTERED} was not organised in 3 of 20 folds", "")


def test_a_prediction_that_lacks_where_the_fold_was_organised_leaves_nothing_to_decide():
    clustered = run(CLUSTERED, 1.0, failed=1, without=2)
    assert (
        "left 2 of 152 held-out cases without a prediction"
        in left_out(evaluation(clustered), clustered).problem
    )


def test_a_run_without_an_index_lacks_nothing():
    made = evaluation()
    assert left_out(made, made.run("uniform")).problem == ""
    assert incompleteness(made, made.run("uniform")) == ""


def test_a_run_that_failed_in_some_fold_is_not_complete():
    clustered = run(CLUSTERED, 1.0, failed=1)
    assert (
        incompleteness(evaluation(clustered), clustered) == f"{CLUSTERED} was not organised in 1 of 20 folds"
    )


@pytest.mark.parametrize("failed", [0, 1, 2, 3, 20])
def test_questions_and_claims_decide_on_the_same_folds(failed):
    linear, clustered = run(LINEAR, 0.5), run(CLUSTERED, 0.9, failed=failed)
    made = evaluation(linear, clustered)
    asked = answer_of(made)
    claimed = contrast(made, [(1, clustered, 5)], [(1, linear, 5)])
    assert (asked.p != asked.p) == bool(claimed.problem) == (failed > 2)
    if failed <= 2:
        boundary = asked.details["boundary"]
        expected = corrected_t(claimed.folds, claimed.test_over_training, boundary=boundary)
        assert len(claimed.folds) == 20 - failed
        assert (asked.p, asked.estimate) == pytest.approx((expected.p, expected.estimate))
        assert (
            ("which are left out" in asked.sentence) == ("which are left out" in claimed.note) == (failed > 0)
        )


def test_effects_are_compared_where_both_predict():
    whole, some = run(LINEAR, 0.5), run(CLUSTERED, 0.5, failed=2)
    made = evaluation(whole, some)
    asked = next(
        one for one in answers(made) if one.kind == "better-than-mean" and one.labels[0] == CLUSTERED
    )
    skill = next(one for one in asked.details["effects"] if one["name"] == "skill")
    there = ~np.isnan(some.at(5)).any(axis=2)

    def mean(run_):
        errors = ((run_.predicted[:, :, 0] - VOTES) ** 2).mean(axis=2)
        return np.mean([errors[there[:, case], case].mean() for case in range(N) if there[:, case].any()])

    assert skill["estimate"] == pytest.approx(1 - mean(some) / mean(made.run("global-mean")))


def test_ranks_across_bases_take_no_run_that_left_folds_out():
    bases = [
        evaluation(run(LINEAR, 0.5), run(CLUSTERED, 1.0, failed=number == 1), name=f"base {number}")
        for number in range(4)
    ]
    bases = [attrs.evolve(one, hashes={"base": one.name}) for one in bases]
    assert "was not organised in 1 of 20 folds" in across_bases(bases).sentence
