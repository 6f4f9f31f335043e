import numpy as np
import pytest
from scipy.stats import friedmanchisquare

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.decisions.friedman import friedman


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("decimals", [0, 6])  # with ties, and without
def test_it_is_scipys_friedman(seed, decimals):
    errors = np.random.default_rng(seed).normal(0, 2, size=(9, 4)).round(decimals)
    theirs = friedmanchisquare(*errors.T)
    ours = friedman(errors)
    assert ours.statistic == pytest.approx(theirs.statistic)
    assert ours.p == pytest.approx(theirs.pvalue)


def test_three_bases_by_hand():
    # Ranks 1 2 3 on every base: 12 * 3 / (3 * 4) * (1 + 0 + 1) = 6
    ours = friedman(np.array([[1.0, 2.0, 3.0], [0.1, 0.2, 0.9], [5.0, 6.0, 7.0]]))
    assert ours.mean_ranks == (1.0, 2.0, 3.0)
    assert ours.statistic == pytest.approx(6.0)
    assert ours.p == pytest.approx(np.exp(-3))  # the upper tail of chi-square with 2 degrees of freedom


@pytest.mark.parametrize(
    ("errors", "why"),
    [
        (np.ones((1, 4)), "1 case base; it takes at least 3"),
        (np.array([[1.0, 2.0]] * 5), "2 predictors"),
        (np.ones((5, 3)), "every base is one tie"),
        (np.array([[1.0, 2.0, np.nan]] * 5), "an error is missing"),
    ],
)
def test_what_ranks_cannot_tell_is_said(errors, why):
    ours = friedman(errors)
    assert ours.problem.startswith("cannot be tested: ")
    assert why in ours.problem
    assert np.isnan(ours.p)


def test_a_row_is_no_table():
    with pytest.raises(ParameterError):
        friedman(np.ones(4))
