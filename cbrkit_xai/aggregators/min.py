"""The least value of each column."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np

from cbrkit_xai.aggregators.stacks import checked_stack, checked_weights
from cbrkit_xai.components import AggregatorPlugin
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl


@attrs.frozen(kw_only=True)
class Min:
    """The least value of each column; a weight says no more than whether the row is there."""

    def aggregate(self, stack: Array, weights: Array | None = None) -> Array:
        """Reduce `(n, ...)` to a float64 minimum `(...)`; a row of weight 0 is absent.

        Raises
        ------
        ParameterError
            No rows, NaN, or weights that are not one number >= 0 a row with a sum > 0.
        """
        rows = checked_stack(stack)
        if weights is not None:
            rows = rows[checked_weights(weights, len(rows)) > 0]
        return np.asarray(rows.min(axis=0), dtype=np.float64)


@hookimpl
def cbrkit_xai_aggregators() -> Iterator[AggregatorPlugin]:
    """Register the minimum."""
    yield AggregatorPlugin(
        name="min",
        summary="The least value of each column",
        source="the 2021 program behind Brito-Borges et al. 2022",
        factory=Min,
        linear=False,
        bounded=True,
        weights="repetition",
        nan="refuse",
    )
