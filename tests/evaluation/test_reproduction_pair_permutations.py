"""Votes are handed out anew by photo, and sums over pairs are what adding up by hand gives."""

import numpy as np
import pytest

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.evaluation.reproduction import pair_permutations
from cbrkit_xai.evaluation.reproduction.pair_permutations import (
    between_groups,
    number_of_draws,
    orders,
    permuted_sums,
    upper_p,
)

GROUPS = Groups(labels=[0, 1, 0, 2, 3, 3, 4])


def test_every_draw_hands_out_each_cases_votes_once():
    for way in orders(GROUPS, 50, 0):
        assert sorted(way) == list(range(7))


def test_cases_of_one_photo_get_the_votes_of_another_photo_with_as_many():
    for way in orders(GROUPS, 50, 0):
        assert tuple(way[[0, 2]]) in ((0, 2), (4, 5))
        assert tuple(way[[4, 5]]) in ((0, 2), (4, 5))


def test_every_way_is_as_likely_as_any_other():
    ways = orders(Groups(labels=[0, 1, 2]), 6000, 1)
    _, counts = np.unique(ways, axis=0, return_counts=True)
    assert len(counts) == 6
    assert counts.min() > 850  # 1000 expected, five standard deviations


def test_the_same_seed_gives_the_same_draws_and_another_one_others():
    first = orders(GROUPS, 20, 5)
    np.testing.assert_array_equal(orders(GROUPS, 20, 5), first)
    assert not np.array_equal(orders(GROUPS, 20, 6), first)


@pytest.mark.parametrize("at_once", [1, 100, 10_000])
def test_sums_are_those_of_adding_up_pair_by_pair(monkeypatch, at_once):
    monkeypatch.setattr(pair_permutations, "_AT_ONCE", at_once)
    rng = np.random.default_rng(2)
    weights, relation = rng.normal(size=(2, 5, 5)), rng.normal(size=(5, 5))
    ways = orders(Groups(labels=np.arange(5)), 13, 3)
    expected = [
        [sum(w[i, j] * relation[way[i], way[j]] for i in range(5) for j in range(5)) for w in weights]
        for way in ways
    ]
    told = []
    found = permuted_sums(weights, relation, ways, lambda done, total: told.append((done, total)))
    np.testing.assert_allclose(found, expected)
    assert told[-1] == (13, 13)


def test_shapes_that_do_not_belong_together_are_refused():
    with pytest.raises(ParameterError, match=r"\(statistics, n, n\)"):
        permuted_sums(np.ones((1, 4, 4)), np.ones((5, 5)), np.zeros((2, 5), dtype=int))


def test_p_counts_the_observed_one_and_ties_with_it():
    drawn = np.array([[1.0, 0.1], [2.0, 0.2], [3.0, 0.3], [2.0, 0.1 + 0.2]])
    np.testing.assert_allclose(upper_p(np.array([2.0, 0.3]), drawn), [4 / 5, 3 / 5])


def test_pairs_within_a_photo_do_not_count():
    counted = between_groups(GROUPS)
    assert not counted[0, 2]
    assert not counted[4, 5]
    assert counted.sum() == 49 - 7 - 4


@pytest.mark.parametrize(("n", "draws"), [(1, 4999), (200, 4999), (500, 4000), (4000, 999)])
def test_large_bases_get_fewer_draws_but_never_too_few(n, draws):
    assert number_of_draws(n) == draws
