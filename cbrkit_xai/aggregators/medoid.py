"""The row that is nearest to all the others."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np

from cbrkit_xai.aggregators.row_distances import all_distances, flat_rows, lexicographic_order
from cbrkit_xai.aggregators.stacks import checked_stack, checked_weights
from cbrkit_xai.components import AggregatorPlugin
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.protocols import Metric

_ROUNDING = 1e-12
"""Sums of distances that differ by less than this share of them are equal."""


@attrs.frozen(kw_only=True)
class Medoid:
    """The row with the least weighted sum of distances to the others: a photo that exists.

    Of equally good rows it is the one with the least first number, then second, and so on.

    Parameters
    ----------
    metric : Metric, optional
        By which rows are compared, in the shape they come in; by default the Euclidean distance,
        which takes rows of any shape.
    """

    metric: Metric | None = None

    def aggregate(self, stack: Array, weights: Array | None = None) -> Array:
        """Reduce `(n, ...)` to one of its rows `(...)`, float64; a weight of 2 counts as the row twice.

        Raises
        ------
        ParameterError
            No rows, NaN, weights that are not one number >= 0 a row with a sum > 0, or rows that
            the metric cannot take.
        """
        rows = checked_stack(stack)
        shares = np.ones(len(rows)) if weights is None else checked_weights(weights, len(rows))
        rows, shares = rows[shares > 0], shares[shares > 0]
        sums = self._distances(rows) @ shares
        best = np.flatnonzero(sums <= sums.min() * (1 + _ROUNDING))
        first = best[lexicographic_order(rows[best])[0]]
        return rows[first].astype(np.float64)

    def _distances(self, rows: Array) -> Array:
        if self.metric is None:
            return all_distances(flat_rows(rows))
        compared = rows[:, None] if rows.ndim == 1 else rows
        return self.metric.pairwise(compared, compared)


@hookimpl
def cbrkit_xai_aggregators() -> Iterator[AggregatorPlugin]:
    """Register the medoid."""
    yield AggregatorPlugin(
        name="medoid",
        summary="The row with the least sum of distances to the others",
        source="Kaufman & Rousseeuw 1987, Clustering by means of medoids",
        factory=Medoid,
        examples=({"metric": {"use": "manhattan"}}, {"metric": {"use": "pixel-difference"}}),
        linear=False,
        bounded=True,
        weights="repetition",
        nan="refuse",
    )
