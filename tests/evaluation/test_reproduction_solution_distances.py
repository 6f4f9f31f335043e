"""How unlike two photos' votes are, by hand and by loops."""

import numpy as np
import pytest

from cbrkit_xai.evaluation.reproduction.solution_distances import shares_apart, winner_disagreement

NAN = np.nan


def test_one_winner_each_differ_or_not():
    votes = np.array([[5.0, 0, 0], [3, 1, 1], [0, 2, 1]])
    np.testing.assert_array_equal(winner_disagreement(votes)[0], [0, 0, 1])


def test_ties_differ_by_the_chance_that_lots_differ():
    votes = np.array([[2.0, 2, 0], [2, 2, 0], [1, 0, 0], [1, 1, 1]])
    found = winner_disagreement(votes)
    assert found[0, 1] == pytest.approx(1 - (1 / 4 + 1 / 4))
    assert found[0, 2] == pytest.approx(1 / 2)
    assert found[0, 3] == pytest.approx(1 - 1 / 3)


def test_a_photo_nobody_was_asked_about_has_no_distance():
    votes = np.array([[1.0, 0], [NAN, NAN]])
    assert np.isnan(winner_disagreement(votes)[0, 1])
    assert np.isnan(shares_apart(votes)[0, 1])


def test_shares_are_compared_over_what_both_were_asked_about():
    rng = np.random.default_rng(0)
    votes = rng.integers(0, 5, size=(9, 4)).astype(float)
    votes[rng.random(votes.shape) < 0.3] = NAN
    votes[np.nansum(votes, axis=1) == 0, 0] = 1.0
    found = shares_apart(votes)
    share = votes / np.nansum(votes, axis=1, keepdims=True)
    for i in range(9):
        for j in range(9):
            both = ~np.isnan(share[i]) & ~np.isnan(share[j])
            expected = np.sqrt(np.mean((share[i] - share[j])[both] ** 2)) if both.any() else NAN
            assert found[i, j] == pytest.approx(expected, abs=1e-7, nan_ok=True)


def test_twice_as_many_voters_of_the_same_opinion_change_nothing():
    votes = np.array([[2.0, 1, 0], [4, 2, 0]])
    assert shares_apart(votes)[0, 1] == 0
