"""A linear organisation learns from one matrix of distances; through the index it must learn the same."""

import attrs
import numpy as np
import pytest
from made_up import World, base_of, configuration, plugin, registry_with

import cbrkit_xai as cx
from cbrkit_xai import MetricPlugin, OrganizerPlugin, learning, use
from cbrkit_xai.neighbours import Entries


@pytest.mark.parametrize("k", [1, 5, 70])
@pytest.mark.parametrize("reuse", [use("mean"), use("mean", weight="similarity", shrinkage="fitted")])
def test_both_ways_learn_exactly_the_same(registry, monkeypatch, reuse, k):
    images, votes = World(seed=4, signal=0.7).sample(60, 0)
    votes[::7, 1] = np.nan
    base = base_of(images, votes)
    chosen = configuration(reuse=reuse, k=k, retention="novel")
    by_matrix = chosen.fit(base, registry=registry)
    monkeypatch.setattr(learning, "MOST_CASES_IN_MEMORY", 0)
    by_index = chosen.fit(base, registry=registry)
    assert by_matrix.learnt == by_index.learnt
    fresh = World(seed=4, signal=0.7).sample(40, 1)[0]
    assert by_matrix.recommend_many(fresh) == by_index.recommend_many(fresh)


@pytest.mark.parametrize("name", ["hist-euc", "hist-cos", "lf-cos"])
def test_both_ways_learn_the_same_from_real_photos(study, monkeypatch, name):
    chosen = cx.configuration(name)
    by_matrix = chosen.fit(study.base)
    monkeypatch.setattr(learning, "MOST_CASES_IN_MEMORY", 0)
    assert chosen.fit(study.base).learnt == by_matrix.learnt


@attrs.frozen(kw_only=True, eq=False)
class Counting:
    """City-block distance that counts the pairs it was asked for."""

    pairs: list = attrs.field(factory=list)

    def pairwise(self, queries, references):
        self.pairs.append(len(queries) * len(references))
        return np.abs(queries[:, None].astype(float) - references[None]).sum(axis=2)


def test_a_slow_metric_is_asked_for_each_pair_once():
    record = MetricPlugin(
        name="counting", summary="Counts", source="made up", factory=Counting, triangle=True
    )
    registry = registry_with(plugin(cbrkit_xai_metrics=[record]))
    recommender = configuration(metric="counting").fit(World(seed=4, signal=0).base(40), registry=registry)
    assert recommender.components.metric.pairs == [40 * 40]


@attrs.frozen(kw_only=True, eq=False)
class EverySecond:
    """An index that holds every case, and finds every second of them: it approximates."""

    entries: object
    metric: object

    def nearest(self, queries, k, exclude=None):
        distances = self.metric.pairwise(queries, self.entries.features)
        allowed = np.broadcast_to(np.arange(len(self.entries)) % 2 == 0, distances.shape).copy()
        for query, held_out in enumerate(exclude or []):
            allowed[query, [self.entries.ids.index(one) for one in held_out]] = False
        return self.entries.nearest(distances, k, allowed)


@attrs.frozen(kw_only=True)
class Approximate:
    def organize(self, cases, metric, aggregator, progress=None):
        return EverySecond(entries=Entries.of_cases(cases), metric=metric)


def test_an_index_that_approximates_is_learnt_from_as_it_answers():
    record = OrganizerPlugin(
        name="approximate", summary="Half", source="made up", factory=Approximate, exact=False
    )
    registry = registry_with(plugin(cbrkit_xai_organizers=[record]))
    base = World(seed=4, signal=0).base(40)
    recommender = configuration(organizer="approximate", k=1).fit(base, registry=registry)
    values = recommender.cases.features.astype(float)
    distances = np.sqrt(((values[:, None] - values[None]) ** 2).sum(axis=2))
    np.fill_diagonal(distances, np.inf)
    np.testing.assert_allclose(recommender.learnt.experience, np.sort(distances[:, ::2].min(axis=1)))
