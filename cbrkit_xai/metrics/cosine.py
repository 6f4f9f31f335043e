"""Cosine distance between feature vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs
import numpy as np

from cbrkit_xai.components import MetricPlugin
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.metrics.squared_differences import check_finite, squared_distances, sums_of_squares, vectors


@attrs.frozen(kw_only=True)
class Cosine:
    """1 - cos of the angle between two vectors, 0 to 2.

    A zero vector has no angle: it is at distance 1 from every other vector and at 0 from
    another zero vector.

    Computed as half the squared Euclidean distance of the normalised rows, which is the same
    number, but never negative, exactly 0 from a vector to itself, and exact for small angles,
    where 1 - cos is all cancellation.
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
        """Normalise the references once; the answer maps queries `(q, d)` to distances `(q, n)`."""
        return _FromPrepared(references=_units(references, "references"))

    def embed(self, features: Array) -> Array:
        """Map rows `(n, d)` to unit vectors `(n, d + 1)` whose Euclidean order is the metric's.

        The last coordinate is 0, except for a zero vector, which becomes the one direction
        that is orthogonal to all the others.
        """
        return _units(features, "features")


def _units(features: Array, what: str) -> Array:
    rows = vectors(features, what)
    # A power of two keeps all digits, and lets 1e200 and 1e-200 be squared.
    exponents = np.frexp(np.abs(rows).max(axis=1, initial=0.0))[1]
    scaled = np.ldexp(rows, -exponents[:, None])
    lengths = np.sqrt(sums_of_squares(scaled.copy()))
    if not np.isfinite(lengths).all():
        check_finite(rows, what)
    is_zero = lengths == 0
    units = scaled / np.where(is_zero, 1.0, lengths)[:, None]
    return np.concatenate([units, is_zero[:, None]], axis=1)


@attrs.frozen(kw_only=True, eq=False)
class _FromPrepared:
    references: Array

    def __call__(self, queries: Array) -> Array:
        rows = _units(queries, "queries")
        distances = squared_distances(rows, self.references) / 2
        # Unit vectors are so only up to rounding; a zero vector must tie with all exactly.
        distances[rows[:, -1:] != self.references[:, -1]] = 1.0
        return np.minimum(distances, 2.0, out=distances)


@hookimpl
def cbrkit_xai_metrics() -> Iterator[MetricPlugin]:
    """Register the cosine distance."""
    yield MetricPlugin(
        name="cosine",
        summary="1 - cos of the angle between vectors",
        source="Brito-Borges et al. 2022, table 1 (HIST-COS, LF-COS)",
        factory=Cosine,
        accepts="vectors",
        triangle=False,
        zero_vector="one",
        invariant=("scale", "order"),
    )
