"""Arithmetic mean of each column, weighted or not."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np

from cbrkit_xai.aggregators.stacks import checked_stack, checked_weights
from cbrkit_xai.components import AggregatorPlugin
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl


@attrs.frozen(kw_only=True)
class Mean:
    """The numerical average that the paper chose for its prototypes (eq. 3).

    A rounded sum, divided, can miss the range of its rows by the last digit; the result is
    held inside the range, so that the mean of equal rows is that row.
    """

    def aggregate(self, stack: Array, weights: Array | None = None) -> Array:
        """Reduce `(n, ...)` to a float64 mean `(...)`; a weight of 2 counts as the row twice.

        Raises
        ------
        ParameterError
            No rows, NaN, or weights that are not one number >= 0 a row with a sum > 0.
        """
        rows = checked_stack(stack)
        if weights is None:
            mean = np.asarray(rows.mean(axis=0, dtype=np.float64))
        else:
            shares = checked_weights(weights, len(rows))
            rows, shares = rows[shares > 0], shares[shares > 0]
            mean = np.einsum("n,n...->...", shares, rows, dtype=np.float64) / shares.sum()
        return np.asarray(np.clip(mean, rows.min(axis=0), rows.max(axis=0)))


@hookimpl
def cbrkit_xai_aggregators() -> Iterator[AggregatorPlugin]:
    """Register the mean."""
    yield AggregatorPlugin(
        name="mean",
        summary="Arithmetic mean of each column",
        source="Brito-Borges et al. 2022, eq. 3",
        factory=Mean,
        linear=True,
        bounded=True,
        weights="repetition",
        nan="refuse",
    )
