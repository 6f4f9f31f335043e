import numpy as np
import pytest
from scipy.integrate import quad

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.decisions.corrected_t import corrected_t
from cbrkit_xai.evaluation.decisions.correlated_bayes import correlated_bayes

FOLDS = np.random.default_rng(1).normal(0.02, 0.05, size=(4, 5))


def by_integration(values, rho, low, high):
    """P(low < mean < high) by integrating likelihood x prior over mean and standard deviation.

    The likelihood is that of equicorrelated normal differences; the prior is 1/sigma^2 dsigma^2, Corani
    & Benavoli's matching one. Sigma is integrated out numerically, then the mean.
    """
    number = len(values)
    covariance = np.full((number, number), rho) + (1 - rho) * np.eye(number)
    inverse = np.linalg.inv(covariance)

    def density_of_mean(mean):
        away = values - mean
        # The estimate plugs in rho; the mean's own precision is 1' inverse 1.
        quadratic = away @ inverse @ away
        return quad(
            lambda log: np.exp(-0.5 * quadratic * np.exp(-2 * log) - number * log + 40), -9, 4, limit=400
        )[0]

    centre, spread = values.mean(), values.std()
    whole = quad(density_of_mean, centre - 30 * spread, centre + 30 * spread, limit=400)[0]
    return quad(density_of_mean, low, high, limit=400)[0] / whole


def test_the_three_probabilities_are_those_of_a_numeric_integration():
    values = np.random.default_rng(2).normal(0.3, 1.0, size=8)
    rho = 0.2
    found = correlated_bayes(values, rho / (1 - rho), region=0.5)
    assert found.rope == pytest.approx(by_integration(values, rho, -0.5, 0.5), abs=1e-4)
    low = values.mean() - 30 * values.std()
    assert found.left == pytest.approx(by_integration(values, rho, low, -0.5), abs=1e-4)


def test_the_probabilities_of_the_scikit_learn_page_come_out():
    """It prints P(rbf better) .773, P(equivalent within .01) .432 and P(rbf worse) .068."""
    away = (0.1 / 2.6111648) * np.sqrt(99 / 100)
    folds = 0.01 + away * np.tile([-1.0, 1.0], 50)
    assert correlated_bayes(folds, 10 / 90, region=0.0).right == pytest.approx(0.773, abs=5e-4)
    found = correlated_bayes(folds, 10 / 90, region=0.01)
    assert found.rope == pytest.approx(0.432, abs=5e-4)
    assert found.left == pytest.approx(0.068, abs=5e-4)


def test_without_a_region_it_is_the_one_sided_corrected_t():
    found = correlated_bayes(FOLDS, 0.25, region=0.0)
    assert found.left == pytest.approx(corrected_t(FOLDS, 0.25, alternative="greater").p)
    assert found.rope == pytest.approx(0.0, abs=1e-12)


def test_the_probabilities_sum_to_one_and_turn_with_the_sign():
    found, turned = (correlated_bayes(sign * FOLDS, 0.25, region=0.01) for sign in (1, -1))
    assert found.left + found.rope + found.right == pytest.approx(1)
    assert (turned.left, turned.rope, turned.right) == pytest.approx((found.right, found.rope, found.left))


@pytest.mark.parametrize("values", [[0.3], [0.0, 0.0], [1.0, np.nan], [0.2, 0.2]])
def test_what_has_no_variance_has_no_posterior(values):
    found = correlated_bayes(np.array(values), 0.25, region=0.1)
    assert found.problem.startswith("cannot be tested: ")
    assert np.isnan([found.left, found.rope, found.right]).all()


def test_a_negative_region_is_refused():
    with pytest.raises(ParameterError):
        correlated_bayes(FOLDS, 0.25, region=-0.1)
