"""Correlation distance between feature vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs
import numpy as np

from cbrkit_xai.components import MetricPlugin
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.metrics.cosine import Cosine
from cbrkit_xai.metrics.squared_differences import check_same_width
from cbrkit_xai.metrics.vector_tables import finite_vectors


@attrs.frozen(kw_only=True)
class Correlation:
    """1 - Pearson's r, 0 to 2: the cosine distance of the rows less their means.

    A constant row varies with nothing: it is at distance 1 from every row that is not constant, and
    at 0 from another constant row. scipy's `correlation` gives NaN there.
    """

    def pairwise(self, queries: Array, references: Array) -> Array:
        """Return distances `(q, n)` of queries `(q, d)` from references `(n, d)`.

        Raises
        ------
        ParameterError
            A row holds NaN or infinity, or the rows have different lengths.
        """
        return self.prepare(references)(queries)

    def prepare(self, references: Array) -> Callable[[Array], Array]:
        """Centre the references once; the answer maps queries `(q, d)` to distances `(q, n)`."""
        centred = _centred(references, "references")
        return _FromPrepared(references=centred, distances=Cosine().prepare(centred))

    def embed(self, features: Array) -> Array:
        """Map rows `(n, d)` to unit vectors `(n, d + 1)` whose Euclidean order is the metric's."""
        return Cosine().embed(_centred(features, "features"))


def _centred(features: Array, what: str) -> Array:
    rows = finite_vectors(features, what)
    if rows.shape[1] == 0:
        return rows
    # A power of two keeps all digits, and lets the mean of 1e308 be formed.
    exponents = np.frexp(np.abs(rows).max(axis=1))[1]
    scaled = np.ldexp(rows, -exponents[:, None])
    centred = scaled - (np.add.reduce(scaled, axis=1) / rows.shape[1])[:, None]
    # The mean of equal numbers may miss them by a rounding, whose direction would mean nothing.
    centred[(rows == rows[:, :1]).all(axis=1)] = 0.0
    return centred


@attrs.frozen(kw_only=True, eq=False)
class _FromPrepared:
    references: Array
    distances: Callable[[Array], Array]

    def __call__(self, queries: Array) -> Array:
        centred = _centred(queries, "queries")
        check_same_width(centred, self.references)  # Cosine would count its own column too
        return self.distances(centred)


@hookimpl
def cbrkit_xai_metrics() -> Iterator[MetricPlugin]:
    """Register the correlation distance.

    Its zero vector is not declared to be at distance 1: it is constant, as many others are.
    """
    yield MetricPlugin(
        name="correlation",
        summary="1 - Pearson's correlation of the vectors' numbers",
        source="Pearson 1895",
        factory=Correlation,
        accepts="vectors",
        triangle=False,
        invariant=("scale", "offset", "order"),
    )
