"""The verdict on a claim as a sentence, with what it rests on and what could not be tested."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cbrkit_xai.evaluation.reproduction.claims.implied_comparison import (
    CANNOT_TELL,
    READINGS,
    ImpliedComparison,
    Verdict,
)
from cbrkit_xai.evaluation.wording import p_value

LONG = 80
"""Characters from which on a reason is shortened, where it is one of many things that a sentence says."""


def verdict_in_words(
    tested: Sequence[ImpliedComparison],
    untested: Sequence[ImpliedComparison],
    verdict: Verdict,
    where_tested: Verdict,
    p_adjusted: float,
) -> str:
    """Return the sentence that begins with the verdict.

    Parameters
    ----------
    tested, untested : sequence of ImpliedComparison
        Of those that decide.
    verdict, where_tested : str
        On the claim, and on what could be tested of it.
    p_adjusted : float
        The other claims allowed for.
    """
    said = f"{verdict[0].upper()}{verdict[1:]}"
    if not tested:
        return f"{said}: {_nothing_tested(untested)}."
    number = len(tested) + len(untested)
    allowed = f"{p_value(p_adjusted)}, the other claims allowed for"
    if verdict != where_tested:
        counts = f"it {where_tested} where it could be tested, in {len(tested)} of {number} comparisons"
        return f"{said}: {counts}; for these {allowed}.{_why_not(untested)}"
    counts = f"{_counts(tested, untested)}; for the claim {allowed}"
    return f"{said}: {counts}.{_turning(tested, verdict, number)}{_why_not(untested)}"


def _nothing_tested(untested: Sequence[ImpliedComparison]) -> str:
    if not untested:
        return "there is nothing here to compare"
    first = f"{untested[0].about}: {untested[0].problem}"
    return first if len(untested) == 1 else f"none of {len(untested)} comparisons could be made; {first}"


def _counts(tested: Sequence[ImpliedComparison], untested: Sequence[ImpliedComparison]) -> str:
    numbers = {words: sum(one.reading == reading for one in tested) for reading, words in READINGS.items()}
    parts = [f"{number} {words}" for words, number in numbers.items() if number]
    if len(tested) == 1 and not untested:
        return f"its one comparison is {parts[0].removeprefix('1 ')}"
    if untested:
        parts.append(f"{len(untested)} not tested")
    return f"of {len(tested) + len(untested)} comparisons {', '.join(parts)}"


def _turning(tested: Sequence[ImpliedComparison], verdict: Verdict, number: int) -> str:
    """Name the comparisons that the verdict turns on."""
    if verdict != CANNOT_TELL:
        speaking = [one.about for one in tested if one.reading == verdict]
        if len(speaking) == number and number > 1:
            return ""
        words = READINGS[verdict]
        return f" {words[0].upper()}{words[1:]}: {_few(speaking)}."
    if number == 1:
        return ""
    clearest = min(tested, key=lambda one: min(one.p_for, one.p_against))
    p, side = min((clearest.p_for, "for"), (clearest.p_against, "against"), key=lambda one: one[0])
    return f" The clearest by itself is {side} it: {clearest.about}, {p_value(p)}."


def _why_not(untested: Sequence[ImpliedComparison]) -> str:
    """Name what could not be tested, by its reason."""
    by_reason: dict[str, list[str]] = {}
    for one in untested:
        by_reason.setdefault(_shortened(one.problem), []).append(one.about)
    return "".join(f" Not tested: {_few(abouts, 2)}: {reason}." for reason, abouts in by_reason.items())


def _shortened(reason: str) -> str:
    """Return a reason without its details, which stand in the claim's table."""
    return reason if len(reason) <= LONG else re.split("[,;] ", reason, maxsplit=1)[0]


def _few(abouts: Sequence[str], most: int = 3) -> str:
    shown = "; ".join(abouts[:most])
    return shown if len(abouts) <= most else f"{shown}; and {len(abouts) - most} more"
