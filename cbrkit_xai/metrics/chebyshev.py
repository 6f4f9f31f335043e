"""Chebyshev distance between feature vectors."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from cbrkit_xai.components import MetricPlugin
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.metrics.vector_tables import check_distances_finite, finite_vectors, scipy_distances


@attrs.frozen(kw_only=True)
class Chebyshev:
    """The largest absolute difference."""

    def pairwise(self, queries: Array, references: Array) -> Array:
        """Return distances `(q, n)` of queries `(q, d)` from references `(n, d)`.

        Raises
        ------
        ParameterError
            A row holds NaN or infinity, or the rows have different lengths.
        """
        return check_distances_finite(
            scipy_distances(
                finite_vectors(queries, "queries"), finite_vectors(references, "references"), "chebyshev"
            )
        )


@hookimpl
def cbrkit_xai_metrics() -> Iterator[MetricPlugin]:
    """Register the Chebyshev distance."""
    yield MetricPlugin(
        name="chebyshev",
        summary="Largest absolute difference",
        source="Minkowski 1910, the limit of large p; scipy's chebyshev",
        factory=Chebyshev,
        needs=("scipy",),
        accepts="vectors",
        triangle=True,
        invariant=("translation", "order"),
    )
