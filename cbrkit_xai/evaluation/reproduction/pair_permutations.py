"""Sums over pairs of photos, when the votes are handed out to the photos anew."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.features import Array
from cbrkit_xai.protocols import Progress

_AT_ONCE = 4_000_000
"""Numbers of a block of draws: 32 MB."""

PAIRS = 1_000_000_000
"""So many pairs are looked at in all, unless that were fewer draws than `FEWEST`."""

MOST, FEWEST = 4_999, 999
"""Draws."""


def number_of_draws(n: int) -> int:
    """Return how many draws n cases are given: 4,999 up to 447 cases, and at least 999."""
    return int(np.clip(PAIRS // max(n * n, 1), FEWEST, MOST))


def orders(groups: Groups, draws: int, seed: int | Sequence[int]) -> Array:
    """Return ways to hand out votes, `(draws, n)`: for each case the row of the case whose votes it gets.

    The rows of a group move together, in their order, to a group of the same size.

    Parameters
    ----------
    groups : Groups
        Of n cases.
    draws : int
        How many.
    seed : int or sequence of int
        The same seed gives the same draws.
    """
    rng = np.random.default_rng(seed)
    members: dict[int, list[Array]] = {}
    for group in range(groups.number):
        rows = np.flatnonzero(groups.labels == group)
        members.setdefault(len(rows), []).append(rows)
    found = np.empty((draws, len(groups.labels)), dtype=np.int64)
    for size in sorted(members):
        rows = np.stack(members[size])  # (groups, size)
        places = rng.permuted(np.tile(np.arange(len(rows)), (draws, 1)), axis=1)
        found[:, rows.ravel()] = rows[places].reshape(draws, -1)
    return found


def between_groups(groups: Groups) -> Array:
    """Return which pairs are of two groups, `(n, n)` bool: two of one photo are no evidence."""
    return groups.labels[:, None] != groups.labels[None, :]


def permuted_sums(weights: Array, relation: Array, ways: Array, progress: Progress | None = None) -> Array:
    """Return the sums over pairs of weight times relation for each way to hand out the votes.

    Parameters
    ----------
    weights : array of shape (statistics, n, n)
        Of the photos; stay where they are.
    relation : array of shape (n, n)
        Of the votes; finite.
    ways : array of shape (draws, n)
        As `orders` gives them.
    progress : callable, optional
        Called with (draws done, draws).

    Returns
    -------
    array of shape (draws, statistics)
        `sum_ij weights[s, i, j] relation[way[i], way[j]]`.

    Raises
    ------
    ParameterError
        The shapes do not belong together.
    """
    n = len(relation)
    if weights.shape[1:] != (n, n) or ways.shape[1:] != (n,):
        raise ParameterError(
            f"the shapes are {weights.shape}, {relation.shape} and {ways.shape}",
            where="permuted_sums",
            allowed="(statistics, n, n), (n, n) and (draws, n)",
        )
    flat = weights.reshape(len(weights), -1).T  # (n * n, statistics)
    sums = np.empty((len(ways), len(weights)))
    at_once = max(1, _AT_ONCE // max(n * n, 1))
    for start in range(0, len(ways), at_once):
        block = ways[start : start + at_once]
        moved = np.stack([relation[way][:, way].ravel() for way in block])  # (draws, n * n)
        sums[start : start + len(block)] = moved @ flat
        if progress is not None:
            progress(min(start + at_once, len(ways)), len(ways))
    return sums


def upper_p(observed: Array, drawn: Array) -> Array:
    """Return (1 + draws that are at least as large) / (1 + draws) per statistic.

    Parameters
    ----------
    observed : array of shape (statistics,)
    drawn : array of shape (draws, statistics)
        A draw that differs from what was observed in rounding alone counts as equal to it.
    """
    as_large = drawn >= observed - 1e-12 * np.maximum(np.abs(observed), 1e-6)
    return (1 + as_large.sum(axis=0)) / (1 + len(drawn))
