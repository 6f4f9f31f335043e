import numpy as np
import pytest
from scipy import stats

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.decisions.corrected_t import corrected_t

FOLDS = np.random.default_rng(0).normal(0.3, 1.0, size=(10, 5))


def two_values(mean, spread, number):
    """Numbers of exactly this mean and standard deviation (ddof = 1)."""
    away = spread * np.sqrt((number - 1) / number)
    return mean + away * np.tile([-1.0, 1.0], number // 2)


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
@pytest.mark.parametrize("boundary", [0.0, 0.4])
def test_without_training_cases_in_common_it_is_the_paired_t(alternative, boundary):
    ours = corrected_t(FOLDS, 0.0, boundary=boundary, alternative=alternative, level=0.9)
    theirs = stats.ttest_1samp(FOLDS.ravel(), boundary, alternative=alternative)
    assert ours.p == pytest.approx(theirs.pvalue, rel=1e-12)
    assert ours.statistic == pytest.approx(theirs.statistic, rel=1e-12)
    assert ours.interval == pytest.approx(tuple(theirs.confidence_interval(0.9)), rel=1e-12)
    assert ours.degrees == 49


def test_the_worked_example_of_scikit_learn_comes_out():
    """The "Statistical comparison of models using grid search" page: rbf and linear SVC, 10 x 10 folds.

    It prints t = 0.750, p = 0.227 (one-sided), t = 2.611 without the correction, the mean 0.01 and the
    95 % interval -0.016445 to 0.036445.
    """
    folds = two_values(0.01, 0.1 / 2.6111648, 100)
    ours = corrected_t(folds, 10 / 90, alternative="greater")
    assert ours.statistic == pytest.approx(0.750, abs=5e-4)
    assert ours.p == pytest.approx(0.227, abs=5e-4)
    assert corrected_t(folds, 0.0).statistic == pytest.approx(2.611, abs=5e-4)
    assert corrected_t(folds, 10 / 90).interval == pytest.approx((-0.016445, 0.036445), abs=5e-7)


def test_four_folds_by_hand():
    # mean 2.5, s^2 = 5/3, variance (1/4 + 1/3) 5/3 = 35/36
    ours = corrected_t(np.array([1.0, 2.0, 3.0, 4.0]), 1 / 3)
    assert ours.statistic == pytest.approx(2.5 / np.sqrt(35 / 36))
    reach = 3.182446305284263 * np.sqrt(35 / 36)  # the 97.5 % point of t with 3 degrees of freedom
    assert ours.interval == pytest.approx((2.5 - reach, 2.5 + reach))


def test_the_interval_holds_the_boundaries_that_are_not_rejected():
    low, high = corrected_t(FOLDS, 0.25, level=0.95).interval
    for end in (low, high):
        assert corrected_t(FOLDS, 0.25, boundary=end).p == pytest.approx(0.05)


def test_the_sum_of_the_one_sided_p_is_one():
    less, greater = (corrected_t(FOLDS, 0.25, alternative=side).p for side in ("less", "greater"))
    assert less + greater == pytest.approx(1)
    assert corrected_t(FOLDS, 0.25).p == pytest.approx(2 * min(less, greater))


@pytest.mark.parametrize(
    ("differences", "why"),
    [
        ([], "there are 0 fold differences"),
        ([0.4], "there are 1 fold differences; a variance needs two"),
        ([0.0, 0.0, 0.0], "all 3 fold differences are 0"),
        ([0.1, 0.1, 0.1], "all 3 fold differences are the same, 0.1"),
        ([0.1 + 1e-17, 0.1, 0.3 - 0.2], "the same"),
        ([0.1, np.nan, 0.3], "1 of 3 fold differences are missing"),
        ([0.1, np.inf, 0.3], "1 of 3 fold differences are missing"),
    ],
)
def test_what_has_no_variance_cannot_be_tested_and_has_no_p(differences, why):
    ours = corrected_t(np.array(differences), 0.25)
    assert ours.problem.startswith("cannot be tested: ")
    assert why in ours.problem
    assert np.isnan(ours.p)
    assert not ours.could_be_tested


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"test_over_training": -0.1}, "test_over_training"),
        ({"test_over_training": np.nan}, "test_over_training"),
        ({"alternative": "lower"}, "alternative"),
        ({"level": 95}, "level"),
    ],
)
def test_arguments_out_of_range_are_named(changed, named):
    with pytest.raises(ParameterError) as refused:
        corrected_t(FOLDS, **{"test_over_training": 0.25, **changed})
    assert refused.value.where == named
