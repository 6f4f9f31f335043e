"""How much each training case counts in a prediction, as the null law asks."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.features import Array
from cbrkit_xai.learning import entry_weights
from cbrkit_xai.neighbours import Neighbours, mean_votes, weighted_mean
from cbrkit_xai.protocols import ReuseStrategy
from cbrkit_xai.reuse.mean import Mean
from cbrkit_xai.reuse.shrunk import Shrunk

_SAME = 1e-9
"""Predictions nearer to each other than this, in parts of the largest, are the same."""


def stated_weight_squares(
    neighbours: Neighbours,
    reuse: ReuseStrategy,
    predicted: Array,
    training: Cases,
    excluded: Collection[str] = (),
) -> Array:
    """Return the sum of the squared weights of the training cases in each prediction, `(q,)`.

    The weights are those that the strategy states, and the share that a shrunk mean gives to the training
    cases' overall mean. They are believed only where the predictions are that weighted mean of votes; a
    strategy that makes something else of the votes (ranks, shares, medians) has no such weights: NaN.

    Parameters
    ----------
    neighbours : Neighbours
        Of q queries.
    reuse : ReuseStrategy
        Fitted.
    predicted : array of shape (q, methods)
        What it made of them.
    training : Cases
        What it was fitted to.
    excluded : collection of str
        Ids of cases that no entry speaks for, though they may be members.
    """
    weights = entry_weights(neighbours, reuse)
    share = _share_of_the_overall_mean(reuse)
    expected = weighted_mean(neighbours.votes, weights)
    if share > 0:
        overall = mean_votes(training.votes)
        expected = np.where(np.isnan(expected), overall, (1 - share) * expected + share * overall)
    scale = np.nanmax(np.abs(expected), initial=1.0)
    is_that_mean = np.isclose(predicted, expected, rtol=0, atol=_SAME * scale, equal_nan=True).all(axis=1)
    squares = weight_squares(neighbours, weights, excluded)
    # Every training case has share / n besides, and the weights of the neighbours sum to 1.
    shrunk = (1 - share) ** 2 * squares + (1 - (1 - share) ** 2) / max(len(training), 1)
    return np.where(is_that_mean, shrunk, np.nan)


def weight_squares(neighbours: Neighbours, weights: Array, excluded: Collection[str] = ()) -> Array:
    """Return the sum over cases of the square of each one's total weight, `(q,)`.

    An entry's weight is divided equally among its members; a case that is a member of several entries
    has the sum. A member counts as one that was asked about every method. NaN without neighbours.

    Parameters
    ----------
    neighbours : Neighbours
        Of q queries.
    weights : array of shape (q, k)
        How much each neighbour counts.
    excluded : collection of str
        Ids of members that no entry speaks for.
    """
    found, members = _members_of_found(neighbours)
    each = np.divide(weights, neighbours.sizes, out=np.zeros_like(weights), where=neighbours.sizes > 0)
    if _are_disjoint(members):
        return np.where(neighbours.k_eff > 0, (each * weights).sum(axis=1), np.nan)
    columns = {one: place for place, one in enumerate(sorted(set().union(*members) - set(excluded)))}
    belongs = np.zeros((len(found), len(columns)))
    for entry, ids in enumerate(members):
        belongs[entry, [columns[one] for one in ids if one in columns]] = 1.0
    of_entries = np.zeros((len(neighbours), len(found)))
    for query, places in enumerate(neighbours.positions):
        there = places >= 0
        of_entries[query, np.searchsorted(found, places[there])] = each[query, there]
    return np.where(neighbours.k_eff > 0, np.square(of_entries @ belongs).sum(axis=1), np.nan)


def even_weight_squares(neighbours: Neighbours, ks: Collection[int]) -> Array:
    """Return `weight_squares` for every k, `(q, ks)`, where the k nearest entries count alike.

    The entries have no member in common. NaN for a query without neighbours.
    """
    if neighbours.positions.shape[1] == 0:
        return np.full((len(neighbours), len(ks)), np.nan)
    sizes = neighbours.sizes
    parts = np.divide(1.0, sizes, out=np.zeros(sizes.shape), where=sizes > 0)
    places = np.minimum(np.array(list(ks), dtype=np.int64), sizes.shape[1]) - 1
    sums = np.cumsum(parts, axis=1)[:, places]
    counts = np.cumsum(neighbours.positions >= 0, axis=1)[:, places]
    return np.divide(sums, counts**2, out=np.full(sums.shape, np.nan), where=counts > 0)


def has_disjoint_entries(neighbours: Neighbours) -> bool:
    """Say whether no case is a member of two of the entries that were found."""
    return _are_disjoint(_members_of_found(neighbours)[1])


def _members_of_found(neighbours: Neighbours) -> tuple[Array, list[tuple[str, ...]]]:
    """Return the places of the entries that any query found, ascending, and their members."""
    found = np.unique(neighbours.positions[neighbours.positions >= 0])
    return found, [neighbours.entries.members[entry] for entry in found]


def _are_disjoint(members: list[tuple[str, ...]]) -> bool:
    return len(set().union(*members)) == sum(map(len, members))


def _share_of_the_overall_mean(reuse: ReuseStrategy) -> float:
    """Return the share of the training cases' overall mean in a prediction; 0 of a stranger's strategy."""
    share = reuse.shrinkage if type(reuse) is Mean else reuse.share if type(reuse) is Shrunk else 0.0
    return 0.0 if isinstance(share, str) else float(share)
