"""Median of each column, weighted or not."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np

from cbrkit_xai.aggregators.stacks import checked_stack, checked_weights
from cbrkit_xai.components import AggregatorPlugin
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl


@attrs.frozen(kw_only=True)
class Median:
    """The middle value of each column, or halfway between the two in the middle.

    One odd member does not move it far. Taken column by column it may lie outside the convex
    hull of the rows, though never outside a column's range.
    """

    def aggregate(self, stack: Array, weights: Array | None = None) -> Array:
        """Reduce `(n, ...)` to a float64 median `(...)`; a weight of 2 counts as the row twice.

        With weights it is the value at which half the total weight is reached, and halfway to
        the next value where it is reached exactly.

        Raises
        ------
        ParameterError
            No rows, NaN, or weights that are not one number >= 0 a row with a sum > 0.
        """
        rows = checked_stack(stack)
        if weights is not None:
            return _weighted_median(rows, checked_weights(weights, len(rows)))
        middle = [(len(rows) - 1) // 2, len(rows) // 2]
        low, high = np.partition(rows, middle, axis=0)[middle]
        return _halfway(low, high)


def _weighted_median(rows: Array, weights: Array) -> Array:
    rows, weights = rows[weights > 0], weights[weights > 0]
    order = np.argsort(rows, axis=0, kind="stable")  # (n, ...)
    reached = np.cumsum(weights[order], axis=0)
    # From either side, the first value that brings half of the weight; within rounding, both count.
    half = reached[-1] / 2
    slack = reached[-1] * 1e-12
    low = np.argmax(reached >= half - slack, axis=0)
    high = np.argmax(reached > half + slack, axis=0)
    sorted_rows = np.take_along_axis(rows, order, axis=0)
    return _halfway(
        np.take_along_axis(sorted_rows, low[None], axis=0)[0],
        np.take_along_axis(sorted_rows, high[None], axis=0)[0],
    )


def _halfway(low: Array, high: Array) -> Array:
    return np.asarray((low.astype(np.float64) + high.astype(np.float64)) / 2)


@hookimpl
def cbrkit_xai_aggregators() -> Iterator[AggregatorPlugin]:
    """Register the median."""
    yield AggregatorPlugin(
        name="median",
        summary="Median of each column",
        source="Brito-Borges et al. 2022, eq. 3 ('a custom aggregation function')",
        factory=Median,
        linear=False,
        bounded=True,
        weights="repetition",
        nan="refuse",
    )
