"""Neighbours and means from one ordering, against a loop that sorts every fold by itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbrkit_xai.evaluation.holding_out.folds import Split
from cbrkit_xai.evaluation.predicting.orderings import Orderings, running_means


def split_of(held_out, n):
    held_out = np.asarray(held_out, dtype=np.int64)
    return Split(repeat=0, fold=0, training=np.setdiff1d(np.arange(n), held_out), held_out=held_out)


def sorted_by_hand(distances, ids, split, k):
    return [
        sorted(split.training.tolist(), key=lambda row: (distances[query, row], ids[row]))[:k]
        for query in split.held_out
    ]


def mean_by_hand(votes, k):
    """Mean of each method over the first k rows in which it is not NaN."""
    found = []
    for column in votes[:k].T:
        asked = [value for value in column if not np.isnan(value)]
        found.append(sum(asked) / len(asked) if asked else np.nan)
    return found


@given(st.integers(0, 2**32 - 1))
def test_the_nearest_are_those_of_a_sort_by_distance_and_id(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 60))
    distances = rng.integers(0, int(rng.integers(1, 50)), size=(n, n)).astype(float)  # full of ties
    ids = [f"case-{number}" for number in rng.permutation(n)]  # case-10 comes before case-9
    split = split_of(rng.choice(n, size=int(rng.integers(0, n + 1)), replace=False), n)
    k = int(rng.integers(1, n + 5))
    found = Orderings.of(distances, ids).nearest(split, k)
    assert found.tolist() == sorted_by_hand(distances, ids, split, k)
    assert found.shape == (len(split.held_out), min(k, len(split.training)))


@pytest.mark.parametrize("k", [1, 5, 30, 599])
def test_where_the_nearest_cases_are_all_held_out_it_looks_farther(k):
    places = np.random.default_rng(0).permutation(600).astype(float)
    distances = np.abs(places[:, None] - places[None])
    ids = [f"{row:03d}" for row in range(600)]
    split = split_of(np.flatnonzero(places < 200), 600)  # one end of the line: every near case is held out
    assert Orderings.of(distances, ids).nearest(split, k).tolist() == sorted_by_hand(distances, ids, split, k)


def test_distances_of_a_query_are_read_along_its_row():
    distances = np.array([[0.0, 1.0, 2.0], [9.0, 0.0, 8.0], [5.0, 6.0, 0.0]])
    found = Orderings.of(distances, ["a", "b", "c"])
    assert found.rows.tolist() == [[0, 1, 2], [1, 2, 0], [2, 0, 1]]


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.3, 1.0]))
def test_running_means_are_the_means_of_each_k(seed, unasked):
    rng = np.random.default_rng(seed)
    votes = rng.integers(0, 9, size=(3, int(rng.integers(0, 12)), 2)).astype(float)
    votes[rng.random(votes.shape) < unasked] = np.nan
    ks = rng.integers(1, 15, size=4).tolist()
    found = running_means(votes, ks)
    wanted = [[mean_by_hand(rows, k) for k in ks] for rows in votes]
    np.testing.assert_allclose(found, np.reshape(wanted, (3, 4, 2)), rtol=1e-12)
