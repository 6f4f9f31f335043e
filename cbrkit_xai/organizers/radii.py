"""The radii that a clustering is tried with, and within which of them each pair of cases lies."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.features import Array

_BLOCK = 32_768
"""Distances compared at once: 256 KiB, which stay in a core's cache while every radius passes."""


def radii(distances: Array, quantiles: tuple[float, float], steps: int) -> Array:
    """Return the eps to try: evenly spaced quantiles of the distances of all pairs, each once.

    They are those of `numpy.quantile`, found without sorting the larger distances.

    Parameters
    ----------
    distances : array of shape (n, n)
        n >= 2; the upper triangle is used.
    quantiles : tuple of float
        The first and the last, 0 to 1.
    steps : int
        How many.
    """
    pairs = distances[~np.tri(len(distances), dtype=bool)]
    places = np.linspace(*quantiles, steps) * (len(pairs) - 1)
    below = np.floor(places).astype(np.int64)
    above = np.minimum(below + 1, len(pairs) - 1)
    last = int(above.max())
    pairs.partition(last)
    smallest = np.sort(pairs[: last + 1])
    low, high, part = smallest[below], smallest[above], places - below
    # From the nearer end, as numpy does it: the last digit then is the same.
    found = np.where(part < 0.5, low + (high - low) * part, high - (high - low) * (1 - part))
    return np.unique(found)


def places_among(radii: Array, distances: Array) -> Array:
    """Return the place of the first radius that reaches each distance, `(n, n)`; their number if none does.

    What DBSCAN finds with these radii depends on nothing else of the distances, and small whole numbers
    are compared many times faster.

    Parameters
    ----------
    radii : array of shape (e,)
        Ascending.
    distances : array of shape (n, n)
        Symmetric.

    Returns
    -------
    array of shape (n, n)
        uint8, or the smallest type that holds e + 1.
    """
    n = len(distances)
    places = np.zeros((n, n), dtype=np.min_scalar_type(len(radii) + 1))
    rows_at_once = max(1, _BLOCK // max(n, 1))
    for start in range(0, n, rows_at_once):
        rows = slice(start, min(n, start + rows_at_once))
        block = np.ascontiguousarray(distances[rows, start:])
        found, beyond = np.zeros(block.shape, dtype=places.dtype), np.empty(block.shape, dtype=bool)
        for radius in radii:
            np.greater(block, radius, out=beyond)
            found += beyond.view(np.uint8)
        places[rows, start:] = found
        places[start:, rows] = found.T
    return places
