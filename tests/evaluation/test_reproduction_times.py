"""Times are taken in turns; their intervals need no law; and a base of copies is no other base."""

import itertools

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import cdist
from sklearn.cluster import DBSCAN

from cbrkit_xai.cases import Cases
from cbrkit_xai.evaluation.holding_out.folds import Split
from cbrkit_xai.evaluation.reproduction.timing import timed_index
from cbrkit_xai.evaluation.reproduction.timing.growing_base import MOST_CASES, grown_bases
from cbrkit_xai.evaluation.reproduction.timing.median_interval import median_interval
from cbrkit_xai.evaluation.reproduction.timing.timed_index import TimedIndex, time_queries
from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.organizers.clustering import Partition
from cbrkit_xai.organizers.linear import LinearIndex
from cbrkit_xai.reuse.mean import Mean


@pytest.mark.parametrize("n", [6, 7, 20, 101])
def test_the_interval_reaches_between_the_order_statistics_that_the_binomial_names(n):
    found = median_interval(np.arange(1.0, n + 1))
    place = int(found.low)  # the value is its own rank
    assert 1 - 2 * stats.binom.cdf(place - 1, n, 0.5) >= 0.95
    assert 1 - 2 * stats.binom.cdf(place, n, 0.5) < 0.95
    assert found.high == n + 1 - place
    assert found.median == (n + 1) / 2


def test_fewer_than_six_measurements_bound_nothing():
    found = median_interval(np.arange(5.0))
    assert (found.low, found.high) == (-np.inf, np.inf)
    assert np.isnan(median_interval(np.array([])).median)


def test_the_interval_holds_the_median_as_often_as_it_says():
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(1000):
        found = median_interval(rng.exponential(size=15))
        inside += found.low <= np.log(2) <= found.high
    assert inside >= 940


def cases_of(n, seed=0):
    rng = np.random.default_rng(seed)
    return Cases(
        ids=[f"c{row:03}" for row in range(n)],
        features=rng.normal(size=(n, 4)).astype(np.float32),
        votes=rng.integers(0, 5, size=(n, 3)).astype(float),
        methods=("a", "b", "c"),
    )


def timed(label, cases, ks=(1, 2)):
    index = LinearIndex(cases=cases, metric=Euclidean())
    return TimedIndex(
        name=label, label=label, index=index, reuse=Mean(), queries=np.asarray(cases.features[:3]), ks=ks
    )


class Slow:
    """An index that tells the order in which it was asked."""

    def __init__(self, name, calls):
        self.name, self.calls, self.entries = name, calls, ()

    def nearest(self, queries, k):
        self.calls.append((self.name, k, float(queries[0, 0])))
        return k

    def reuse(self, neighbours):
        return neighbours


def asked(names, *, ks=(1, 2, 3), seed=0):
    calls = []
    queries = np.arange(4.0)[:, None]
    indexes = []
    for name in names:
        one = Slow(name, calls)
        indexes.append(TimedIndex(name=name, label=name, index=one, reuse=one, queries=queries, ks=ks))
    return time_queries(indexes, seed, seconds=1e-9), calls


def test_a_round_asks_each_index_once_for_each_k_and_all_with_one_query():
    found, calls = asked(["a", "b"])
    warm = 3 * 2  # what is asked first is not counted
    rounds = timed_index.FEWEST
    assert len(calls) == warm + rounds * 6
    for turn in range(rounds):
        part = calls[warm + turn * 6 : warm + turn * 6 + 6]
        assert {(name, k) for name, k, _ in part} == {(name, k) for name in "ab" for k in (1, 2, 3)}
        assert len({query for _, _, query in part}) == 1
    assert [one.total.shape for one in found] == [(rounds, 3)] * 2


def test_a_query_comes_back_only_after_all_others_were_asked():
    found, calls = asked(["a"])
    queries = [query for _, _, query in calls[3:]][::3]  # one a turn, after what is asked first
    assert found[0].queries.tolist() == queries
    assert sorted(queries) == [0, 0, 1, 1, 2, 2, 3]


