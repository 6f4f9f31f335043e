"""Predicted votes as the mean of the neighbours' votes, nearer ones counting more."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np

from cbrkit_xai.components import ReuseStrategyPlugin
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.neighbours import Neighbours, weighted_mean
from cbrkit_xai.reuse.mean import Mean


@attrs.frozen(kw_only=True)
class SimilarityWeighted:
    """Mean of the neighbours' votes by their similarity 1 / (1 + d / d_mean), sharpened as asked.

    d_mean is the mean distance of the query's neighbours, so that the unit of the metric does not
    matter. A similarity is used as it is, however small.

    Parameters
    ----------
    sharpness : float
        Power to which similarities are raised: 0 lets all neighbours count alike, a large one
        the nearest alone.
    """

    sharpness: float = attrs.field(default=1.0, validator=attrs.validators.ge(0))

    def weights(self, neighbours: Neighbours) -> Array:
        """Return how much each neighbour counts, `(q, k)`; rows sum to 1."""
        similar = Mean(weight="similarity").weights(neighbours)
        if self.sharpness == 1.0:
            return similar
        # Divided by the nearest's, which stays 1 and cannot vanish.
        nearest = similar.max(axis=1, keepdims=True, initial=0.0)
        relative = np.divide(similar, nearest, out=np.zeros_like(similar), where=nearest > 0)
        raised = np.where(relative > 0, relative**self.sharpness, 0.0)
        total = raised.sum(axis=1, keepdims=True)
        return np.divide(raised, total, out=np.zeros_like(raised), where=total > 0)

    def reuse(self, neighbours: Neighbours) -> Array:
        """Return predicted votes `(q, methods)`; NaN where no neighbour was asked."""
        return weighted_mean(neighbours.votes, self.weights(neighbours))


@hookimpl
def cbrkit_xai_reuse_strategies() -> Iterator[ReuseStrategyPlugin]:
    """Register the strategy."""
    yield ReuseStrategyPlugin(
        name="similarity-weighted",
        summary="Mean of the neighbours' votes, nearer ones counting more",
        source="Dudani 1976, The distance-weighted k-nearest-neighbor rule",
        factory=SimilarityWeighted,
        examples=({"sharpness": 4.0},),
        hull=True,
        repeats_single=True,
        scale_free=True,
    )
