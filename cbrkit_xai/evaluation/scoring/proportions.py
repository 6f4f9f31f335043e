"""Shares of photos with an interval, every group of photos counting once."""

from __future__ import annotations

import attrs
import numpy as np

from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.features import Array


@attrs.frozen(kw_only=True)
class Proportion:
    """A share of photos, and how far chance may have moved it.

    Parameters
    ----------
    share : float
        0 to 1; NaN of no group.
    low, high : float
        Clopper-Pearson interval; 0 and 1 of no group.
    groups : int
        How many groups of photos it was counted over.
    """

    share: float
    low: float
    high: float
    groups: int


def clopper_pearson(successes: float, trials: int, *, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a binomial chance.

    Parameters
    ----------
    successes : float
        0 to `trials`. A part of a success, as a shared win is, varies less than whole ones do, so that the
        interval is if anything too wide.
    trials : int
    level : float
        Of the two-sided interval.

    References
    ----------
    Clopper & Pearson, Biometrika 26 (1934) 404-413.
    """
    from scipy.special import betaincinv  # on use; scipy.stats would take half a second to import

    tail = (1 - level) / 2
    low = float(betaincinv(successes, trials - successes + 1, tail)) if successes > 0 else 0.0
    high = float(betaincinv(successes + 1, trials - successes, 1 - tail)) if successes < trials else 1.0
    return low, high


def proportion(credits: Array, groups: Groups, *, level: float = 0.95) -> Proportion:
    """Return the mean over groups of the mean credit of their cases.

    Cases of one group are no independent witnesses: each group counts as one trial. Predictions of
    different folds share training cases, which no interval for independent trials knows of; it is likely
    somewhat too narrow.

    Parameters
    ----------
    credits : array of shape (n,)
        0 to 1; NaN for a case that does not count.
    groups : Groups
        Of n cases.
    level : float
        Of the two-sided interval.
    """
    means = group_means(credits, groups)
    if not len(means):
        return Proportion(share=float("nan"), low=0.0, high=1.0, groups=0)
    low, high = clopper_pearson(float(means.sum()), len(means), level=level)
    return Proportion(share=float(means.mean()), low=low, high=high, groups=len(means))


def group_means(values: Array, groups: Groups) -> Array:
    """Return each group's mean over the cases that have a value, `(groups that have any,)`."""
    counted = ~np.isnan(values)
    number = np.bincount(groups.labels[counted], minlength=groups.number)
    total = np.bincount(groups.labels[counted], weights=values[counted], minlength=groups.number)
    found: Array = total[number > 0] / number[number > 0]
    return found