def test_the_order_within_a_round_is_drawn_anew():
    _, calls = asked(["a", "b"])
    rounds = [tuple(calls[start : start + 6]) for start in range(6, len(calls), 6)]
    assert len({tuple((name, k) for name, k, _ in one) for one in rounds}) > 1


def test_every_time_is_taken(monkeypatch):
    monkeypatch.setattr(timed_index, "MOST", 9)
    found = time_queries([timed("a", cases_of(20)), timed("b", cases_of(40))], seed=1, seconds=1e-9)
    for one in found:
        assert (one.retrieve > 0).all()
        assert (one.reuse > 0).all()
        assert one.at(5).tolist() == one.total[:, 1].tolist()  # the nearest k that was timed


def test_of_a_slow_index_few_k_are_timed(monkeypatch):
    monkeypatch.setattr(timed_index, "SLOW", 0.0)
    found, _ = asked(["a"], ks=tuple(range(1, 26)))
    assert found[0].ks == (1, 5, 25)


def halves(n):
    rows = np.arange(n)
    return Split(repeat=0, fold=0, training=rows[: 4 * n // 5], held_out=rows[4 * n // 5 :])


def test_bases_grow_from_an_eighth_to_many_times_the_training_cases():
    sizes = [one.size for one in grown_bases(cases_of(100), halves(100), None, seed=0)]
    assert sizes == [10, 20, 40, 80, 160, 320, 640, 1280, 2560]
    assert sizes[-1] <= MOST_CASES


def test_a_smaller_base_is_part_of_a_larger_one_and_those_that_ask_stay():
    cases = cases_of(100)
    bases = list(grown_bases(cases, halves(100), None, seed=0))
    rows = [{tuple(row) for row in one.cases.take(one.split.training).features.tolist()} for one in bases]
    for smaller, larger in itertools.pairwise(rows):
        assert smaller <= larger
    for one in bases:
        asking = one.cases.take(one.split.held_out).features
        np.testing.assert_array_equal(asking, cases.features[80:])


def test_copies_of_a_base_have_its_clusters_at_as_many_times_min_samples():
    rng = np.random.default_rng(3)
    points = np.concatenate(
        [rng.normal(0, 1, (12, 2)), rng.normal(8, 1, (9, 2)), rng.uniform(-9, 17, (5, 2))]
    )
    for copies in (2, 3):
        tiled = np.tile(points, (copies, 1))
        for min_samples, eps in ((2, 0.8), (3, 1.2), (4, 1.5)):
            once = DBSCAN(eps=eps, min_samples=min_samples, metric="precomputed").fit(cdist(points, points))
            many = DBSCAN(eps=eps, min_samples=copies * min_samples, metric="precomputed").fit(
                cdist(tiled, tiled)
            )
            np.testing.assert_array_equal(many.labels_, np.tile(once.labels_, copies))


def test_clusters_are_tiled_with_the_cases_and_lose_those_left_out():
    clusters = Partition(labels=np.arange(80) % 5 - 1)
    for one in grown_bases(cases_of(100), halves(100), clusters, seed=0):
        assert one.clusters.n == one.size
        kept = one.clusters.labels
        assert set(kept[kept >= 0]) == set(range(one.clusters.clusters))
        if one.size >= 80:
            np.testing.assert_array_equal(kept, np.tile(clusters.labels, one.size // 80))


def test_a_base_of_pixels_is_not_copied_beyond_memory():
    pixels = np.zeros((100, 60, 60, 3), dtype=np.uint8)  # 11 KB each
    cases = Cases(
        ids=[f"c{row:03}" for row in range(100)],
        features=pixels,
        votes=np.ones((100, 2)),
        methods=("a", "b"),
    )
    sizes = [one.size for one in grown_bases(cases, halves(100), None, seed=0)]
    assert sizes == [10, 20, 40, 80, 160, 320, 640, 1280, 2560]
    wide = Cases(
        ids=cases.ids,
        features=np.zeros((100, 224, 224, 3), dtype=np.uint8),  # 151 KB each
        votes=cases.votes,
        methods=cases.methods,
    )
    sizes = [one.size for one in grown_bases(wide, halves(100), None, seed=0)]
    assert sizes == [10, 20, 40, 80, 160]
