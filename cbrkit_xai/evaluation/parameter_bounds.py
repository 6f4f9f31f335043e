"""What the parameters of an evaluation may be, and the error that says so."""

from __future__ import annotations

from typing import Any

import attrs

from cbrkit_xai.errors import ParameterError


def whole_number(least: int, most: int) -> Any:
    """Return an attrs validator that refuses what is no whole number from `least` to `most`."""

    def check(instance: Any, attribute: attrs.Attribute[int], value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ParameterError(
                f"{attribute.name} is {value!r}",
                where=attribute.name,
                allowed=f"a whole number from {least} to {most}",
            )

    return check


def one_of(names: tuple[str, ...]) -> Any:
    """Return an attrs validator that refuses all but these texts."""

    def check(instance: Any, attribute: attrs.Attribute[str], value: Any) -> None:
        if value not in names:
            raise ParameterError(
                f"{attribute.name} is {value!r}", where=attribute.name, allowed=", ".join(names)
            )

    return check


def number_between(low: float, high: float) -> Any:
    """Return an attrs validator that refuses what is no number from `low` to `high`."""

    def check(instance: Any, attribute: attrs.Attribute[float], value: Any) -> None:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not low <= value <= high:
            raise ParameterError(
                f"{attribute.name} is {value!r}",
                where=attribute.name,
                allowed=f"a number from {low:g} to {high:g}",
            )

    return check
