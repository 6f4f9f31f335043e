"""The corrected resampled t test: folds share training cases, and its variance says so."""

from __future__ import annotations

import math

import numpy as np

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.decisions.comparison import (
    Alternative,
    Comparison,
    cannot_be_tested,
    obstacle,
)
from cbrkit_xai.features import Array


def corrected_t(
    differences: Array,
    test_over_training: float,
    *,
    boundary: float = 0.0,
    alternative: Alternative = "two-sided",
    level: float = 0.95,
    least_variance: float = 0.0,
) -> Comparison:
    """Test whether the mean difference over repeated folds is `boundary`.

    With J fold differences of mean d and variance s^2 (ddof = 1),

        t = (d - boundary) / sqrt((1/J + n_test/n_train) s^2),   J - 1 degrees of freedom.

    The naive paired t has 1/J alone, as if folds were independent; training sets of k-fold
    cross-validation overlap, so it takes repeats for new data and finds differences where there are none.
    The share n_test/n_train stands for the correlation of the folds and is a heuristic: no unbiased
    estimate of that variance exists (Bengio & Grandvalet 2004).

    Parameters
    ----------
    differences : array of shape (repeats, folds) or (J,)
        Mean over each fold's held-out cases of first minus second.
    test_over_training : float
        Held-out cases over training cases, `Folds.test_over_training`.
    boundary : float
        The mean difference under the null hypothesis.
    alternative : {"two-sided", "less", "greater"}
        What stands against it.
    level : float
        Of the interval, which holds exactly the boundaries that are not rejected at 1 - level.
    least_variance : float
        Of the mean difference, by another estimate such as `clustered_variance`; it counts where it is the
        larger.

    Returns
    -------
    Comparison
        With `problem` instead of p where there are fewer than two differences, missing ones, or no
        variance.

    Raises
    ------
    ParameterError
        The share, the level or the alternative is out of range.

    References
    ----------
    Nadeau & Bengio, Inference for the generalization error, Machine Learning 52 (2003) 239-281.
    Bouckaert & Frank, Evaluating the replicability of significance tests for comparing learning
    algorithms, PAKDD 2004, for r x k folds.
    """
    from scipy.special import stdtr, stdtrit  # on use; scipy.stats is too slow for simulations

    _refuse(test_over_training, alternative, level, least_variance)
    values = np.asarray(differences, dtype=np.float64).ravel()
    problem = obstacle(values)
    mean = float(values.sum()) / len(values) if len(values) else math.nan
    if problem:
        return cannot_be_tested(problem, mean)
    number = len(values)
    degrees = number - 1
    centred = values - mean
    variance = float(centred @ centred) / degrees
    error = math.sqrt(max((1 / number + test_over_training) * variance, least_variance))
    statistic = (mean - boundary) / error
    if alternative == "two-sided":
        p = 2 * float(stdtr(degrees, -abs(statistic)))
        reach = float(stdtrit(degrees, (1 + level) / 2)) * error
        interval = (mean - reach, mean + reach)
    else:
        reach = float(stdtrit(degrees, level)) * error
        is_less = alternative == "less"
        p = float(stdtr(degrees, statistic if is_less else -statistic))
        interval = (-math.inf, mean + reach) if is_less else (mean - reach, math.inf)
    return Comparison(estimate=mean, interval=interval, p=p, statistic=statistic, degrees=degrees)


def _refuse(test_over_training: float, alternative: str, level: float, least_variance: float) -> None:
    if not test_over_training >= 0:
        raise ParameterError(
            f"test_over_training is {test_over_training!r}",
            where="test_over_training",
            allowed="held-out cases over training cases, at least 0",
        )
    if alternative not in ("two-sided", "less", "greater"):
        raise ParameterError(
            f"alternative is {alternative!r}", where="alternative", allowed="two-sided, less, greater"
        )
    if not 0 < level < 1:
        raise ParameterError(f"level is {level!r}", where="level", allowed="a number between 0 and 1")
    if not least_variance >= 0:
        raise ParameterError(
            f"least_variance is {least_variance!r}", where="least_variance", allowed="a number of at least 0"
        )
