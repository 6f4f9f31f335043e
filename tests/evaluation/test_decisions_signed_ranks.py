import itertools

import numpy as np
import pytest
from scipy import stats

from cbrkit_xai.evaluation.decisions import signed_ranks as module
from cbrkit_xai.evaluation.decisions.signed_ranks import signed_ranks


def by_all_signs(values):
    """Two-sided p over every way of giving the ranks their signs."""
    ranks = stats.rankdata(np.abs(values))
    observed = ranks[values > 0].sum()
    centre = ranks.sum() / 2
    sums = [np.dot(signs, ranks) for signs in itertools.product([0, 1], repeat=len(values))]
    return np.mean([abs(one - centre) >= abs(observed - centre) for one in sums])


def test_the_p_is_that_of_all_signs():
    values = np.random.default_rng(0).normal(0.4, 1, size=11)
    assert signed_ranks(values).p == pytest.approx(by_all_signs(values))


def test_equal_differences_share_their_ranks():
    values = np.array([1.0, 1.0, -1.0, 2.0, 2.0, 2.0, -3.0, 4.0, 4.0, 5.0])
    assert signed_ranks(values).p == pytest.approx(by_all_signs(values))


@pytest.mark.parametrize("number", [20, 50, 51, 300])
def test_it_is_scipys_wilcoxon(number):
    values = np.random.default_rng(number).normal(0.2, 1, size=number)
    method = "exact" if number <= 50 else "asymptotic"
    assert signed_ranks(values).p == pytest.approx(stats.wilcoxon(values, method=method).pvalue)


def test_of_many_differences_with_ties_it_is_scipys_wilcoxon():
    values = np.random.default_rng(1).integers(-4, 6, size=200).astype(float)
    theirs = stats.wilcoxon(values[values != 0], method="asymptotic")
    assert signed_ranks(values).p == pytest.approx(theirs.pvalue)


def test_cases_without_a_difference_are_left_out():
    values = np.array([0.5, -1.0, 2.0, 3.5, 4.0, -0.2, 6.0])
    with_zeros = np.concatenate([values, np.zeros(4), [np.nan]])
    assert signed_ranks(with_zeros).p == pytest.approx(by_all_signs(values))
    assert signed_ranks(with_zeros).cases == 7


def test_the_pseudo_median_is_the_median_of_pairwise_means_by_hand():
    # Means of pairs with themselves and each other: 0, .5, 1, 5, 5.5, 10 -> 3
    assert signed_ranks(np.array([0.0, 1.0, 10.0])).pseudo_median == pytest.approx(3.0)


def test_it_tests_another_quantity_than_the_mean():
    few_large_losses = np.array([-0.1, -0.2, -0.3, -0.4, -0.5, -0.6, -0.7, -0.8, -0.9, 9.0])
    found = signed_ranks(few_large_losses)
    assert few_large_losses.mean() > 0 > found.pseudo_median


def test_many_cases_are_thinned_to_a_pseudo_median_near_the_exact_one(monkeypatch):
    values = np.random.default_rng(1).exponential(size=900)
    exact = signed_ranks(values).pseudo_median
    monkeypatch.setattr(module, "MOST_CASES_PAIRED", 300)
    assert signed_ranks(values).pseudo_median == pytest.approx(exact, abs=2e-3)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (np.zeros(9), "all 9 differences are 0"),
        ([], "all 0 differences are 0"),
        ([1.0, 2.0, 3.0], "only 3 cases differ"),
    ],
)
def test_too_few_differences_cannot_be_tested(values, why):
    found = signed_ranks(np.array(values))
    assert why in found.problem
    assert np.isnan(found.p)
