"""Euclidean distances among the rows of a stack, whatever the shape of a row."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.features import Array


def flat_rows(rows: Array) -> Array:
    """Return rows `(n, ...)` as float64 vectors `(n, d)`, divided so that the largest number is near 1.

    Squares of the numbers then neither overflow nor all vanish. The divisor is a power of two,
    which keeps every digit, and the same for all rows, which keeps the distances in proportion.
    """
    flat = rows.reshape(len(rows), -1).astype(np.float64)  # (n, d)
    exponent = np.frexp(np.abs(flat).max(initial=0.0))[1]
    return np.ldexp(flat, -exponent)


def distances_from(point: Array, flat: Array) -> Array:
    """Return the Euclidean distance of each row `(n, d)` from a point `(d,)`."""
    difference = flat - point
    # Not einsum or a norm by BLAS: the sum of a row must not depend on the other rows.
    return np.sqrt(np.add.reduce(difference * difference, axis=1))


def all_distances(flat: Array) -> Array:
    """Return the Euclidean distance of each pair of rows, `(n, n)`; each depends on its pair alone."""
    return np.stack([distances_from(row, flat) for row in flat])


def lexicographic_order(rows: Array) -> list[int]:
    """Return the places of rows `(n, ...)` in the order of their first number, then their second ...

    A rule by which equally good rows are told apart and that does not look at where they stand.
    """
    return sorted(range(len(rows)), key=lambda place: rows[place].reshape(-1).tolist())
