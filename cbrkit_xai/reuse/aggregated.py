"""Predicted votes by any aggregator of the neighbours' votes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import attrs
import numpy as np

from cbrkit_xai.components import ReuseStrategyPlugin
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.neighbours import Neighbours
from cbrkit_xai.protocols import Aggregator
from cbrkit_xai.reuse.mean import Mean


@attrs.frozen(kw_only=True)
class Aggregated:
    """What an aggregator makes of the neighbours' votes: their median, largest, least, medoid ...

    A method is aggregated over the neighbours that were asked about it; methods that the same
    neighbours were asked about are aggregated together, as one row of votes each.

    Parameters
    ----------
    aggregator : Aggregator
        Applied to the votes of each query's neighbours.
    weight : {"none", "similarity", "complement"}
        Whether nearer neighbours count more: `similarity` as in the strategy `mean`; `complement`: by
        1 - d, as the predecessor counted, for metrics whose distances go from 0 to 1. A neighbour at 1
        or beyond then counts nothing, and where none counts anything, all count alike.
    """

    aggregator: Aggregator
    weight: Literal["none", "similarity", "complement"] = attrs.field(
        default="none", validator=attrs.validators.in_(("none", "similarity", "complement"))
    )

    @property
    def facts(self) -> Mapping[str, bool]:
        """1 - d depends on the metric's unit."""
        return {"scale_free": self.weight != "complement"}

    def weights(self, neighbours: Neighbours) -> Array:
        """Return how much each neighbour counts, `(q, k)`; rows sum to 1."""
        if self.weight != "complement":
            return Mean(weight=self.weight).weights(neighbours)
        similarity = np.maximum(1.0 - neighbours.distances, 0.0)  # an absent one is infinitely far
        total = similarity.sum(axis=1, keepdims=True)
        alike = Mean().weights(neighbours)
        return np.where(total > 0, similarity / np.where(total > 0, total, 1.0), alike)

    def reuse(self, neighbours: Neighbours) -> Array:
        """Return predicted votes `(q, methods)`; NaN where no neighbour was asked."""
        weights = self.weights(neighbours)
        predicted = np.full((len(neighbours), neighbours.votes.shape[2]), np.nan)
        for query, votes in enumerate(neighbours.votes):
            asked = ~np.isnan(votes)  # (k, methods)
            for pattern in np.unique(asked, axis=1).T:
                if not pattern.any():
                    continue
                alike = (asked == pattern[:, None]).all(axis=0)
                counted = weights[query, pattern] if self.weight != "none" else None
                if counted is not None and not counted.any():  # those that count were not asked
                    counted = None
                predicted[query, alike] = self.aggregator.aggregate(votes[pattern][:, alike], counted)
        return predicted


@hookimpl
def cbrkit_xai_reuse_strategies() -> Iterator[ReuseStrategyPlugin]:
    """Register the strategy."""
    yield ReuseStrategyPlugin(
        name="aggregated",
        summary="Any aggregator over the neighbours' votes, such as median, max or min",
        source="the 2021 program behind Brito-Borges et al. 2022 (average, weighted average, max, min)",
        factory=Aggregated,
        examples=(
            {"aggregator": {"use": "median"}},
            {"aggregator": {"use": "mean"}, "weight": "similarity"},
            {"aggregator": {"use": "max"}, "weight": "complement"},
        ),
        scale_free=True,
    )
