"""The permutation null is taken from the folder where it is that of the same evaluation."""

from __future__ import annotations

import attrs
import numpy as np
import pytest

from cbrkit_xai import Ballot, Case, CaseBase, Configuration, use
from cbrkit_xai.evaluation import evaluate
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.permutation import kept_permutation
from cbrkit_xai.evaluation.permutation.kept_permutation import kept_permutation as keep
from cbrkit_xai.evaluation.permutation.permuting import permute

HISTOGRAM = "histogram/rgb/bins=256/norm=none/srgb-lanczos-224/1"
NEAR = Configuration(name="near", representation="histogram", metric="euclidean")
NEVER = attrs.evolve(NEAR, name="never", organizer=use("dbscan-prototypes", min_samples=2, eps=1e-6))


@pytest.fixture(scope="module")
def base():
    rng = np.random.default_rng(0)
    cases, histograms = [], {}
    for row in range(15):
        votes = {method: float(rng.integers(0, 5)) for method in ("lime", "xrai")}
        cases.append(
            Case(id=f"c{row}", image_sha256=f"s{row}", ballots=[Ballot(votes=votes, source="human")])
        )
        histograms[f"s{row}"] = rng.integers(0, 500, size=768).astype(np.float32)
    return CaseBase(name="made up", cases=cases, features={HISTOGRAM: histograms})


def evaluated(base, *configurations, **changes):
    plan = Protocol(folds=3, repeats=1, **changes)
    return evaluate(
        base, configurations, ks=(1, 2), protocol=plan, baselines=(), confidence=False, nested=False
    )


def same(one, other):
    return (
        one.columns == other.columns
        and one.observed.tobytes() == other.observed.tobytes()
        and one.draws.tobytes() == other.draws.tobytes()
        and (one.fixed_cases, one.kept) == (other.fixed_cases, other.kept)
    )


def test_it_is_that_of_the_permutations_with_the_evaluations_seed(base):
    evaluation = evaluated(base, NEAR, seed=4)
    assert same(keep(evaluation, base, draws=3), permute(evaluation, base, draws=3, seed=4))


def test_it_is_read_back_whole_and_not_drawn_again(base, tmp_path, monkeypatch):
    evaluation = evaluated(base, NEAR)
    first = keep(evaluation, base, folder=tmp_path, draws=3)
    monkeypatch.setattr(kept_permutation, "permute", lambda *_, **__: pytest.fail("drawn again"))
    assert same(keep(evaluation, base, folder=tmp_path, draws=3), first)


def test_that_of_another_evaluation_is_not_taken_for_it(base, tmp_path):
    first = keep(evaluated(base, NEAR), base, folder=tmp_path, draws=3)
    for other in (
        keep(evaluated(base, NEAR), base, folder=tmp_path, draws=4),
        keep(evaluated(base, NEAR, seed=1), base, folder=tmp_path, draws=3),
        keep(evaluated(base, NEAR.evolve(metric="cosine")), base, folder=tmp_path, draws=3),
    ):
        assert not same(other, first)


def test_there_is_none_without_draws_or_without_a_configuration_that_predicts_every_case(base):
    assert keep(evaluated(base, NEAR), base, draws=0) is None
    assert keep(evaluated(base, NEVER), base, draws=3) is None
    assert keep(evaluated(base, NEAR, NEVER), base, draws=3).labels == ("near/linear@custom",)
