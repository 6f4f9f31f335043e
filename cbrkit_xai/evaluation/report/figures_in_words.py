"""Numbers as the report prints them."""

from __future__ import annotations

import math

MISSING = "\N{EN DASH}"


def figure(value: float, digits: int = 3) -> str:
    """Return a number with so many digits behind the point; a dash where there is none."""
    if not math.isfinite(value):
        return (
            MISSING if math.isnan(value) else ("\N{INFINITY}" if value > 0 else "\N{MINUS SIGN}\N{INFINITY}")
        )
    # `z`: what rounds to zero is shown without a sign.
    return f"{value:z.{digits}f}".replace("-", "\N{MINUS SIGN}")


def signed(value: float, digits: int = 3) -> str:
    """Return a difference with its sign."""
    text = figure(value, digits)
    return f"+{text}" if math.isfinite(value) and value > 0 and float(f"{value:.{digits}f}") else text


def share(value: float, digits: int = 0) -> str:
    """Return a share in per cent."""
    return MISSING if math.isnan(value) else f"{figure(100 * value, digits)} %"


def interval(low: float, high: float, digits: int = 3) -> str:
    """Return an interval in words; empty where there is none."""
    return "" if math.isnan(low) or math.isnan(high) else f"{figure(low, digits)} to {figure(high, digits)}"


def probability(value: float) -> str:
    """Return a p-value as people read it."""
    if math.isnan(value):
        return MISSING
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def listed(names: list[str] | tuple[str, ...]) -> str:
    """Return names as a sentence lists them."""
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else "".join(names)
