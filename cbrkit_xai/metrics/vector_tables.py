"""Tables of vectors as a distance takes them: finite, of one width, of the right domain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.features import Array
from cbrkit_xai.metrics.squared_differences import check_finite, check_same_width, vectors

_BLOCK_ELEMENTS = 32_768
"""Elements of a block of pairs: 256 KiB, which stay in a core's cache with the formula's intermediates."""


def finite_vectors(features: ArrayLike, what: str) -> Array:
    """Return `(n, d)` features as contiguous float64.

    Raises
    ------
    ParameterError
        They are no table of numbers, or a row holds NaN or infinity.
    """
    rows = vectors(features, what)
    check_finite(rows, what)
    return rows


def nonnegative_vectors(features: ArrayLike, what: str) -> Array:
    """Return `(n, d)` features as contiguous float64, none below 0.

    Raises
    ------
    ParameterError
        They are no table of numbers, or a row holds NaN, infinity or a negative number.
    """
    rows = finite_vectors(features, what)
    broken = np.flatnonzero((rows < 0).any(axis=1))
    if len(broken):
        row = int(broken[0])
        raise ParameterError(
            f"row {row} holds {rows[row].min():g}",
            where=what,
            allowed="numbers of at least 0",
            next_step="choose a metric for any numbers, such as 'euclidean' or 'manhattan'",
        )
    return rows


def scipy_distances(queries: Array, references: Array, metric: str, **options: float) -> Array:
    """Return `(q, n)` distances by `scipy.spatial.distance.cdist`, which takes pair by pair.

    Raises
    ------
    ParameterError
        The rows have different lengths, or a distance is beyond float64.
    """
    from scipy.spatial.distance import cdist  # on use: listing plugins must not load scipy

    check_same_width(queries, references)
    if queries.shape[1] == 0:  # of which scipy's loops make what they like
        return np.zeros((len(queries), len(references)))
    with np.errstate(over="ignore", invalid="ignore"):
        return cdist(queries, references, metric, **options)


def check_distances_finite(distances: Array) -> Array:
    """Return distances `(q, n)` as they are.

    Raises
    ------
    ParameterError
        One is beyond float64, though all features are finite.
    """
    if not np.isfinite(distances).all():
        raise ParameterError(
            "the differences are too large for a float64", where="queries", allowed="numbers up to 1e300"
        )
    return distances


def pair_by_pair(queries: Array, references: Array, formula: Callable[[Array, Array], Array]) -> Array:
    """Return `(q, n)` distances by a formula of elements, a few pairs at a time.

    Parameters
    ----------
    queries : array of shape (q, d)
        float64.
    references : array of shape (n, d)
        The same.
    formula : callable
        Maps arrays that broadcast to `(some queries, some references, d)` to terms of that shape,
        which are then summed pair by pair.

    Raises
    ------
    ParameterError
        The rows have different lengths.
    """
    check_same_width(queries, references)
    distances = np.empty((len(queries), len(references)))
    references_at_once = max(1, _BLOCK_ELEMENTS // max(1, references.shape[1]))
    queries_at_once = max(1, references_at_once // max(1, len(references)))
    for first in range(0, len(queries), queries_at_once):
        some = slice(first, first + queries_at_once)
        for start in range(0, len(references), references_at_once):
            block = slice(start, start + references_at_once)
            terms = formula(queries[some, None, :], references[None, block, :])  # (queries, references, d)
            # Contiguous rows are added up each by itself; of others numpy may add columns.
            distances[some, block] = np.add.reduce(np.ascontiguousarray(terms), axis=-1)
    return distances
