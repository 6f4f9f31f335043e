"""Canberra distance between feature vectors."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from cbrkit_xai.components import MetricPlugin
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.metrics.vector_tables import check_distances_finite, finite_vectors, scipy_distances


@attrs.frozen(kw_only=True)
class Canberra:
    """`sum |a - b| / (|a| + |b|)`; where both are 0 nothing is added.

    Each number counts by its relative difference, so that small bins of a histogram weigh as much as
    large ones.
    """

    def pairwise(self, queries: Array, references: Array) -> Array:
        """Return distances `(q, n)`, at most d, of queries `(q, d)` from references `(n, d)`.

        Raises
        ------
        ParameterError
            A row holds NaN or infinity, or the rows have different lengths.
        """
        return check_distances_finite(
            scipy_distances(
                finite_vectors(queries, "queries"), finite_vectors(references, "references"), "canberra"
            )
        )


@hookimpl
def cbrkit_xai_metrics() -> Iterator[MetricPlugin]:
    """Register the Canberra distance."""
    yield MetricPlugin(
        name="canberra",
        summary="Sum of the relative differences",
        source="Lance and Williams 1967; scipy's canberra",
        factory=Canberra,
        needs=("scipy",),
        accepts="vectors",
        triangle=True,
        invariant=("order",),
    )
