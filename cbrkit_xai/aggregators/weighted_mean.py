"""Mean in which rows near the centre count more."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np

from cbrkit_xai.aggregators.mean import Mean
from cbrkit_xai.aggregators.row_distances import distances_from, flat_rows
from cbrkit_xai.aggregators.stacks import checked_stack, checked_weights
from cbrkit_xai.components import AggregatorPlugin
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl


@attrs.frozen(kw_only=True)
class WeightedMean:
    """Mean by each row's similarity to the plain mean.

    With d a row's Euclidean distance from the (weighted) mean and d_mean the (weighted) mean of
    those distances, a row's similarity is 1 / (1 + d / d_mean). An odd row counts for less, and
    the unit of the numbers does not matter.
    """

    def aggregate(self, stack: Array, weights: Array | None = None) -> Array:
        """Reduce `(n, ...)` to a float64 mean `(...)`; a weight of 2 counts as the row twice.

        Raises
        ------
        ParameterError
            No rows, NaN, or weights that are not one number >= 0 a row with a sum > 0.
        """
        rows = checked_stack(stack)
        shares = np.ones(len(rows)) if weights is None else checked_weights(weights, len(rows))
        rows, shares = rows[shares > 0], shares[shares > 0]
        flat = flat_rows(rows)
        distances = distances_from(Mean().aggregate(flat, shares), flat)  # (n,)
        scale = (shares * distances).sum() / shares.sum()
        relative = distances / scale if scale > 0 else distances  # equal rows are all at distance 0
        return Mean().aggregate(rows, shares / (1.0 + relative))


@hookimpl
def cbrkit_xai_aggregators() -> Iterator[AggregatorPlugin]:
    """Register the weighted mean."""
    yield AggregatorPlugin(
        name="weighted-mean",
        summary="Mean in which rows near the mean count more, by 1 / (1 + d / d_mean)",
        source="inverse-distance weights (Shepard 1968), of distances from the mean",
        factory=WeightedMean,
        linear=False,
        bounded=True,
        weights="repetition",
        nan="refuse",
    )
