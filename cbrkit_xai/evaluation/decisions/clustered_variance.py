"""The variance of a mean difference where many predictions rest on the votes of one training case."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cbrkit_xai.features import Array


def clustered_variance(per_case: Array, rests_on: Sequence[Array]) -> float:
    """Return the variance of the mean of paired differences, clustered by what predictions rest on.

    With u the differences less their mean, over their number, and for each predictor the sums of u over the
    predictions that rest on one and the same training case,

        V = V_first + V_second - V_case,      V_x = sum over the clusters x of (sum of u in it)^2

    where the clusters of V_case are the cases themselves, through all repeats. It allows for what folds
    cannot tell: a case that is the nearest of many errs with all of them, in nearly all folds of all repeats,
    so that fold differences are alike and their mean varies more than they do.

    Parameters
    ----------
    per_case : array of shape (repeats, n)
        First minus second; NaN does not count.
    rests_on : sequence of arrays of shape (repeats, n)
        One for each predictor of which it is known: the row of the single training case on whose votes the
        prediction rests, -1 where it rests on several. Without any there is nothing to cluster by.

    Returns
    -------
    float
        0 where nothing is known. It may be below what independent differences have, so it is a bound to be
        taken with another estimate and not by itself.

    References
    ----------
    Cameron, Gelbach & Miller, Robust inference with multiway clustering, Journal of Business & Economic
    Statistics 29 (2011) 238-249.
    """
    known = ~np.isnan(per_case)
    if not rests_on or not known.any():
        return 0.0
    away = np.where(known, per_case - per_case[known].mean(), 0.0) / known.sum()
    cases = np.broadcast_to(np.arange(per_case.shape[1]), per_case.shape)
    of_cases = _summed(away, cases)
    # A prediction that rests on several cases goes with its own case alone.
    clustered = sum(_summed(away, np.where(one >= 0, per_case.shape[1] + one, cases)) for one in rests_on)
    return max(float(clustered - (len(rests_on) - 1) * of_cases), 0.0)


def _summed(away: Array, cluster: Array) -> float:
    return float(np.square(np.bincount(cluster.ravel(), weights=away.ravel())).sum())
