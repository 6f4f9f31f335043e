"""The base's mean per method as a fitted strategy keeps it: None where nobody was asked.

NaN would not do: it equals not even itself, and is no JSON.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np

from cbrkit_xai.features import Array

OverallMeans: TypeAlias = tuple[float | None, ...]


def overall_means(values: Iterable[float | None]) -> OverallMeans:
    """Return numbers as a tuple of Python floats, with None for NaN."""
    return tuple(None if value is None or np.isnan(value) else float(value) for value in values)


def as_array(means: OverallMeans) -> Array:
    """Return the means as float64, with NaN for None."""
    return np.array([np.nan if value is None else value for value in means], dtype=np.float64)
