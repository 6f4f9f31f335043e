import numpy as np
import pytest
from scipy.stats import t

from cbrkit_xai.confidence.skill import skill_with_interval, squared_errors


def test_errors_are_summed_over_the_methods_asked():
    predicted = np.array([[0.5, 0.25, 0.25], [0.5, 0.25, 0.25]])
    observed = np.array([[1.0, 0.0, 0.0], [0.5, np.nan, 0.5]])
    np.testing.assert_allclose(squared_errors(predicted, observed), [0.375, 2 * (2 / 3 - 0.5) ** 2])


def test_the_interval_is_the_jackknifes():
    rng = np.random.default_rng(0)
    mine, theirs = rng.uniform(0, 1, 20), rng.uniform(0.5, 1.5, 20)
    skill, (low, high) = skill_with_interval(mine, theirs, np.arange(20))
    without = [1 - np.delete(mine, i).sum() / np.delete(theirs, i).sum() for i in range(20)]
    reach = t.ppf(0.975, 19) * np.sqrt(19 / 20 * np.sum((without - np.mean(without)) ** 2))
    assert skill == pytest.approx(1 - mine.sum() / theirs.sum())
    assert (low, high) == pytest.approx((skill - reach, skill + reach))


def test_copies_of_a_photo_do_not_narrow_the_interval():
    rng = np.random.default_rng(1)
    mine, theirs = rng.uniform(0, 1, 30), rng.uniform(0.5, 1.5, 30)
    once = skill_with_interval(mine, theirs, np.arange(30))
    copied = skill_with_interval(np.repeat(mine, 4), np.repeat(theirs, 4), np.repeat(np.arange(30), 4))
    assert copied[0] == pytest.approx(once[0])
    assert copied[1] == pytest.approx(once[1])


def test_equal_errors_have_no_skill_and_no_doubt():
    assert skill_with_interval(np.ones(9), np.ones(9), np.arange(9)) == (0.0, (0.0, 0.0))


def test_a_reference_without_error_leaves_no_skill():
    assert skill_with_interval(np.zeros(9), np.zeros(9), np.arange(9)) == (0.0, (0.0, 0.0))
