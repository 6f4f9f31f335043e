"""Vectors of counts as shares of their sum, which is what distances between distributions compare."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import ArrayLike

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.features import Array
from cbrkit_xai.metrics.vector_tables import nonnegative_vectors


@attrs.frozen(kw_only=True, eq=False)
class Shares:
    """Rows that sum to 1, and rows of zeros, which have no shares.

    Parameters
    ----------
    shares : array of shape (n, d)
        float64.
    is_zero : array of shape (n,)
        True where the row has nothing but zeros.
    """

    shares: Array
    is_zero: Array

    @classmethod
    def of(cls, features: ArrayLike, what: str) -> Shares:
        """Divide each row of nonnegative features `(n, d)` by its sum.

        Raises
        ------
        ParameterError
            A row holds NaN, infinity or a negative number.
        """
        rows = nonnegative_vectors(features, what)
        # A power of two keeps all digits, and lets sums of 1e308 be formed.
        exponents = np.frexp(rows.max(axis=1, initial=0.0))[1]
        scaled = np.ldexp(rows, -exponents[:, None])
        totals = np.add.reduce(scaled, axis=1)  # (n,)
        is_zero = totals == 0
        return cls(shares=scaled / np.where(is_zero, 1.0, totals)[:, None], is_zero=is_zero)


def with_zero_rows(distances: Array, queries: Array, references: Array) -> Array:
    """Put a zero row at distance 1 from all but another, and let nothing be farther than 1.

    Distances between distributions are at most 1 here, up to rounding; what has no shares is as far
    from a distribution as what shares nothing with it.

    Parameters
    ----------
    distances : array of shape (q, n)
        Overwritten and returned.
    queries, references : arrays of shape (q,) and (n,)
        Which rows are zero.
    """
    np.minimum(distances, 1.0, out=distances)
    distances[queries[:, None] != references[None, :]] = 1.0
    return distances


def split_evenly(features: Array, parts: int, what: str) -> list[Array]:
    """Cut rows `(n, d)` into `parts` tables `(n, d / parts)`.

    Raises
    ------
    ParameterError
        The rows cannot be cut into that many equal parts.
    """
    width = features.shape[1]
    if width % parts:
        divisors = [number for number in range(1, width + 1) if width % number == 0]
        raise ParameterError(
            f"{width} numbers cannot be cut into {parts} equal channels",
            where=what,
            allowed=f"a number of channels that divides {width}: {', '.join(map(str, divisors))}",
            next_step="change 'channels', or choose another representation",
        )
    return np.split(features, parts, axis=1)
