"""Mean of what is left of each column when its ends are cut off."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np

from cbrkit_xai.aggregators.stacks import checked_stack, checked_weights
from cbrkit_xai.components import AggregatorPlugin
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl


@attrs.frozen(kw_only=True)
class TrimmedMean:
    """Mean of each column without a share of its weight at either end.

    Where the cut goes through a row, the row counts with the part that is left of it. So the
    result does not jump with the number of rows, and a row of weight 2 is the row twice; where
    `share` times n is whole it is the usual trimmed mean.

    Parameters
    ----------
    share : float
        Share of the weight that is cut off at each end, from 0 (the mean) to less than 0.5.
    """

    share: float = attrs.field(default=0.1, validator=[attrs.validators.ge(0.0), attrs.validators.lt(0.5)])

    def aggregate(self, stack: Array, weights: Array | None = None) -> Array:
        """Reduce `(n, ...)` to a float64 trimmed mean `(...)`; a weight of 2 counts as the row twice.

        Raises
        ------
        ParameterError
            No rows, NaN, or weights that are not one number >= 0 a row with a sum > 0.
        """
        rows = checked_stack(stack)
        shares = np.ones(len(rows)) if weights is None else checked_weights(weights, len(rows))
        rows, shares = rows[shares > 0], shares[shares > 0]
        order = np.argsort(rows, axis=0, kind="stable")  # (n, ...)
        ordered = np.take_along_axis(rows, order, axis=0).astype(np.float64)
        kept = _between(shares[order], self.share)
        mean = (kept * ordered).sum(axis=0) / kept.sum(axis=0)
        return np.asarray(np.clip(mean, ordered[0], ordered[-1]))


def _between(weights: Array, share: float) -> Array:
    """Return what is left of sorted weights `(n, ...)` when a share is cut off at either end."""
    ends = np.cumsum(weights, axis=0)
    total = ends[-1]
    low, high = share * total, (1 - share) * total
    return np.maximum(np.minimum(ends, high) - np.maximum(ends - weights, low), 0.0)


@hookimpl
def cbrkit_xai_aggregators() -> Iterator[AggregatorPlugin]:
    """Register the trimmed mean."""
    yield AggregatorPlugin(
        name="trimmed-mean",
        summary="Mean of each column without a share of its weight at either end",
        source="Tukey & McLaughlin 1963, Sankhya A 25, 331-352",
        factory=TrimmedMean,
        examples=({"share": 0.25}, {"share": 0.0}),
        linear=False,
        bounded=True,
        weights="repetition",
        nan="refuse",
    )
