"""Westfall and Young's maximum statistic: how good the best of so many would look by chance."""

from __future__ import annotations

import attrs
import numpy as np

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.decisions.comparison import untested
from cbrkit_xai.features import Array, frozen_floats

_NO_SPREAD = 1e-12  # of a statistic that no permutation changes, relative to its size


@attrs.frozen(kw_only=True, eq=False)
class MaxStatistic:
    """P-values that hold for the best of many, because the best of many is what they compare with.

    Parameters
    ----------
    single : array of shape (hypotheses,)
        Not adjusted: each against its own draws.
    single_step : array of shape (hypotheses,)
        Against the maximum of all.
    step_down : array of shape (hypotheses,)
        Against the maximum of those that are not larger; never above `single_step`.
    draws : int
        Permutations that were drawn; no p is below 1 / (1 + draws).
    problem : str
        "cannot be tested: ..." with the reason; then all p are NaN.
    """

    single: Array = attrs.field(converter=frozen_floats)
    single_step: Array = attrs.field(converter=frozen_floats)
    step_down: Array = attrs.field(converter=frozen_floats)
    draws: int
    problem: str = ""


def max_statistic(observed: Array, draws: Array) -> MaxStatistic:
    """Return p-values adjusted by the joint permutation distribution of all the statistics.

    Each p is (1 + draws at least as large) / (1 + draws), the observed order being one of the permutations.
    One draw permutes the votes once for *all* hypotheses, so whatever dependence there is between
    neighbouring k, or between configurations, is in the draws.

    Parameters
    ----------
    observed : array of shape (hypotheses,)
        The larger, the more it speaks against the null hypothesis. Hypotheses of different spread
        should be brought to one by `standardised`; NaN where one does not exist.
    draws : array of shape (draws, hypotheses)
        The same statistics under joint permutations.

    References
    ----------
    Westfall & Young, *Resampling-Based Multiple Testing*, 1993, algorithms 2.5 and 2.8 (with statistics
    for p-values). Phipson & Smyth, Permutation p-values should never be zero, Statistical Applications in
    Genetics and Molecular Biology 9 (2010) 39.

    Raises
    ------
    ParameterError
        The two do not belong together.
    """
    observed, draws = _checked(observed, draws)
    count, hypotheses = draws.shape
    usable = np.isfinite(observed) & np.isfinite(draws).all(axis=0)
    problem = _obstacle(count, usable)
    if problem:
        nothing = np.full(hypotheses, np.nan)
        return MaxStatistic(
            single=nothing, single_step=nothing, step_down=nothing, draws=count, problem=problem
        )
    mine, theirs = observed[usable], draws[:, usable]
    order = np.argsort(-mine, kind="stable")
    # Column i: the maximum over the i-th largest hypothesis and all that are smaller.  # (draws, usable)
    remaining = np.maximum.accumulate(theirs[:, order[::-1]], axis=1)[:, ::-1]
    down = np.empty(len(mine))
    down[order] = np.maximum.accumulate(_share(remaining >= mine[order]))
    return MaxStatistic(
        single=_laid(_share(theirs >= mine), usable),
        single_step=_laid(_share(theirs.max(axis=1, keepdims=True) >= mine), usable),
        step_down=_laid(down, usable),
        draws=count,
    )


def standardised(observed: Array, draws: Array) -> tuple[Array, Array]:
    """Return both in units of each hypothesis' spread over the permutations, from their mean.

    Mean and standard deviation are of the draws *and* the observed value together: then the observed order
    is treated as any other permutation, and the p-values stay exact. A statistic that no permutation changes
    becomes 0 throughout.

    Parameters
    ----------
    observed : array of shape (hypotheses,)
    draws : array of shape (draws, hypotheses)
    """
    observed, draws = _checked(observed, draws)
    everything = np.vstack([observed, draws])  # (1 + draws, hypotheses)
    mean, spread = everything.mean(axis=0), everything.std(axis=0)
    moves = spread > _NO_SPREAD * np.maximum(np.abs(mean), 1e-300)
    scaled = np.where(moves, (everything - mean) / np.where(moves, spread, 1.0), 0.0)
    scaled = np.where(np.isnan(everything), np.nan, scaled)
    return scaled[0], scaled[1:]


def _checked(observed: Array, draws: Array) -> tuple[Array, Array]:
    observed, draws = np.asarray(observed, np.float64), np.asarray(draws, np.float64)
    if observed.ndim != 1 or draws.ndim != 2 or draws.shape[1] != len(observed):
        raise ParameterError(
            f"the shapes are {observed.shape} and {draws.shape}",
            where="draws",
            allowed="(hypotheses,) and (draws, hypotheses)",
        )
    return observed, draws


def _obstacle(count: int, usable: Array) -> str:
    if count == 0:
        return untested("nothing was permuted")
    if not usable.any():
        return untested("no statistic exists both observed and permuted")
    return ""


def _share(at_least: Array) -> Array:
    return (1 + at_least.sum(axis=0)) / (1 + len(at_least))


def _laid(values: Array, usable: Array) -> Array:
    laid = np.full(len(usable), np.nan)
    laid[usable] = values
    return laid
