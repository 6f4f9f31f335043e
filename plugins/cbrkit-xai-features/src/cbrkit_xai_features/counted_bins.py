"""Histograms as counts, or as shares of all that was counted."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Norm: TypeAlias = Literal["none", "l1"]

NORMS = ("none", "l1")


def counted(bins: NDArray[np.integer[Any]], count: int) -> NDArray[np.float32]:
    """Count how often each bin from 0 to `count` - 1 occurs; exact below 2**24."""
    return np.bincount(bins.ravel(), minlength=count).astype(np.float32)


def normalised(counts: NDArray[Any], norm: Norm) -> NDArray[np.float32]:
    """Map counts `(n, d)` to features: themselves, or rows that sum to 1."""
    counts = np.asarray(counts, dtype=np.float32)
    if norm == "none":
        return counts
    totals = counts.sum(axis=1, keepdims=True, dtype=np.float64)  # (n, 1)
    return (counts / np.where(totals > 0, totals, 1.0)).astype(np.float32)
