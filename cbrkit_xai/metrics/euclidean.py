"""Euclidean distance between feature vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs
import numpy as np

from cbrkit_xai.components import MetricPlugin
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.metrics.squared_differences import check_finite, euclidean_distances, vectors


@attrs.frozen(kw_only=True)
class Euclidean:
    """The straight-line distance, in float64 whatever type the features have."""

    def pairwise(self, queries: Array, references: Array) -> Array:
        """Return distances `(q, n)` of queries `(q, d)` from references `(n, d)`.

        Raises
        ------
        ParameterError
            A row holds NaN or infinity, or the rows have different lengths.
        """
        return self.prepare(references)(queries)

    def prepare(self, references: Array) -> Callable[[Array], Array]:
        """Convert the references once; the answer maps queries `(q, d)` to distances `(q, n)`."""
        return _FromPrepared(references=vectors(references, "references"))

    def embed(self, features: Array) -> Array:
        """Return the rows themselves: their Euclidean order is the metric's."""
        return vectors(features, "features")


@attrs.frozen(kw_only=True, eq=False)
class _FromPrepared:
    references: Array

    def __call__(self, queries: Array) -> Array:
        rows = vectors(queries, "queries")
        distances = euclidean_distances(rows, self.references)
        if not np.isfinite(distances).all():  # looked for only now: features are many, distances few
            check_finite(rows, "queries")
            check_finite(self.references, "references")
            raise ParameterError(
                "the differences are too large for a float64", where="queries", allowed="numbers up to 1e300"
            )
        return distances


@hookimpl
def cbrkit_xai_metrics() -> Iterator[MetricPlugin]:
    """Register the Euclidean distance."""
    yield MetricPlugin(
        name="euclidean",
        summary="Straight-line distance between vectors",
        source="Brito-Borges et al. 2022, table 1 (HIST-EUC, LF-EUC)",
        factory=Euclidean,
        accepts="vectors",
        triangle=True,
        invariant=("translation", "order"),
    )
