"""A validator for parameters that count something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from cbrkit_xai.errors import ParameterError


def whole_number(least: int, most: int) -> Callable[[Any, attrs.Attribute[Any], Any], None]:
    """Return an attrs validator that takes whole numbers from `least` to `most`, and no truth values."""

    def check(_component: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ParameterError(
                f"{value!r} is out of range",
                where=attribute.name,
                allowed=f"a whole number from {least} to {most}",
            )

    return check
