"""A claim of the paper, the comparisons that it implies, and what they come to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import attrs
import numpy as np

from cbrkit_xai.evaluation.decisions.holm import holm
from cbrkit_xai.evaluation.questions.answer import plain
from cbrkit_xai.evaluation.wording import p_value

Verdict: TypeAlias = Literal["holds", "does not hold", "can't tell"]
HOLDS: Verdict = "holds"
DOES_NOT_HOLD: Verdict = "does not hold"
CANNOT_TELL: Verdict = "can't tell"

ALPHA = 0.05
"""Chance of any false "holds" or "does not hold" among all claims that are decided together."""

Quantifier: TypeAlias = Literal["every", "some"]

READINGS: Mapping[Verdict, str] = MappingProxyType(
    {HOLDS: "for it", DOES_NOT_HOLD: "against it", CANNOT_TELL: "open"}
)
"""What a single comparison says about its claim."""


def _numbers(values: Mapping[str, float]) -> Mapping[str, float]:
    return MappingProxyType(dict(values))


@attrs.frozen(kw_only=True)
class ImpliedComparison:
    """One comparison that a claim implies.

    Parameters
    ----------
    about : str
        What is compared with what.
    numbers : mapping of str to float
        What the reader wants to see beside the difference, in order.
    estimate : float
        The difference; NaN where there is none.
    interval : (float, float)
        95 %, of this comparison alone.
    unit : str
        Of both.
    p_for, p_against : float
        The chance of so clear a sign for, or against, what the claim says of this comparison where the
        opposite is true; 1 where it points the other way, NaN where nothing was tested.
    problem : str
        Why nothing was tested; empty if it was.
    note : str
        What must be said of it.
    """

    about: str
    numbers: Mapping[str, float] = attrs.field(factory=dict, converter=_numbers)
    estimate: float = math.nan
    interval: tuple[float, float] = (math.nan, math.nan)
    unit: str = "votes²"
    p_for: float = math.nan
    p_against: float = math.nan
    problem: str = ""
    note: str = ""

    @property
    def reading(self) -> Verdict:
        """What it says by itself, at the 5 % level; the claim's verdict allows for the others."""
        if self.problem or min(self.p_for, self.p_against) > ALPHA:
            return CANNOT_TELL
        return HOLDS if self.p_for <= self.p_against else DOES_NOT_HOLD


def _comparisons(values: Iterable[ImpliedComparison]) -> tuple[ImpliedComparison, ...]:
    return tuple(values)


@attrs.frozen(kw_only=True)
class AskedClaim:
    """A claim with its comparisons, before it is decided together with all others.

    Parameters
    ----------
    letter : str
        By which the pages refer to it.
    statement : str
        The claim, in our words.
    quote : str
        In the paper's.
    how : str
        What is compared, by which test.
    comparisons : tuple of ImpliedComparison
        None where there is nothing to compare.
    quantifier : {"every", "some"}
        Whether all of them must speak for the claim, or one.
    meaning : str
        What follows from it, or does not, whatever the verdict.
    """

    letter: str
    statement: str
    quote: str
    how: str
    comparisons: tuple[ImpliedComparison, ...] = attrs.field(converter=_comparisons)
    quantifier: Quantifier = "every"
    meaning: str = ""

    @property
    def tested(self) -> tuple[ImpliedComparison, ...]:
        """Those that could be tested."""
        return tuple(one for one in self.comparisons if not one.problem)

    @property
    def p_for(self) -> float:
        """P of the claim: the largest where every comparison must speak for it, else Bonferroni's."""
        return self._of_all("p_for") if self.quantifier == "every" else self._of_any("p_for")

    @property
    def p_against(self) -> float:
        """P of its contrary: Bonferroni's where one comparison refutes it, else the largest."""
        return self._of_any("p_against") if self.quantifier == "every" else self._of_all("p_against")

    def _of_all(self, name: str) -> float:
        return max((getattr(one, name) for one in self.tested), default=math.nan)

    def _of_any(self, name: str) -> float:
        least = min((getattr(one, name) for one in self.tested), default=math.nan)
        return min(1.0, len(self.tested) * least)


