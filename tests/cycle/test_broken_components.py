"""A stranger's component that breaks its contract is named before anything is answered by it."""

from __future__ import annotations

import attrs
import numpy as np
import pytest
from made_up import FirstPixels, World, configuration, plugin, registry_with

from cbrkit_xai import MetricPlugin, OrganizerPlugin, use
from cbrkit_xai.errors import PluginError

WORLD = World(seed=8, signal=0.5)
ORGANIZERS = ["linear", use("dbscan-prototypes", min_samples=2, eps=1e4)]


@pytest.fixture(scope="module")
def base():
    return WORLD.base(12)


def distances(queries, references):
    return np.abs(queries[:, None].astype(float) - references[None]).sum(axis=2)


def fitted(base, pairwise, organizer="linear"):
    class Strange:
        pass

    if pairwise is not None:
        Strange.pairwise = lambda self, queries, references: pairwise(queries, references)
    record = MetricPlugin(name="strange", summary="x", source="made up", factory=Strange)
    registry = registry_with(plugin(cbrkit_xai_metrics=[record]))
    return configuration(metric="strange", organizer=organizer).fit(base, registry=registry)


def test_a_metric_without_pairwise_is_refused_when_composed(base):
    with pytest.raises(
        PluginError, match=r"metric 'strange': the Strange that made-up:part-1 makes has no pairwise"
    ):
        fitted(base, None)


@pytest.mark.parametrize("organizer", ORGANIZERS, ids=["linear", "prototypes"])
@pytest.mark.parametrize(
    ("pairwise", "told"),
    [
        (lambda q, r: distances(q, r)[:, :-1], "gives float64 of shape"),
        (lambda q, r: distances(q, r)[0], "gives float64 of shape"),
        (lambda q, r: distances(q, r).tolist()[0], "gives float64 of shape"),
        (lambda q, r: None, "gives object of shape"),
        (lambda q, r: distances(q, r) * np.nan, "is nan; allowed: finite numbers >= 0"),
        (lambda q, r: distances(q, r) + np.inf, "is inf; allowed"),
        (lambda q, r: -1 - distances(q, r), r"is -[\d.]+; allowed"),
    ],
    ids=["a column short", "one row", "a list", "nothing", "NaN", "infinite", "negative"],
)
def test_a_metric_that_gives_no_distances_is_named_at_fit(base, pairwise, told, organizer):
    with pytest.raises(PluginError, match=f"metric Strange: .*{told}"):
        fitted(base, pairwise, organizer)


@pytest.mark.parametrize("organizer", ORGANIZERS, ids=["linear", "prototypes"])
def test_a_metric_that_fails_for_one_photo_alone_does_not_answer_for_it(base, organizer):
    # Farther from all the others than any two of the base are from each other.
    def pairwise(queries, references):
        found = distances(queries, references)
        return np.where((queries == 255).all(axis=1)[:, None], np.nan, found)

    recommender = fitted(base, pairwise, organizer)
    (photo,) = WORLD.sample(1, 1)[0]
    assert recommender.recommend(photo)
    pixels = np.full_like(photo.pixels, 255)
    with pytest.raises(PluginError, match="metric Strange: a distance is nan"):
        recommender.recommend(attrs.evolve(photo, pixels=pixels))


def test_a_metric_that_has_learnt_must_still_be_one(base):
    @attrs.frozen
    class Strange:
        def pairwise(self, queries, references):
            return distances(queries, references)

        def fitted(self, cases, neighbours=None):
            """Forget to return it."""

    record = MetricPlugin(name="strange", summary="x", source="made up", factory=Strange)
    registry = registry_with(plugin(cbrkit_xai_metrics=[record]))
    with pytest.raises(PluginError, match=r"metric Strange\.fitted: gives None, which has no pairwise"):
        configuration(metric="strange").fit(base, registry=registry)


def test_an_organizer_must_give_an_index(base):
    class Strange:
        def organize(self, cases, metric, aggregator, progress=None):
            return [cases]

    record = OrganizerPlugin(name="strange", summary="x", source="made up", factory=Strange)
    registry = registry_with(plugin(cbrkit_xai_organizers=[record]))
    with pytest.raises(PluginError, match=r"organizer Strange: gives \[.*which has no entries, nearest"):
        configuration(organizer="strange").fit(base, registry=registry)


def test_a_representation_that_learns_is_used_as_it_was_composed(base, registry):
    # Features are stored by fingerprint, once for all folds: what it learnt from one would leak into others.
    def refuse(self, cases, neighbours=None):
        raise AssertionError("a representation does not learn")

    FirstPixels.fitted = refuse
    try:
        recommender = configuration().fit(base, registry=registry)
    finally:
        del FirstPixels.fitted
    assert recommender.fitted.representation is recommender.components.representation
