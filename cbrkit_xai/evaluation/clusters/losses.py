"""Which queries lose by clustering, and what is unusual about them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.features import Array
from cbrkit_xai.neighbours import Neighbours, mean_votes
from cbrkit_xai.protocols import Index

SHOWN = 6
"""Queries that are named."""

_UNUSUAL = 0.8
"""Share of the queries that a value has to exceed to count as a reason."""

DISTANCE = "distance from the nearest prototype"
SIZE = "size of its cluster"
UNLIKE = "distance of its own votes from its cluster's"

_REASONS = {
    DISTANCE: "farther from its prototype than {} of the photos",
    SIZE: "in a larger cluster than {} of the photos",
    UNLIKE: "its votes are farther from its cluster's than those of {} of the photos",
}


@attrs.frozen(kw_only=True)
class Factor:
    """Something about a query that may go with losing.

    Parameters
    ----------
    name : str
        In words.
    correlation : float
        Spearman's, with the loss; NaN where either never changes.
    low, high : float
        95 % interval of it (Bonett & Wright, Psychometrika 65 (2000) 23-28).
    """

    name: str
    correlation: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


@attrs.frozen(kw_only=True)
class Loser:
    """A query that is predicted worse by prototypes than by its neighbours.

    Parameters
    ----------
    id : str
        Of the case.
    loss : float
        Its squared error by prototypes less that by neighbours, in votes squared, mean over repeats.
    reasons : tuple of str
        What is unusual about it, in words.
    """

    id: str
    loss: float
    reasons: tuple[str, ...]


@attrs.frozen(kw_only=True, eq=False)
class Losses:
    """Who loses by clustering, and why.

    Parameters
    ----------
    k : int
        Prototypes that the one prediction rests on.
    other_k : int
        Neighbours that the other rests on.
    losing, queries : int
        Queries with a loss above 0, and all.
    factors : tuple of Factor
        What may go with it.
    losers : tuple of Loser
        Those that lose most.
    """

    k: int
    other_k: int
    losing: int
    queries: int
    factors: tuple[Factor, ...]
    losers: tuple[Loser, ...]


def losses(difference: Array, cases: Cases, index: Index, *, k: int, other_k: int) -> Losses:
    """Return who loses, and what goes with it.

    Parameters
    ----------
    difference : array of shape (n,)
        Squared error by prototypes less that by neighbours; NaN where a case was not held out.
    cases : Cases
        In the configuration's representation.
    index : Index
        Of all of them; each query is compared with what it holds without the query's own group.
    k, other_k : int
        Prototypes and neighbours that the predictions rest on.
    """
    values = _about(cases, index)
    known = ~np.isnan(difference)
    order = np.lexsort((np.argsort(cases.ids), -np.nan_to_num(difference, nan=-math.inf)))
    losers = [int(row) for row in order if known[row] and difference[row] > 0][:SHOWN]
    return Losses(
        k=k,
        other_k=other_k,
        losing=int((difference[known] > 0).sum()),
        queries=int(known.sum()),
        factors=tuple(_factor(name, column, difference) for name, column in values.items()),
        losers=tuple(
            Loser(id=cases.ids[row], loss=float(difference[row]), reasons=_reasons(row, values))
            for row in losers
        ),
    )


def _about(cases: Cases, index: Index) -> dict[str, Array]:
    """Return what may go with losing, each `(n,)`; NaN where it is not known."""
    held_out = cases.held_out()
    nearest = index.nearest(cases.features, 1, exclude=held_out)
    if not nearest.positions.shape[1]:  # a single group, without which nothing is left
        return dict.fromkeys((DISTANCE, SIZE, UNLIKE), np.full(len(cases), math.nan))
    found = nearest.positions[:, 0] >= 0
    unlike = [
        _squared_distance(cases.votes[row], _votes_of_others(cases, nearest, row, out))
        if found[row]
        else math.nan
        for row, out in enumerate(held_out)
    ]
    return {
        DISTANCE: np.where(found, nearest.distances[:, 0], math.nan),
        SIZE: np.where(found, nearest.sizes[:, 0], math.nan),
        UNLIKE: np.array(unlike),
    }


def _votes_of_others(cases: Cases, nearest: Neighbours, row: int, out: Sequence[str]) -> Array:
    # Not the index's entries: one that chooses them by votes chooses anew without the held-out.
    members = nearest.entries.members[nearest.positions[row, 0]]
    return mean_votes(cases.votes[[cases.row_of[one] for one in members if one not in out]])


def _squared_distance(first: Array, second: Array) -> float:
    apart = (first - second) ** 2
    known = ~np.isnan(apart)
    return float(apart[known].mean()) if known.any() else math.nan


def _factor(name: str, values: Array, difference: Array) -> Factor:
    from scipy.stats import spearmanr

    known = ~(np.isnan(values) | np.isnan(difference))
    values, difference = values[known], difference[known]
    if len(values) < 5 or np.ptp(values) == 0 or np.ptp(difference) == 0:
        return Factor(name=name, correlation=math.nan, low=math.nan, high=math.nan)
    correlation = float(spearmanr(values, difference).statistic)
    bounded = min(max(correlation, -1 + 1e-12), 1 - 1e-12)
    reach = 1.959963984540054 * math.sqrt((1 + bounded**2 / 2) / (len(values) - 3))
    middle = math.atanh(bounded)
    return Factor(
        name=name,
        correlation=correlation,
        low=math.tanh(middle - reach),
        high=math.tanh(middle + reach),
    )


def _reasons(row: int, values: dict[str, Array]) -> tuple[str, ...]:
    """Name what is unusual about a query: what exceeds four of five others."""
    found = []
    for name, column in values.items():
        known = column[~np.isnan(column)]
        if np.isnan(column[row]) or len(known) < 5:
            continue
        below = float((known < column[row]).mean())
        if below >= _UNUSUAL:
            found.append(_REASONS[name].format(f"{below:.0%}".replace("%", " %")))
    return tuple(found)
