"""Feature arrays as bytes, and back, checked."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.errors import CaseBaseError, FeaturesError
from cbrkit_xai.features import Array

# A closed list: numpy would take a text such as "O" or a structure for a dtype, too.
_DTYPES = {name: np.dtype(name) for name in ("|u1", "|i1", "|b1")} | {
    f"<{kind}": np.dtype(f"<{kind}") for kind in ("f2", "f4", "f8", "u2", "u4", "u8", "i2", "i4", "i8")
}


@attrs.frozen(kw_only=True)
class Layout:
    """What all rows of one representation share.

    Parameters
    ----------
    dtype : str
        As numpy writes it, little-endian.
    shape : tuple of int
        Of one row.
    """

    dtype: str
    shape: tuple[int, ...]

    @classmethod
    def of(cls, row: Array) -> Layout:
        """Return the layout of `row`.

        Raises
        ------
        FeaturesError
            It is not an array of plain numbers.
        """
        if not isinstance(row, np.ndarray) or _little(row.dtype) not in _DTYPES:
            kind = f"an array of {row.dtype}" if isinstance(row, np.ndarray) else type(row).__name__
            allowed = "an array of " + ", ".join(str(dtype) for dtype in _DTYPES.values())
            raise FeaturesError(f"{kind} cannot be stored", where="features", allowed=allowed)
        return cls(dtype=_little(row.dtype), shape=row.shape)

    @classmethod
    def told(cls, dtype: str, shape: str, *, where: str) -> Layout:
        """Return the layout that a file tells, its shape as a JSON list.

        Raises
        ------
        CaseBaseError
            It is none that we write.
        """
        try:
            sides = json.loads(shape)
        except ValueError:
            sides = None
        is_shape = isinstance(sides, list) and all(type(side) is int and side >= 0 for side in sides)
        if dtype not in _DTYPES or not is_shape:
            what = f"is damaged: features of {dtype!r}, shape {shape!r}"
            raise CaseBaseError(what, where=where, next_step="restore it from a copy")
        return cls(dtype=dtype, shape=tuple(sides))

    def __str__(self) -> str:
        return f"{_DTYPES[self.dtype]} {self.shape}"

    def decoded(self, data: bytes) -> Array:
        """Return the array that `encoded` was given, read-only."""
        return np.frombuffer(data, dtype=_DTYPES[self.dtype]).reshape(self.shape)

    @property
    def bytes_per_row(self) -> int:
        """Length of one encoded row."""
        return _DTYPES[self.dtype].itemsize * math.prod(self.shape)


def encoded(row: Array) -> tuple[bytes, bytes]:
    """Return a row's sha256 and its little-endian bytes."""
    data = np.ascontiguousarray(row, dtype=_DTYPES[_little(row.dtype)]).tobytes()
    return hashlib.sha256(data).digest(), data


def _little(dtype: np.dtype[Any]) -> str:
    return dtype.newbyteorder("<").str
