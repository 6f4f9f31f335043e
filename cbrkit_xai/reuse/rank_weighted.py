"""Predicted votes as the mean of the neighbours' votes by their rank in distance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import attrs
import numpy as np

from cbrkit_xai.components import ReuseStrategyPlugin
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.neighbours import Neighbours, weighted_mean


@attrs.frozen(kw_only=True)
class RankWeighted:
    """Mean of the neighbours' votes by rank; neighbours at equal distance share their ranks' weights.

    Parameters
    ----------
    weight : {"inverse", "linear"}
        `inverse`: 1 / rank. `linear`: of n neighbours the first counts n, the last 1.
    """

    weight: Literal["inverse", "linear"] = attrs.field(
        default="inverse", validator=attrs.validators.in_(("inverse", "linear"))
    )

    def weights(self, neighbours: Neighbours) -> Array:
        """Return how much each neighbour counts, `(q, k)`; rows sum to 1."""
        laid = np.zeros(neighbours.positions.shape)
        for query, found in enumerate(neighbours.k_eff):
            if found:
                laid[query, :found] = self._of_one(neighbours.distances[query, :found])
        return laid

    def _of_one(self, distances: Array) -> Array:
        ranks = np.arange(1, len(distances) + 1)
        raw = 1.0 / ranks if self.weight == "inverse" else ranks[::-1].astype(np.float64)
        _, group = np.unique(distances, return_inverse=True)
        shared = np.bincount(group, weights=raw) / np.bincount(group)
        return shared[group] / raw.sum()

    def reuse(self, neighbours: Neighbours) -> Array:
        """Return predicted votes `(q, methods)`; NaN where no neighbour was asked."""
        return weighted_mean(neighbours.votes, self.weights(neighbours))


@hookimpl
def cbrkit_xai_reuse_strategies() -> Iterator[ReuseStrategyPlugin]:
    """Register the strategy."""
    yield ReuseStrategyPlugin(
        name="rank-weighted",
        summary="Mean of the neighbours' votes by 1 / rank, or falling evenly with rank",
        source="Stone 1977, Annals of Statistics 5(4), 595-620 (weights by rank)",
        factory=RankWeighted,
        examples=({"weight": "linear"},),
        hull=True,
        repeats_single=True,
        scale_free=True,
    )
