"""Converters that make what comes in unchangeable.

One for each type: of a generic one mypy does not see what an attribute may be given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType


def texts(values: Iterable[str]) -> tuple[str, ...]:
    """Return texts as a tuple."""
    return tuple(values)


def rows_of_texts(values: Iterable[Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    """Return rows of texts as tuples."""
    return tuple(tuple(row) for row in values)


def numbers(values: Iterable[float]) -> tuple[float, ...]:
    """Return numbers as a tuple of Python floats."""
    return tuple(float(value) for value in values)


def numbers_by_name(values: Mapping[str, float]) -> Mapping[str, float]:
    """Return a mapping of numbers that cannot be changed, in the order it came."""
    return MappingProxyType(dict(values))
