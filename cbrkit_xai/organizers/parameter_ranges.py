"""What the parameters of organizers may be."""

from __future__ import annotations

import math
from typing import Any

import attrs
from attrs import validators


def is_natural(instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Refuse what is no whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"'{attribute.name}' must be a whole number of at least 1: {value!r}")


def is_share(instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Refuse what is no number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"'{attribute.name}' must be a number from 0 to 1: {value!r}")


def is_radius(instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Refuse what is no finite number of at least 0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ValueError(f"'{attribute.name}' must be a finite number of at least 0: {value!r}")


def _ascends(instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if len(value) != 2 or value[0] > value[1]:
        raise ValueError(f"'{attribute.name}' must be two numbers, the lower first: {value!r}")


def range_of(default: tuple[Any, Any], each: Any) -> Any:
    """Declare the two ends of a range, each validated by `each`."""
    validator: list[Any] = [validators.deep_iterable(member_validator=each), _ascends]
    return attrs.field(default=default, converter=tuple, validator=validator)
