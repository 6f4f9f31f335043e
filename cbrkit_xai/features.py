"""Feature arrays, one or several representations at once, handled row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cbrkit_xai.errors import ParameterError

if TYPE_CHECKING:
    from cbrkit_xai.protocols import Aggregator

Array: TypeAlias = NDArray[Any]
Features: TypeAlias = Array | Mapping[str, Array]
"""`(n, d)` vectors, `(n, h, w, 3)` pixels, or a mapping of such arrays with equal n."""


def count(features: Features) -> int:
    """Return the number of rows n.

    Raises
    ------
    ParameterError
        The parts of a mapping have different numbers of rows.
    """
    if isinstance(features, Mapping):
        rows = {len(part) for part in features.values()}
        if len(rows) != 1:
            raise ParameterError(
                f"the parts have {sorted(rows)} rows; they must all have the same number",
                where="features",
                allowed="at least one part, and as many rows in each",
            )
        return rows.pop()
    return len(features)


def take(features: Features, rows: Any) -> Features:
    """Return the chosen rows (an index array, a slice or a mask) of every part."""
    if isinstance(features, Mapping):
        return {name: part[rows] for name, part in features.items()}
    return features[rows]


def join(parts: Sequence[Features]) -> Features:
    """Stack features of the same kind on the first axis."""
    first = parts[0]
    if isinstance(first, Mapping):
        return {name: np.concatenate([part[name] for part in parts]) for name in first}
    return np.concatenate(parts)  # type: ignore[arg-type]


def stack(rows: Sequence[Features]) -> Features:
    """Lay single rows, without a first axis, on one another."""
    first = rows[0] if rows else None
    if isinstance(first, Mapping):
        return {name: np.stack([row[name] for row in rows]) for name in first}
    return np.stack(rows)  # type: ignore[arg-type]


def aggregate(aggregator: Aggregator, features: Features, weights: Array | None = None) -> Features:
    """Reduce the rows of every part to one row, kept as a first axis of length 1."""
    if isinstance(features, Mapping):
        return {name: aggregator.aggregate(part, weights)[None] for name, part in features.items()}
    return aggregator.aggregate(features, weights)[None]


def read_only(features: Features) -> Features:
    """Return views that cannot be written through."""
    if isinstance(features, Mapping):
        return {name: frozen(part) for name, part in features.items()}
    return frozen(features)


def frozen_floats(values: ArrayLike) -> Array:
    """Return values as a float64 array that cannot be written to."""
    return frozen(np.asarray(values, dtype=np.float64))


def frozen_integers(values: ArrayLike) -> Array:
    """Return whole numbers as an int64 array of its own that cannot be written to."""
    return frozen(np.array(values, dtype=np.int64))


def frozen_flags(values: ArrayLike) -> Array:
    """Return values as a bool array that cannot be written to."""
    return frozen(np.asarray(values, dtype=bool))


def frozen(array: Array) -> Array:
    """Return a view of `array` that cannot be written through."""
    view = array.view()
    view.flags.writeable = False
    return view