@attrs.frozen(kw_only=True)
class Claim:
    """A claim with its verdict here.

    Parameters
    ----------
    asked : AskedClaim
        With its comparisons.
    p_for, p_against : float
        Of the claim and of its contrary, before the other claims are allowed for.
    p_adjusted : float
        The smaller of them after Holm over all claims; NaN where nothing was tested.
    verdict : str
        "holds", "does not hold" or "can't tell".
    sentence : str
        The verdict in words, with what it rests on.
    """

    asked: AskedClaim
    p_for: float
    p_against: float
    p_adjusted: float
    verdict: Verdict
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; a number that does not exist is None."""
        own = {
            name: getattr(self, name) for name in ("verdict", "sentence", "p_for", "p_against", "p_adjusted")
        }
        asked = {
            name: getattr(self.asked, name)
            for name in ("letter", "statement", "quote", "how", "meaning", "quantifier")
        }
        rows = [
            {
                **{field.name: getattr(one, field.name) for field in attrs.fields(ImpliedComparison)},
                "reading": one.reading,
            }
            for one in self.asked.comparisons
        ]
        return {name: plain(value) for name, value in {**asked, **own, "comparisons": rows}.items()}


def decided(asked: Sequence[AskedClaim], *, alpha: float = ALPHA) -> tuple[Claim, ...]:
    """Decide each claim, allowing for its own comparisons and for all the other claims.

    A false "holds" about every comparison needs all their p to be small at once (an intersection-union
    test, Berger 1982); a false "does not hold" is kept in bounds by Bonferroni. Only one of the two can be
    false, so the smaller p counts, corrected over the claims by Holm.
    """
    pairs = np.array([(one.p_for, one.p_against) for one in asked]).reshape(len(asked), 2)
    adjusted = holm(pairs.min(axis=1)).tolist()
    return tuple(_decided(one, p, alpha) for one, p in zip(asked, adjusted, strict=True))


def _decided(asked: AskedClaim, adjusted: float, alpha: float) -> Claim:
    verdict = CANNOT_TELL
    if adjusted <= alpha:  # not for NaN
        verdict = HOLDS if asked.p_for <= asked.p_against else DOES_NOT_HOLD
    return Claim(
        asked=asked,
        p_for=asked.p_for,
        p_against=asked.p_against,
        p_adjusted=adjusted,
        verdict=verdict,
        sentence=_sentence(asked, verdict, adjusted),
    )


def _sentence(asked: AskedClaim, verdict: Verdict, adjusted: float) -> str:
    said = f"{verdict[0].upper()}{verdict[1:]}"
    if not asked.comparisons:
        return f"{said}: there is nothing here to compare."
    if not asked.tested:
        first = asked.comparisons[0]
        return f"{said}: {first.about}: {first.problem}."
    by_reading = {one: [line.about for line in asked.tested if line.reading == one] for one in READINGS}
    number = len(asked.tested)
    parts = [f"{len(abouts)} {READINGS[one]}" for one, abouts in by_reading.items() if abouts]
    counts = f"of {number} comparisons {', '.join(parts)}"
    if number == 1:
        counts = f"its one comparison is {parts[0].removeprefix('1 ')}"
    allowed = f"for the claim {p_value(adjusted)}, the other claims allowed for"
    left = len(asked.comparisons) - number
    untested = f" {left} more could not be made." if left else ""
    return f"{said}: {counts}; {allowed}.{_deciding(asked, verdict, by_reading)}{untested}"


def _deciding(asked: AskedClaim, verdict: Verdict, by_reading: Mapping[Verdict, Sequence[str]]) -> str:
    """Name the comparisons that the verdict turns on."""
    if verdict == DOES_NOT_HOLD and asked.quantifier == "every":
        return f" Against it: {_few(by_reading[DOES_NOT_HOLD])}."
    if verdict == HOLDS and asked.quantifier == "some":
        return f" For it: {_few(by_reading[HOLDS])}."
    if verdict == CANNOT_TELL and len(asked.tested) > 1:
        strongest = min(asked.tested, key=lambda one: min(one.p_for, one.p_against))
        p, side = (
            (strongest.p_for, "for")
            if strongest.p_for <= strongest.p_against
            else (strongest.p_against, "against")
        )
        return f" The clearest by itself is {side} it: {strongest.about}, {p_value(p)}."
    return ""


def _few(abouts: Sequence[str], most: int = 3) -> str:
    shown = "; ".join(abouts[:most])
    return shown if len(abouts) <= most else f"{shown}; and {len(abouts) - most} more"
