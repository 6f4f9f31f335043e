"""Distances that take long are measured once for all who share a folder."""

import attrs
import numpy as np
import pytest

import cbrkit_xai as cx
from cbrkit_xai.errors import PluginError
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.predicting.fold_predictions import distances_once
from cbrkit_xai.evaluation.predicting.measured_once import all_distances
from cbrkit_xai.evaluation.running import kept_distances as module
from cbrkit_xai.evaluation.running.cells import Cells
from cbrkit_xai.evaluation.running.kept_distances import kept_distances
from cbrkit_xai.evaluation.running.plan import Plan
from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.registry import Registry


@pytest.fixture(scope="module")
def base():
    return cx.CaseBase.bundled("coco200-auto")


@pytest.fixture
def plan(base, tmp_path):
    n = len(base)
    return Plan(
        base=base,
        registry=cx.default_registry(),
        protocol=Protocol(),
        groups=Groups(labels=np.arange(n)),
        folds=Folds(fold_of=[np.arange(n) % 5]),
        ks=(1,),
        cells=Cells(folder=tmp_path),
    )


def measured(plan, name="hist-cos"):
    chosen = cx.configuration(name, profile="paper2022")
    components = chosen.components(plan.registry)
    return kept_distances(chosen, components, plan.cases(components.representation), plan)


def test_what_is_kept_is_what_was_measured(plan, monkeypatch):
    monkeypatch.setattr(module, "LONG", 0.0)
    first = measured(plan)
    monkeypatch.setattr(module, "distances_once", lambda *_, **__: pytest.fail("measured again"))
    np.testing.assert_array_equal(measured(plan), first)
    chosen = cx.configuration("hist-cos", profile="paper2022").components()
    np.testing.assert_array_equal(first, distances_once(chosen, plan.cases(chosen.representation)))


def test_another_metric_has_distances_of_its_own(plan, monkeypatch):
    monkeypatch.setattr(module, "LONG", 0.0)
    assert not np.array_equal(measured(plan, "hist-cos"), measured(plan, "hist-euc"))


def test_what_is_measured_at_once_is_not_kept(plan, monkeypatch):
    monkeypatch.setattr(module, "LONG", 1e9)
    measured(plan)
    assert list(plan.cells.folder.iterdir()) == []


def test_a_metric_registered_by_hand_is_never_kept(plan, monkeypatch):
    monkeypatch.setattr(module, "LONG", 0.0)

    class Zero:
        def pairwise(self, queries, references):
            return np.zeros((len(queries), len(references)))

    class ByHand:
        @staticmethod
        @cx.hookimpl
        def cbrkit_xai_metrics():
            yield cx.MetricPlugin(name="zero", summary="0", source="none", factory=Zero, triangle=True)

    registry = Registry(discover=True)
    registry.register(ByHand)
    chosen = cx.configuration("hist-cos", profile="paper2022", registry=registry).evolve(metric="zero")
    components = chosen.components(registry)
    own = attrs.evolve(plan, registry=registry)
    assert (kept_distances(chosen, components, own.cases(components.representation), own) == 0).all()
    assert list(plan.cells.folder.iterdir()) == []


class OneSided:
    """A metric that is farther one way than the other, so that both halves are measured."""

    def pairwise(self, queries, references):
        apart = queries[:, :1] - references[:, 0]
        return np.where(apart > 0, 2 * apart, -apart)


@pytest.mark.parametrize("metric", [OneSided(), Euclidean()])
def test_no_distance_depends_on_the_number_of_threads(metric):
    features = np.random.default_rng(0).normal(size=(75, 3))
    told = []
    threaded = all_distances(metric, features, lambda *one: told.append(one), workers=3)
    np.testing.assert_array_equal(threaded, all_distances(metric, features))
    assert told[-1] == (75, 75)
    assert [done for done, _ in told] == sorted({done for done, _ in told})


def test_an_error_in_a_thread_ends_the_whole():
    class Broken:
        def pairwise(self, queries, references):
            return np.full((len(queries), len(references)), np.nan)

    with pytest.raises(PluginError):
        all_distances(Broken(), np.zeros((75, 3)), workers=3)
