"""Checks that every aggregator makes of the rows and weights it is given."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.features import Array


def checked_stack(stack: ArrayLike) -> Array:
    """Return the rows `(n, ...)`, n >= 1, if all their numbers are finite; never a copy of an array.

    Raises
    ------
    ParameterError
        There is no row, or one holds something else than finite numbers.
    """
    rows = np.asarray(stack)
    if rows.ndim == 0 or len(rows) == 0:
        raise ParameterError(
            f"there is nothing to aggregate: shape {rows.shape}", where="stack", allowed="at least one row"
        )
    if rows.dtype.kind not in "biuf":
        raise ParameterError(f"the rows have type {rows.dtype}", where="stack", allowed="numbers")
    if rows.dtype.kind == "f" and not np.isfinite(rows).all():
        row = int(np.flatnonzero(~np.isfinite(rows.reshape(len(rows), -1)).all(axis=1))[0])
        value = rows[row][~np.isfinite(rows[row])].flat[0]
        raise ParameterError(
            f"row {row} holds {value}",
            where="stack",
            allowed="finite numbers",
            next_step="leave the row out, or use an aggregator that omits NaN",
        )
    return rows


def checked_weights(weights: ArrayLike, rows: int) -> Array:
    """Return one float64 weight a row, divided by the largest.

    Raises
    ------
    ParameterError
        Not one finite weight >= 0 a row, or all of them are 0.
    """
    values = np.asarray(weights)
    allowed = f"{rows} finite numbers >= 0 of which at least one is > 0, one for each row"
    if values.shape != (rows,) or values.dtype.kind not in "biuf":
        raise ParameterError(
            f"the weights have shape {values.shape} and type {values.dtype}", where="weights", allowed=allowed
        )
    values = np.array(values, dtype=np.float64)
    broken = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
    if len(broken):
        raise ParameterError(
            f"{values[broken[0]]} is not a weight", where=f"weights[{broken[0]}]", allowed=allowed
        )
    if not values.any():
        raise ParameterError(
            "all weights are 0",
            where="weights",
            allowed=allowed,
            next_step="leave the weights out for equal ones",
        )
    values /= values.max()
    return values
