"""Methods by the points that the neighbours' rankings give them."""

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
class Borda:
    """Mean of Borda points from 0 to 1, which are not votes: they say who leads, not by how much.

    A neighbour gives a method the share of the other methods that it ranks below, where it was
    asked about both; a tie counts half. 1 is a method that every neighbour puts first, 0.5 one in
    the middle, or one that no neighbour can compare with another.

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
        """Return points `(q, methods)`; NaN where no neighbour was asked."""
        points = weighted_mean(_points(neighbours.votes), self.weights(neighbours))
        asked = (~np.isnan(neighbours.votes)).any(axis=1)
        return np.where(asked & np.isnan(points), 0.5, points)


def _points(votes: Array) -> Array:
    """Return Borda points, 0 to 1, of votes `(..., methods)`; NaN where there is nothing to compare."""
    asked = ~np.isnan(votes)
    filled = np.where(asked, votes, 0.0)
    mine, other = filled[..., :, None], filled[..., None, :]  # (..., methods, methods)
    beaten = np.where(asked[..., None, :], (mine > other) + 0.5 * (mine == other), 0.0)
    others = asked.sum(axis=-1, keepdims=True) - 1
    points = (beaten.sum(axis=-1) - 0.5) / np.maximum(others, 1)  # each is on a level with itself
    return np.where(asked & (others > 0), points, np.nan)


@hookimpl
def cbrkit_xai_reuse_strategies() -> Iterator[ReuseStrategyPlugin]:
    """Register the strategy."""
    yield ReuseStrategyPlugin(
        name="borda",
        summary="Borda count over the neighbours' rankings: points from 0 to 1, not votes",
        source="Borda 1781; ties as in Emerson 2013, Social Choice and Welfare 40, 353-358",
        factory=Borda,
        examples=({"weight": "similarity"},),
        scale_free=True,
    )
