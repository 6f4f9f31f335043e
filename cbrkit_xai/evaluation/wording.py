"""How numbers are put into sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def number(value: float) -> str:
    """Return a number as a sentence has it, with a real minus sign."""
    text = f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return text.replace("-", "−")


def span(interval: tuple[float, float]) -> str:
    """Return an interval as "low to high"."""
    return f"{number(interval[0])} to {number(interval[1])}"


def p_value(p: float) -> str:
    """Return "p = ...", or "p < 0.001"."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def judges_of(provenance: str) -> str:
    """Return who scored, such as "3 judge families", of a provenance; "judges" where it does not say."""
    found = re.search(r"\((.+?), not people\)", provenance)
    return found[1] if found else "judges"


def counted(number_of: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun, in the plural where it is not one."""
    return f"{number_of:,} {noun if number_of == 1 else plural or noun + 's'}"


_LEAKS = {
    "organizer": "clusters were found once, with the held-out photos among them",
    "metric": "the metric learnt from all votes, those of the held-out photos among them",
    "aggregator": "the aggregator learnt from all photos, the held-out ones among them",
}


def leak_in_words(leaks: Iterable[str]) -> str:
    """Return what leaked, given `Run.leaks`; empty if nothing did."""
    return "; ".join(_LEAKS[part] for part in leaks)


def short_list(labels: Sequence[str], most: int = 4) -> str:
    """Name a few labels and count the rest: a grid may have hundreds."""
    shown = ", ".join(labels[:most])
    return shown if len(labels) <= most else f"{shown} and {len(labels) - most} more"
