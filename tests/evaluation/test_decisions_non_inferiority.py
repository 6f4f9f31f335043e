import numpy as np
import pytest
from scipy import stats

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.decisions.non_inferiority import (
    default_margin,
    is_below,
    non_inferiority,
    squared_margin,
)

NOISE = np.random.default_rng(0).normal(size=(10, 5))
NOISE = (NOISE - NOISE.mean()) / NOISE.std(ddof=1)  # exactly mean 0, spread 1


def test_the_margin_is_a_tenth_of_what_the_mean_gains():
    assert default_margin(1.25, 1.0) == pytest.approx(0.025)


def test_a_margin_in_votes_is_the_same_loss_in_squared_votes():
    # From an RMSE of 1.2 to one of 1.3 the squared error rises from 1.44 to 1.69.
    assert squared_margin(0.1, 1.44) == pytest.approx(1.69 - 1.44)


@pytest.mark.parametrize("loss", [0.0, 0.2, 0.6])
def test_the_p_is_that_of_a_shifted_t(loss):
    found = non_inferiority(loss + NOISE, 0.25, 0.1, 1.44)
    t = (loss - 0.25) / np.sqrt(1 / 50 + 0.25)
    assert found.comparison.p == pytest.approx(2 * stats.t.sf(abs(t), 49))
    assert found.squared_margin == pytest.approx(0.25)


def test_a_loss_well_below_the_margin_passes_and_one_well_above_does_not():
    small = non_inferiority(0.01 * NOISE, 0.25, 0.1, 1.44)
    large = non_inferiority(1.0 + 0.01 * NOISE, 0.25, 0.1, 1.44)
    assert is_below(small.comparison, small.squared_margin, 0.05)
    assert not is_below(large.comparison, large.squared_margin, 0.05)
    assert large.comparison.p < 1e-6  # it is shown to be worse, not merely not shown to be good


def test_it_is_told_when_the_global_mean_passes_too():
    mean_is_near, mean_is_far = (
        non_inferiority(
            0.01 * NOISE, 0.25, 0.1, 1.44, mean_differences=loss + 0.01 * NOISE
        ).global_mean_passes
        for loss in (0.05, 1.0)
    )
    assert mean_is_near
    assert not mean_is_far


@pytest.mark.parametrize("margin", [0.0, -0.01])
def test_without_a_margin_nothing_can_be_no_worse(margin):
    found = non_inferiority(NOISE, 0.25, margin, 1.44)
    assert "cannot be tested: the margin is" in found.comparison.problem
    assert not is_below(found.comparison, 1.0, 0.05)


def test_a_margin_that_is_no_number_is_refused():
    with pytest.raises(ParameterError):
        non_inferiority(NOISE, 0.25, np.nan, 1.44)
