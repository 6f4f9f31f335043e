"""BCa bootstrap intervals over finished per-case errors, resampled by group."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TypeAlias

import attrs
import numpy as np

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.decisions.comparison import NO_SPREAD, untested
from cbrkit_xai.features import Array

Statistic: TypeAlias = Callable[[Array], Array]
"""From means of columns `(..., columns)` to one number each `(...)`."""

CONDITIONAL = "conditional on these cases, likely too narrow"
"""What stands beside each of these intervals: predictions are taken as given, and are not made anew."""

DRAWS = 4999
"""Resamples of an interval, where groups are few."""

FEWEST_DRAWS = 999
"""Resamples of an interval, where groups are so many that more would take minutes."""

_IN_MEMORY = 2_000_000  # drawn groups at a time
_KEPT = 40_000_000  # drawn groups, a byte each


@attrs.frozen(kw_only=True)
class Resampled:
    """An estimate and its BCa interval.

    Parameters
    ----------
    estimate : float
        The statistic of the cases as they are; NaN where it does not exist.
    interval : (float, float)
        NaN where there is none.
    level : float
        Of the interval.
    groups : int
        What was resampled.
    label : str
        The caveat that belongs to the interval.
    problem : str
        "cannot be tested: ..." with the reason; empty where there is an interval.
    """

    estimate: float
    interval: tuple[float, float] = (np.nan, np.nan)
    level: float
    groups: int
    label: str = CONDITIONAL
    problem: str = ""


def first_mean(means: Array) -> Array:
    """Return the mean of the first column: the statistic of a mean difference."""
    return means[..., 0]


def bca(
    columns: Array,
    groups: Array,
    statistic: Statistic = first_mean,
    *,
    seed: int = 0,
    draws: int | None = None,
    level: float = 0.95,
) -> Resampled:
    """Return the bias-corrected and accelerated bootstrap interval of a function of column means.

    Whole groups are drawn with replacement; the acceleration is the jackknife's, leaving out a group at a
    time. What varies is which cases are looked at: that other training cases would have given other
    predictions does not enter, so the interval is likely too narrow.

    Parameters
    ----------
    columns : array of shape (cases, columns) or (cases,)
        Finished per-case numbers, such as two predictors' errors.
    groups : array of shape (cases,)
        int; cases of one number are drawn together.
    statistic : callable
        From means of the columns `(..., columns)` to `(...)`; by default the first one.
    seed : int
        Same seed, same interval.
    draws : int, optional
        Resamples; by default `DRAWS`, and fewer above 8,000 groups.

    References
    ----------
    Efron, Better bootstrap confidence intervals, JASA 82 (1987) 171-185; Efron & Tibshirani, *An
    Introduction to the Bootstrap*, 1993, section 14.3.
    """
    columns = np.asarray(columns, dtype=np.float64)
    columns = columns[:, None] if columns.ndim == 1 else columns
    _refuse(columns, groups, level)
    sums, sizes = _by_group(columns, groups)
    count = len(sizes)
    missing = int((~np.isfinite(columns)).any(axis=1).sum())
    if missing:
        return _none(f"{missing} of {len(columns)} cases have no number", level, count)
    if count < 2:
        return _none(f"there is {count} group of cases; resampling needs two", level, count)
    draws = draws or max(min(DRAWS, _KEPT // count), FEWEST_DRAWS)
    with np.errstate(divide="ignore", invalid="ignore"):  # a ratio's denominator may be 0 in some resample
        estimate = float(statistic(sums.sum(axis=0) / sizes.sum()))
        drawn = np.concatenate([statistic(means) for means in _resampled(sums, sizes, seed, draws)])
        without = statistic((sums.sum(axis=0) - sums) / (sizes.sum() - sizes)[:, None])
    if not (np.isfinite(estimate) and np.isfinite(drawn).all() and np.isfinite(without).all()):
        return _none("the statistic does not exist in every resample", level, count, estimate)
    if float(np.ptp(drawn)) <= NO_SPREAD * max(float(np.abs(drawn).max()), abs(estimate)):
        return _none("every resample gives the same number", level, count, estimate)
    interval = _interval(estimate, drawn, without, level)
    if not np.isfinite(interval).all():
        return _none("every resample lies on one side of the estimate", level, count, estimate)
    return Resampled(estimate=estimate, interval=interval, level=level, groups=count)


def _interval(estimate: float, drawn: Array, without: Array, level: float) -> tuple[float, float]:
    from scipy.special import ndtr, ndtri  # on use

    # Resamples equal to the estimate count half on either side, as in scipy.stats.bootstrap.
    bias = float(ndtri((np.mean(drawn < estimate) + np.mean(drawn <= estimate)) / 2))
    apart = without.mean() - without
    cubes, squares = float(np.sum(apart**3)), float(np.sum(apart**2))
    acceleration = cubes / (6 * squares**1.5) if squares > 0 else 0.0
    if not np.isfinite(bias):
        return np.nan, np.nan
    ends = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        shifted = bias + float(ndtri(tail))
        ends.append(float(np.quantile(drawn, ndtr(bias + shifted / (1 - acceleration * shifted)))))
    return ends[0], ends[1]


def _by_group(columns: Array, groups: Array) -> tuple[Array, Array]:
    """Return the sums of the columns `(groups, columns)` and the cases `(groups,)` of each group."""
    _, labels = np.unique(groups, return_inverse=True)
    sums = np.stack([np.bincount(labels, weights=column) for column in columns.T], axis=1)
    return sums, np.bincount(labels)


def _resampled(sums: Array, sizes: Array, seed: int, draws: int) -> Iterator[Array]:
    """Give the means of the columns in each resample, `(some draws, columns)` at a time."""
    count = len(sizes)
    blocks = _kept(count, draws, seed) if count * draws <= _KEPT else _times_drawn(count, draws, seed)
    for times in blocks:
        yield (times @ sums) / (times @ sizes)[:, None]


@lru_cache(maxsize=1)
def _kept(count: int, draws: int, seed: int) -> tuple[Array, ...]:
    # A report asks for a hundred intervals over the same groups, and drawing takes ten times the rest.
    return tuple(_times_drawn(count, draws, seed))


def _times_drawn(count: int, draws: int, seed: int) -> Iterator[Array]:
    """Give how often each group is in each resample, `(some draws, groups)` at a time."""
    rng = np.random.default_rng(seed)
    rows = max(_IN_MEMORY // count, 1)
    for start in range(0, draws, rows):
        number = min(rows, draws - start)
        picked = rng.integers(0, count, (number, count))
        flat = (picked + count * np.arange(number)[:, None]).ravel()
        times = np.bincount(flat, minlength=number * count).reshape(number, count)
        yield times.astype(np.min_scalar_type(int(times.max())))


def _none(why: str, level: float, groups: int, estimate: float = np.nan) -> Resampled:
    return Resampled(estimate=estimate, level=level, groups=groups, problem=untested(why))


def _refuse(columns: Array, groups: Array, level: float) -> None:
    if columns.ndim != 2 or len(columns) != len(groups) or len(columns) == 0:
        raise ParameterError(
            f"columns have the shape {columns.shape}, and there are {len(groups)} groups' numbers",
            where="columns",
            allowed="at least one case, and a row and a group's number for each",
        )
    if not 0 < level < 1:
        raise ParameterError(f"level is {level!r}", where="level", allowed="a number between 0 and 1")
