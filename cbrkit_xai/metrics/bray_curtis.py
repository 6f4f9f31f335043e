"""Bray-Curtis dissimilarity between vectors of counts."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np

from cbrkit_xai.components import MetricPlugin
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.metrics.vector_tables import check_distances_finite, nonnegative_vectors, scipy_distances


@attrs.frozen(kw_only=True)
class BrayCurtis:
    """`sum |a - b| / sum (a + b)`, 0 to 1, of numbers of at least 0.

    Two zero vectors, of which the quotient says nothing, are 0 apart; from every other vector a zero
    vector is at distance 1.
    """

    def pairwise(self, queries: Array, references: Array) -> Array:
        """Return distances `(q, n)` of queries `(q, d)` from references `(n, d)`.

        Raises
        ------
        ParameterError
            A row holds NaN, infinity or a negative number, or the rows have different lengths.
        """
        rows = nonnegative_vectors(queries, "queries")
        known = nonnegative_vectors(references, "references")
        distances = scipy_distances(rows, known, "braycurtis")
        counted = np.logical_or.outer((rows > 0).any(axis=1), (known > 0).any(axis=1))
        distances = np.where(counted, distances, 0.0)
        return np.minimum(check_distances_finite(distances), 1.0)


@hookimpl
def cbrkit_xai_metrics() -> Iterator[MetricPlugin]:
    """Register the Bray-Curtis dissimilarity."""
    yield MetricPlugin(
        name="bray-curtis",
        summary="Sum of the absolute differences as a share of all that was counted",
        source="Bray and Curtis 1957; scipy's braycurtis",
        factory=BrayCurtis,
        needs=("scipy",),
        accepts="vectors",
        domain="nonnegative",
        triangle=False,
        zero_vector="one",
        invariant=("order",),
    )
