"""Times are compared where both were asked the same, by hand arithmetic and by a clock that does as told."""

import types

import numpy as np
import pytest

from cbrkit_xai.evaluation.reproduction.claims.implied_comparison import CANNOT_TELL, HOLDS
from cbrkit_xai.evaluation.reproduction.claims.rounds import longer, ratios
from cbrkit_xai.evaluation.reproduction.timing import timed_index
from cbrkit_xai.evaluation.reproduction.timing.timed_index import QueryTimes, TimedIndex, time_queries


def query_times(turns, queries, totals):
    return QueryTimes(
        of=None,
        ks=(5,),
        turns=turns,
        queries=queries,
        retrieve=np.array(totals, dtype=float)[:, None] - 1,
        reuse=np.ones((len(turns), 1)),
    )


FAST = query_times(range(6), [0, 3, 1, 4, 2, 0], [2, 4, 4, 10, 5, 8])


def test_only_turns_of_both_are_paired():
    slow = query_times([0, 3, 4], [0, 4, 2], [20, 30, 100])
    # Turn 0: 20 / 2; turn 3: 30 / 10; turn 4: 100 / 5; in the order of the queries 0, 2, 4.
    assert ratios(slow, FAST, 5).tolist() == [10, 20, 3]
    assert ratios(FAST, slow, 5).tolist() == pytest.approx([1 / 10, 1 / 20, 1 / 3])


def test_a_query_that_was_asked_in_several_turns_counts_once():
    other = query_times(range(6), [0, 3, 1, 4, 2, 0], [4, 4, 8, 10, 10, 48])
    # Query 0: the median of 4 / 2 and 48 / 8; then 1: 8 / 4, 2: 10 / 5, 3: 4 / 4, 4: 10 / 10.
    assert ratios(other, FAST, 5).tolist() == [4, 2, 2, 1, 1]


def test_asking_one_query_over_and_over_is_no_evidence():
    turns = np.arange(100)
    one = query_times(turns, np.zeros(100), np.full(100, 30))
    other = query_times(turns, np.zeros(100), np.full(100, 10))
    found = longer("x", ratios(one, other, 5), {})
    assert found.estimate == 3
    assert found.p_for == 0.5  # one query, one sign
    assert found.reading == CANNOT_TELL


def test_times_without_a_common_turn_are_not_compared():
    late = query_times([7, 8], [1, 2], [9, 9])
    assert ratios(late, FAST, 5).tolist() == []
    assert longer("x", ratios(late, FAST, 5), {}).problem == "no query was asked of both in one turn"


class Clock:
    """Time as the indexes below spend it."""

    def __init__(self):
        self.now = 0

    def perf_counter_ns(self):
        return self.now


class Index:
    """Takes a time for each query that is known: `microseconds` times one more than the query's number."""

    entries = ()

    def __init__(self, clock, microseconds):
        self.clock, self.microseconds = clock, microseconds

    def nearest(self, queries, k):
        self.clock.now += int(1000 * self.microseconds * (1 + queries[0, 0]))

    def reuse(self, neighbours):
        pass


@pytest.fixture
def timed(monkeypatch):
    """Return times of indexes that take so many microseconds for the first of ten queries."""
    clock = Clock()
    monkeypatch.setattr(timed_index, "time", types.SimpleNamespace(perf_counter_ns=clock.perf_counter_ns))

    def measure(*microseconds, ks=(5,), queries=10):
        asked = np.arange(float(queries))[:, None]
        indexes = [Index(clock, one) for one in microseconds]
        return time_queries(
            [
                TimedIndex(name=str(n), label=str(n), index=one, reuse=one, queries=asked, ks=ks)
                for n, one in enumerate(indexes)
            ],
            seed=0,
        )

    return measure


def test_slow_and_fast_indexes_are_paired_query_by_query(timed):
    fast, slower, slowest = timed(100, 30_000, 90_000)
    assert [len(one.turns) for one in (fast, slower, slowest)] == [150, 33, 11]  # 1 s over the first query
    for one, microseconds in ((fast, 100), (slower, 30_000), (slowest, 90_000)):
        assert one.at(5).tolist() == pytest.approx((microseconds * (1 + one.queries)).tolist())
    # Every ratio is exact, though times differ tenfold between queries, and each query is there once.
    assert ratios(slower, fast, 5).tolist() == pytest.approx([300] * 10)
    assert ratios(slowest, slower, 5).tolist() == pytest.approx([3] * 10)
    assert longer("x", ratios(slowest, slower, 5), {}).p_for == pytest.approx(1 / 1024)
    assert longer("x", ratios(slowest, slower, 5), {}).reading == HOLDS


def test_slow_indexes_take_part_only_where_faster_ones_do_and_all_along(timed):
    found = timed(100, 30_000, 90_000)
    for more, fewer in ((found[0], found[1]), (found[1], found[2])):
        assert set(fewer.turns) <= set(more.turns)
        np.testing.assert_array_equal(more.queries[np.isin(more.turns, fewer.turns)], fewer.queries)
    gaps = np.diff(found[2].turns, prepend=0, append=150)
    assert gaps.max() <= 2 * 150 / 11  # not all at the beginning


def test_the_first_turns_of_a_slow_index_ask_different_queries(timed):
    (slow,) = timed(1_000_000, queries=7)
    assert len(slow.turns) == timed_index.FEWEST
    assert sorted(slow.queries) == list(range(7))
