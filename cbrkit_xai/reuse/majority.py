"""Methods by the share of neighbours whose winner they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import attrs
import numpy as np

from cbrkit_xai.components import ReuseStrategyPlugin
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.neighbours import Neighbours, weighted_mean
from cbrkit_xai.reuse.mean import Mean


@attrs.frozen(kw_only=True)
class Majority:
    """Share of the neighbours whose winner a method is, from 0 to 1; no number of votes.

    Winners that tie share their neighbour's voice. A neighbour without any vote has no winner,
    nor has one that was asked about a single method; where none that was asked about a method has,
    the method gets an even share.

    Parameters
    ----------
    weight : {"none", "similarity"}
        Whether nearer neighbours count more; as in the strategy `mean`.
    """

    weight: Literal["none", "similarity"] = attrs.field(
        default="none", validator=attrs.validators.in_(("none", "similarity"))
    )

    def weights(self, neighbours: Neighbours) -> Array:
        """Return how much each neighbour counts, `(q, k)`; rows sum to 1."""
        return Mean(weight=self.weight).weights(neighbours)

    def reuse(self, neighbours: Neighbours) -> Array:
        """Return shares `(q, methods)`; NaN where no neighbour was asked."""
        credit = weighted_mean(_credit(neighbours.votes), self.weights(neighbours))
        asked = (~np.isnan(neighbours.votes)).any(axis=1)  # (queries, methods)
        even = 1.0 / np.maximum(asked.sum(axis=1, keepdims=True), 1)
        return np.where(asked & np.isnan(credit), even, credit)


def _credit(votes: Array) -> Array:
    """Return each winner's part of the one voice of votes `(..., methods)`, 0 for the others."""
    asked = ~np.isnan(votes)
    filled = np.where(asked, votes, -np.inf)
    most = filled.max(axis=-1, keepdims=True)
    wins = (filled == most) & asked
    credit = wins / np.maximum(wins.sum(axis=-1, keepdims=True), 1)
    speaks = (asked.sum(axis=-1, keepdims=True) >= 2) & (most > 0)
    return np.where(asked & speaks, credit, np.nan)


@hookimpl
def cbrkit_xai_reuse_strategies() -> Iterator[ReuseStrategyPlugin]:
    """Register the strategy."""
    yield ReuseStrategyPlugin(
        name="majority",
        summary="Share of the neighbours whose winner a method is, from 0 to 1, ties shared",
        source="Cover & Hart 1967, Nearest neighbor pattern classification",
        factory=Majority,
        examples=({"weight": "similarity"},),
        scale_free=True,
    )
