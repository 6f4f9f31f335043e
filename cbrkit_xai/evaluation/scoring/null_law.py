r"""What the pooled RMSE would be if photos that are alike got votes no more alike than any others.

A prediction is a weighted mean of the training cases' votes. If the votes :math:`y_i` of a held-out case and
:math:`y_j` of the training cases have nothing to do with the photos, then for weights that sum to 1

.. math:: E\Big(y_i - \sum_j w_j y_j\Big)^2 = \sigma^2 \Big(1 + \sum_j w_j^2\Big)

with :math:`\sigma^2` the variance of a method's votes with ddof = 1. That is no approximation: over all ways
to hand the given vote vectors out to the cases it holds exactly, for any n, because the contrast's
coefficients sum to 0. So the RMSE falls as k grows whether or not similarity means anything, and only its
distance from this line does.

It does not hold, and no line is drawn, where the weights look at the votes (supervised organizers, a
shrinkage that was fitted) or do not sum to 1. It holds nearly where

- some votes are missing: a mean over fewer neighbours has larger weights than it seems;
- photos of one group have similar votes: they count as several although they are one;
- votes scatter more for some photos than for others, and those also are neighbours more often: over the
  given votes handed out at random the law still holds, as a model of the photos it does not;
- folds are stratified by the winner, which gives each fold its part of every winner: the mean square then
  comes out lower by about one part in n (at n = 100, in 400 simulations, 1.1 % at k = 1, 5 and 25, where
  chance alone moves it by 8, 5 and 2 %). So the line shows where nothing begins; whether a distance from it
  could be chance is for the permutation null, which keeps the strata, to say.
"""

from __future__ import annotations

import numpy as np

from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.features import Array


def vote_variance(votes: Array) -> float:
    """Return sigma squared: the mean over methods of the variance of their votes, with ddof = 1.

    Parameters
    ----------
    votes : array of shape (n, methods)
        NaN where nobody was asked; a method counts by how often it was asked about, as it does in a
        pooled error.

    Returns
    -------
    float
        In votes squared; NaN where no method was asked about twice.
    """
    asked = ~np.isnan(votes)
    number = asked.sum(axis=0)
    mean = np.where(asked, votes, 0.0).sum(axis=0) / np.maximum(number, 1)
    squares = np.where(asked, (votes - mean) ** 2, 0.0).sum(axis=0)
    usable = number >= 2
    if not usable.any():
        return float("nan")
    variance = squares[usable] / (number[usable] - 1)
    return float(np.average(variance, weights=number[usable]))


def null_rmse(votes: Array, weight_squares: Array) -> Array:
    """Return the pooled RMSE that a predictor would have without any signal, per k.

    Parameters
    ----------
    votes : array of shape (n, methods)
        NaN where nobody was asked.
    weight_squares : array of shape (repeats, n, ks)
        As `Run.weight_squares`: per prediction the sum over the training cases of the square of each
        one's total weight. 1/k for the k nearest of all cases; with prototypes spread over the members.
        NaN where the case was not held out, or the law does not apply.

    Returns
    -------
    array of shape (ks,)
        NaN where no weights are known.
    """
    known = ~np.isnan(weight_squares)
    number = known.sum(axis=(0, 1))
    total = np.where(known, weight_squares, 0.0).sum(axis=(0, 1))
    mean = np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)  # (ks,)
    return np.sqrt(vote_variance(votes) * (1 + mean))


def caveats(votes: Array, weight_squares: Array, groups: Groups) -> tuple[str, ...]:
    """Return in words why the line is missing, or holds only nearly.

    Parameters
    ----------
    votes : array of shape (n, methods)
    weight_squares : array of shape (repeats, n, ks)
    groups : Groups
        Of the n cases.
    """
    if np.isnan(weight_squares).all():
        return ("no null line: the weights of this predictor look at the votes, or are not known",)
    found = []
    missing = np.isnan(votes)
    if missing.any():
        found.append(
            f"the null line is approximate: {int(missing.sum())} of {missing.size} pairs of case and method "
            "were not asked about"
        )
    together = len(votes) - groups.number
    if together:
        found.append(
            f"the null line is approximate: {together} of {len(votes)} cases share a group with another, "
            "and photos of a group may have similar votes"
        )
    return tuple(found)
