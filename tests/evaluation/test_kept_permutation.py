"""The permutation null is taken from the folder where it is that of the same evaluation."""

from __future__ import annotations

import threading

import attrs
import numpy as np
import pytest

from cbrkit_xai import Ballot, Case, CaseBase, Configuration, use
from cbrkit_xai.evaluation import evaluate
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.permutation import blocks_of_draws, permuting
from cbrkit_xai.evaluation.permutation.drawing import Drawing
from cbrkit_xai.evaluation.permutation.kept_permutation import kept_permutation as keep
from cbrkit_xai.evaluation.permutation.permutation_null import folds_that_count, permutation_null, rerun_of
from cbrkit_xai.evaluation.permutation.permuting import permute
from cbrkit_xai.evaluation.permutation.predicting_again import predict_again
from cbrkit_xai.evaluation.predicting.fold_predictions import FoldPredictor, distances_once
from cbrkit_xai.evaluation.running import kept_distances, makers

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
    monkeypatch.setattr(permuting, "predict_again", lambda *_: pytest.fail("drawn again"))
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


class KilledError(BaseException):
    """As a kill, of which nobody hears."""


def test_the_same_bytes_come_from_blocks_of_any_size_on_any_number_of_cores(base, monkeypatch):
    evaluation = evaluated(base, NEAR, seed=4)
    found = []
    for length, workers in ((50, 1), (3, 1), (3, 4), (1, 2)):
        monkeypatch.setattr(blocks_of_draws, "_BLOCK", length)
        found.append(permute(evaluation, base, draws=7, seed=4, workers=workers))
    parts = NEAR.components()
    cases, ks = base.columns(parts.representation), evaluation.run(NEAR.label).ks
    distances = distances_once(parts, cases)
    near = FoldPredictor(components=parts, cases=cases, distances=distances, ks=ks)
    rerun = rerun_of({NEAR.label: predict_again(near, folds_that_count(evaluation))})
    found.append(permutation_null(evaluation, rerun, draws=7, seed=4))  # in one pass
    assert all(same(one, found[0]) for one in found[1:])


def test_blocks_are_computed_by_several_threads_at_once(base, monkeypatch):
    monkeypatch.setattr(blocks_of_draws, "_BLOCK", 1)
    together = threading.Barrier(2, timeout=20)  # one thread alone never passes it
    block = Drawing.block

    def waiting(*given):
        together.wait()
        return block(*given)

    monkeypatch.setattr(Drawing, "block", waiting)
    assert len(permute(evaluated(base, NEAR), base, draws=4, workers=2).draws) == 4


def test_what_was_finished_before_a_kill_is_not_drawn_again(base, tmp_path, monkeypatch):
    monkeypatch.setattr(blocks_of_draws, "_BLOCK", 2)
    evaluation, errors, drawn = evaluated(base, NEAR), Drawing.errors, []

    def killed_at_the_sixth(self, number, rerun):
        if number == 5:
            raise KilledError
        return errors(self, number, rerun)

    with monkeypatch.context() as patch:
        patch.setattr(Drawing, "errors", killed_at_the_sixth)
        with pytest.raises(KilledError):
            keep(evaluation, base, folder=tmp_path, draws=9, workers=1)

    def counted(self, number, rerun):
        drawn.append(number)
        return errors(self, number, rerun)

    with monkeypatch.context() as patch:
        patch.setattr(Drawing, "errors", counted)
        found = keep(evaluation, base, folder=tmp_path, draws=9, workers=1)
    assert set(drawn).isdisjoint(range(4))
    assert set(drawn) >= {4, 5, 6, 7, 8}
    assert same(found, permute(evaluation, base, draws=9))


def test_more_draws_go_on_from_those_that_are_there(base, tmp_path, monkeypatch):
    monkeypatch.setattr(blocks_of_draws, "_BLOCK", 2)
    evaluation, errors, drawn = evaluated(base, NEAR), Drawing.errors, []
    keep(evaluation, base, folder=tmp_path, draws=4)

    def counted(self, number, rerun):
        drawn.append(number)
        return errors(self, number, rerun)

    monkeypatch.setattr(Drawing, "errors", counted)
    assert len(keep(evaluation, base, folder=tmp_path, draws=6).draws) == 6
    assert drawn == [4, 5]


def test_progress_is_told_block_by_block(base, tmp_path, monkeypatch):
    monkeypatch.setattr(blocks_of_draws, "_BLOCK", 2)
    told = []
    keep(evaluated(base, NEAR), base, draws=6, progress=lambda *steps: told.append(steps))
    assert told == [(done, 4) for done in range(5)]  # three blocks, and the observed errors


def test_another_version_of_what_a_component_needs_draws_anew(base, tmp_path, monkeypatch):
    evaluation = evaluated(base, NEAR)
    keep(evaluation, base, folder=tmp_path, draws=3)
    before = set(tmp_path.rglob("*.npz"))
    makers_of = makers.makers_of

    def needing(*given):
        return tuple(attrs.evolve(one, needs=("a-package",)) for one in makers_of(*given))

    monkeypatch.setattr(makers, "makers_of", needing)
    monkeypatch.setattr(makers, "version_of", lambda package: "2.0")
    keep(evaluation, base, folder=tmp_path, draws=3)
    after = set(tmp_path.rglob("*.npz"))
    assert len(after) == 2 * len(before) > 0


def test_where_votes_have_to_be_organised_anew_there_are_fewer_draws_by_default(base, monkeypatch):
    monkeypatch.setattr(permuting, "DRAWS", 6)
    monkeypatch.setattr(permuting, "DRAWS_ANEW", 2)
    condensed = NEAR.evolve(name="condensed", organizer=use("condensed"))
    once, anew = evaluated(base, NEAR), evaluated(base, NEAR, condensed)
    assert len(permute(once, base).draws) == 6
    found = permute(anew, base)
    assert len(found.draws) == 2
    assert found.least_p == 1 / 3
    assert found.organized_anew == (condensed.label,)
    assert len(permute(anew, base, draws=4).draws) == 4


def test_distances_that_the_evaluation_kept_are_not_measured_again(base, tmp_path, monkeypatch):
    monkeypatch.setattr(kept_distances, "LONG", 0.0)
    plan = Protocol(folds=3, repeats=1)
    evaluation = evaluate(
        base, [NEAR], ks=(1,), protocol=plan, baselines=(), confidence=False, nested=False, folder=tmp_path
    )
    monkeypatch.setattr(kept_distances, "distances_once", lambda *_, **__: pytest.fail("measured again"))
    assert len(keep(evaluation, base, folder=tmp_path, draws=2).draws) == 2
