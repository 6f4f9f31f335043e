from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import dirichlet_multinomial

from cbrkit_xai.confidence.winner import LARGEST_BALLOTS, chance_of_winning


def enumerated(alphas, ballots):
    chances = np.zeros(len(alphas))
    for votes in product(range(ballots + 1), repeat=len(alphas)):
        if sum(votes) == ballots:
            level = np.array(votes) == max(votes)
            chances[level] += dirichlet_multinomial.pmf(votes, alphas, ballots) / level.sum()
    return chances


def drawn(alphas, ballots, draws=200_000):
    rng = np.random.default_rng(7)
    gammas = rng.standard_gamma(alphas, size=(draws, len(alphas)))
    votes = rng.multinomial(ballots, gammas / gammas.sum(axis=1, keepdims=True))
    level = votes == votes.max(axis=1, keepdims=True)
    return (level / level.sum(axis=1, keepdims=True)).mean(axis=0)


@pytest.mark.parametrize("concentration", [0.05, 3.0, 1e4])
@pytest.mark.parametrize(
    ("mean", "ballots"), [((0.6, 0.4), 5), ((0.5, 0.3, 0.2), 6), ((0.4, 0.3, 0.2, 0.1), 4)]
)
def test_the_chance_is_the_sum_over_all_outcomes(mean, ballots, concentration):
    alphas = concentration * np.array(mean)
    np.testing.assert_allclose(
        chance_of_winning(alphas[None], ballots)[0], enumerated(alphas, ballots), atol=1e-9
    )


@pytest.mark.parametrize("ballots", [1, 2])
def test_one_or_two_ballots_are_won_as_often_as_the_mean_share(ballots):
    alphas = np.array([1.0, 0.6, 0.4])
    np.testing.assert_allclose(chance_of_winning(alphas[None], ballots)[0], alphas / 2)
    np.testing.assert_allclose(enumerated(alphas, ballots), alphas / 2)


def test_three_certain_coins_by_hand():
    # Two of three fair-ish coins at .6: .6^3 + 3 * .6^2 * .4.
    got = chance_of_winning(1e9 * np.array([[0.6, 0.4]]), 3)[0]
    np.testing.assert_allclose(got, [0.648, 0.352], atol=1e-6)


@pytest.mark.parametrize("ballots", [40, LARGEST_BALLOTS, 300])
@pytest.mark.parametrize("concentration", [0.5, 8.0, 40.0])
def test_many_ballots_agree_with_draws(ballots, concentration):
    alphas = concentration * np.array([0.36, 0.32, 0.2, 0.12])
    np.testing.assert_allclose(chance_of_winning(alphas[None], ballots)[0], drawn(alphas, ballots), atol=0.02)


@settings(max_examples=60, deadline=None)
@given(arrays(float, (3, 4), elements=st.floats(0.01, 50)), st.integers(1, 12), st.permutations(range(4)))
def test_methods_in_another_order_have_the_same_chances(alphas, ballots, order):
    chances = chance_of_winning(alphas, ballots)
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    np.testing.assert_allclose(chance_of_winning(alphas[:, order], ballots), chances[:, order], atol=1e-9)


def test_a_batch_equals_its_single_queries():
    alphas = np.random.default_rng(0).uniform(0.1, 4, (50, 4))
    single = np.vstack([chance_of_winning(row[None], 7) for row in alphas])
    np.testing.assert_array_equal(chance_of_winning(alphas, 7), single)


def test_a_method_without_a_share_never_wins():
    assert chance_of_winning(np.array([[3.0, 2.0, 0.0]]), 5)[0, 2] == 0


def test_no_query_has_no_chances():
    assert chance_of_winning(np.empty((0, 3)), 5).shape == (0, 3)
