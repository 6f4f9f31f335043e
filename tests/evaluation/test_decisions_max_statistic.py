import itertools

import numpy as np
import pytest

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.decisions.max_statistic import max_statistic, standardised


def by_enumeration(observed, draws):
    """Westfall & Young as closed testing: the largest p of the maximum over all subsets with it."""
    number = len(observed)
    everything = np.vstack([observed, draws])

    def of_subset(subset):
        return np.mean(everything[:, subset].max(axis=1) >= max(observed[i] for i in subset))

    subsets = [list(s) for r in range(1, number + 1) for s in itertools.combinations(range(number), r)]
    return [max(of_subset(s) for s in subsets if one in s) for one in range(number)]


def test_all_permutations_of_a_tiny_study_by_brute_force():
    """Four cases, three features: how large is the covariance with the votes, best of three?"""
    features = np.array([[1.0, 2.0, 3.0, 9.0], [4.0, 1.0, 0.0, 2.0], [5.0, 6.0, 1.0, 1.0]])
    votes = np.array([0.0, 1.0, 2.0, 4.0])
    every = [np.array(order) for order in itertools.permutations(range(4))]
    statistics = np.array([features @ votes[order] for order in every])  # (24, 3), the first is observed
    found = max_statistic(statistics[0], statistics[1:])
    for hypothesis in range(3):
        mine = statistics[0, hypothesis]
        alone = sum(row[hypothesis] >= mine for row in statistics) / 24
        best = sum(max(row) >= mine for row in statistics) / 24
        assert found.single[hypothesis] == pytest.approx(alone)
        assert found.single_step[hypothesis] == pytest.approx(best)
    assert found.step_down == pytest.approx(by_enumeration(statistics[0], statistics[1:]))


@pytest.mark.parametrize("seed", range(15))
def test_stepping_down_is_the_closed_test_of_the_maximum(seed):
    rng = np.random.default_rng(seed)
    draws = rng.normal(size=(40, 5)) + rng.normal(size=(40, 1))
    observed = rng.normal(1, 1, size=5)
    assert max_statistic(observed, draws).step_down == pytest.approx(by_enumeration(observed, draws))


def test_stepping_down_never_loses_and_no_p_is_zero():
    rng = np.random.default_rng(3)
    found = max_statistic(np.array([9.0, 3.0, 1.0]), rng.normal(size=(99, 3)))
    assert np.all(found.step_down <= found.single_step)
    assert np.all(found.single <= found.step_down)
    assert found.single_step[0] == pytest.approx(1 / 100)


def test_under_the_null_the_smallest_adjusted_p_is_uniform_at_the_least():
    """Chances of 2,000 studies, 19 draws each, of correlated statistics: p <= .05 once in twenty."""
    rng = np.random.default_rng(4)
    rejected = 0
    for _ in range(2000):
        every = rng.normal(size=(20, 6)) + 2 * rng.normal(size=(20, 1))
        rejected += max_statistic(every[0], every[1:]).single_step.min() <= 0.05
    assert 0.035 < rejected / 2000 < 0.065  # +- three standard errors about .05


def test_standardised_statistics_have_mean_zero_and_spread_one_with_the_observed_among_them():
    rng = np.random.default_rng(5)
    observed, draws = rng.normal(size=3), rng.normal(10, [1, 2, 50], size=(30, 3))
    together = np.vstack(standardised(observed, draws))
    np.testing.assert_allclose(together.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(together.std(axis=0), 1)


def test_a_statistic_that_no_permutation_changes_is_never_the_best():
    observed, draws = standardised(np.array([7.0, 2.0]), np.array([[7.0, 1.0], [7.0, 0.0]]))
    found = max_statistic(observed, draws)
    assert found.single_step[0] > found.single_step[1] == pytest.approx(1 / 3)


def test_a_hypothesis_without_a_statistic_is_left_out_of_the_maximum():
    draws = np.array([[0.0, np.nan], [1.0, 5.0], [2.0, 5.0]])
    found = max_statistic(np.array([1.5, np.nan]), draws)
    assert found.single_step == pytest.approx([0.5, np.nan], nan_ok=True)


@pytest.mark.parametrize(
    ("observed", "draws", "why"),
    [
        (np.ones(2), np.ones((0, 2)), "nothing was permuted"),
        (np.full(2, np.nan), np.ones((5, 2)), "no statistic exists"),
    ],
)
def test_without_draws_or_statistics_nothing_can_be_tested(observed, draws, why):
    found = max_statistic(observed, draws)
    assert found.problem.startswith("cannot be tested: ")
    assert why in found.problem
    assert np.isnan(found.single_step).all()


def test_shapes_that_do_not_belong_together_are_refused():
    with pytest.raises(ParameterError):
        max_statistic(np.ones(3), np.ones((5, 2)))
