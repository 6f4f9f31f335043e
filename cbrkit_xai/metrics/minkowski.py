"""Minkowski distance between feature vectors."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.components import MetricPlugin
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.metrics.vector_tables import check_distances_finite, finite_vectors, scipy_distances

_SMALLEST_SAFE_EXPONENT = -250
"""A sum of powers below ten to this may have lost terms to underflow."""


def _is_order(instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value < math.inf:
        raise ParameterError(
            f"{value!r} does not fit",
            where=attribute.name,
            allowed="a finite number of at least 1",
            next_step="below 1 the triangle inequality fails; for infinity choose 'chebyshev'",
        )


@attrs.frozen(kw_only=True)
class Minkowski:
    """`(sum |a - b|**p) ** (1 / p)`: Manhattan at p = 1, Euclidean at 2, nearly Chebyshev at large p.

    Parameters
    ----------
    p : float
        At least 1.
    """

    p: float = attrs.field(default=3.0, validator=_is_order)

    def pairwise(self, queries: Array, references: Array) -> Array:
        """Return distances `(q, n)` of queries `(q, d)` from references `(n, d)`.

        Raises
        ------
        ParameterError
            A row holds NaN or infinity, or the rows have different lengths.
        """
        rows = finite_vectors(queries, "queries")
        known = finite_vectors(references, "references")
        distances = scipy_distances(rows, known, "minkowski", p=self.p)
        # 1e12 to the power of 30 is beyond float64, and 1e-12 to that power is 0.
        safe = np.isfinite(distances) & (distances >= 10.0 ** (_SMALLEST_SAFE_EXPONENT / self.p))
        for query in np.flatnonzero(~safe.all(axis=1)):
            places = np.flatnonzero(~safe[query])
            distances[query, places] = self._by_the_largest(rows[query], known[places])
        return check_distances_finite(distances)

    def _by_the_largest(self, query: Array, references: Array) -> Array:
        """Distances by differences divided by their largest, for numbers whose powers are no float64."""
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            differences = np.abs(references - query)  # (references, d)
            largest = differences.max(axis=1, initial=0.0)
            powers = (differences / np.where(largest > 0, largest, 1.0)[:, None]) ** self.p
            return largest * np.add.reduce(powers, axis=1) ** (1 / self.p)


@hookimpl
def cbrkit_xai_metrics() -> Iterator[MetricPlugin]:
    """Register the Minkowski distance."""
    yield MetricPlugin(
        name="minkowski",
        summary="Root of the sum of powers of the absolute differences (Lp)",
        source="Minkowski 1910; scipy's minkowski",
        factory=Minkowski,
        needs=("scipy",),
        examples=({"p": 1}, {"p": 40.5}),
        accepts="vectors",
        triangle=True,
        invariant=("translation", "order"),
    )
