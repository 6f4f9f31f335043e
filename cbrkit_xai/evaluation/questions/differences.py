"""Paired differences between two predictors: the numbers that every decision is about.

The primary estimand is the mean paired difference of per-case squared error, first minus second; below 0 the
first predicts better.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import numpy as np

from cbrkit_xai.evaluation.decisions.clustered_variance import clustered_variance
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.results import Evaluation
from cbrkit_xai.evaluation.scoring.vote_errors import squared_error
from cbrkit_xai.features import Array, frozen_floats

PerCase = Callable[[Array, Array], Array]
"""`(predicted (..., methods), observed (..., methods)) -> (...)`, smaller is better."""

ROUNDING = 1e-12
"""Two errors that agree to so many parts of the larger are the same error, computed in another order."""


@attrs.frozen(kw_only=True, eq=False)
class PairedDifferences:
    """What one predictor errs more than another, case by case and fold by fold.

    Parameters
    ----------
    per_case : array of shape (repeats, n)
        First minus second; NaN where the case was not held out, or nobody voted on it.
    per_fold : array of shape (repeats, folds)
        Mean over each fold's held-out cases that somebody voted on; NaN where there is none.
    second_per_case : array of shape (repeats, n)
        The second predictor's own errors, which say how large a difference is.
    test_over_training : float
        Held-out cases over training cases.
    least_variance : float
        What the variance of the mean difference is at least, as many predictions of one neighbour rest on the
        same training case; 0 where none does, or it is not known.
    """

    per_case: Array = attrs.field(converter=frozen_floats)
    per_fold: Array = attrs.field(converter=frozen_floats)
    second_per_case: Array = attrs.field(converter=frozen_floats)
    test_over_training: float
    least_variance: float = 0.0

    @property
    def tested(self) -> Array:
        """The fold differences there are, `(J,)`: those of folds with votes."""
        return self.per_fold[~np.isnan(self.per_fold)]

    @property
    def is_widened(self) -> bool:
        """Whether `least_variance` is above what the corrected t takes from the fold differences."""
        tested = self.tested
        if len(tested) < 2:
            return False
        of_folds = (1 / len(tested) + self.test_over_training) * tested.var(ddof=1)
        return bool(self.least_variance > of_folds)

    @property
    def of_cases(self) -> Array:
        """Mean over the repeats, `(n,)`; NaN where there is none."""
        return over_repeats(self.per_case)

    @property
    def second_error(self) -> float:
        """Mean error of the second predictor; NaN where there is none."""
        known = self.second_per_case[~np.isnan(self.second_per_case)]
        return float(known.mean()) if len(known) else np.nan


def case_errors(evaluation: Evaluation, label: str, k: int, error: PerCase = squared_error) -> Array:
    """Return a run's errors with k neighbours, `(repeats, n)`; NaN where a case was not held out.

    Parameters
    ----------
    error : callable
        By default the squared error.

    Raises
    ------
    ParameterError
        No such run, or it was not evaluated with that k.
    """
    return error(evaluation.run(label).at(k), evaluation.votes)


def paired_differences(
    evaluation: Evaluation,
    first: tuple[str, int],
    second: tuple[str, int],
    error: PerCase = squared_error,
) -> PairedDifferences:
    """Return the differences between two runs, each at one k.

    Parameters
    ----------
    first, second : (str, int)
        Label and k.

    Raises
    ------
    ParameterError
        No such run, or it was not evaluated with that k.
    """
    nearest = [nearest_alone(evaluation, *one) for one in (first, second)]
    return differences_of(
        case_errors(evaluation, *first, error),
        case_errors(evaluation, *second, error),
        evaluation.folds,
        rests_on=[one for one in nearest if one is not None],
    )


def nearest_alone(evaluation: Evaluation, label: str, k: int) -> Array | None:
    """Return the one training case that each prediction rests on, `(repeats, n)`; None where k is not 1.

    Raises
    ------
    ParameterError
        No such run.
    """
    return evaluation.run(label).nearest if k == 1 else None


def differences_of(
    first: Array, second: Array, folds: Folds, rests_on: Sequence[Array] = ()
) -> PairedDifferences:
    """Return the differences between two arrays of per-case errors `(repeats, n)`.

    Parameters
    ----------
    rests_on : sequence of arrays of shape (repeats, n)
        As `clustered_variance` takes them.
    """
    apart = first - second
    # Two ways to add up the same neighbours differ in their last bits; no test may take that for an effect.
    same = np.abs(apart) <= ROUNDING * np.maximum(np.abs(first), np.abs(second))
    per_case = np.where(same, 0.0, apart)
    return PairedDifferences(
        per_case=per_case,
        per_fold=fold_means(per_case, folds),
        second_per_case=second,
        test_over_training=folds.test_over_training,
        least_variance=clustered_variance(per_case, rests_on),
    )


def fold_means(values: Array, folds: Folds) -> Array:
    """Return the mean over each fold's held-out cases, `(repeats, folds)`; NaN where there is no value.

    Parameters
    ----------
    values : array of shape (repeats, n)
        NaN does not count.
    """
    per_repeat = folds.per_repeat
    counted = (folds.fold_of >= 0) & ~np.isnan(values)
    place = folds.fold_of + per_repeat * np.arange(folds.repeats)[:, None]  # (repeats, n)
    size = folds.repeats * per_repeat
    total = np.bincount(place[counted], weights=values[counted], minlength=size)
    number = np.bincount(place[counted], minlength=size)
    means = np.divide(total, number, out=np.full(size, np.nan), where=number > 0)
    return means.reshape(folds.repeats, per_repeat)


def over_repeats(values: Array) -> Array:
    """Return each case's mean over the repeats in which it has a value, `(n,)`; NaN where in none."""
    known = ~np.isnan(values)
    number = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.divide(total, number, out=np.full(len(total), np.nan), where=number > 0)
