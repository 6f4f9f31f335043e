"""A claim of the paper, and what the comparisons that it implies come to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Literal, TypeAlias

import attrs
import numpy as np

from cbrkit_xai.evaluation.decisions.holm import holm
from cbrkit_xai.evaluation.questions.answer import plain
from cbrkit_xai.evaluation.reproduction.claims.implied_comparison import (
    ALPHA,
    CANNOT_TELL,
    DOES_NOT_HOLD,
    HOLDS,
    ImpliedComparison,
    Verdict,
)
from cbrkit_xai.evaluation.reproduction.claims.verdict_in_words import verdict_in_words

Quantifier: TypeAlias = Literal["every", "some"]


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
        All that the claim implies, those that could not be made among them; none where it says nothing of
        this base.
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
    def claimed(self) -> tuple[ImpliedComparison, ...]:
        """Those that decide."""
        return tuple(one for one in self.comparisons if one.is_claimed)

    @property
    def tested(self) -> tuple[ImpliedComparison, ...]:
        """Those that decide and could be tested."""
        return tuple(one for one in self.claimed if not one.problem)

    @property
    def untested(self) -> tuple[ImpliedComparison, ...]:
        """Those that decide and could not be tested."""
        return tuple(one for one in self.claimed if one.problem)

    @property
    def p_for(self) -> float:
        """P of the claim: the largest where every comparison must speak for it, else Bonferroni's."""
        return self._of_all("p_for") if self.quantifier == "every" else self._of_any("p_for")

    @property
    def p_against(self) -> float:
        """P of its contrary: Bonferroni's where one comparison refutes it, else the largest."""
        return self._of_any("p_against") if self.quantifier == "every" else self._of_all("p_against")

    def _of_all(self, name: str) -> float:
        """Return the p of what must be so in all that could be tested; it says nothing of the others."""
        return max((getattr(one, name) for one in self.tested), default=math.nan)

    def _of_any(self, name: str) -> float:
        """Return the p of what needs one comparison; those that could not be tested were asked as well."""
        least = min((getattr(one, name) for one in self.tested), default=math.nan)
        return min(1.0, len(self.claimed) * least)


@attrs.frozen(kw_only=True)
class Claim:
    """A claim with its verdict here.

    Parameters
    ----------
    asked : AskedClaim
        With its comparisons.
    p_for, p_against : float
        Of the claim and of its contrary, before the other claims are allowed for; of those comparisons that
        could be tested.
    p_adjusted : float
        The smaller of them after Holm over all claims; NaN where nothing was tested.
    verdict : str
        "holds", "does not hold" or "can't tell". What must be so in every comparison is only said where
        every one could be tested.
    where_tested : str
        What would be said if only what could be tested had been claimed.
    sentence : str
        The verdict in words, with what it rests on.
    """

    asked: AskedClaim
    p_for: float
    p_against: float
    p_adjusted: float
    verdict: Verdict
    where_tested: Verdict
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; a number that does not exist is None."""
        own = {
            name: getattr(self, name)
            for name in ("verdict", "where_tested", "sentence", "p_for", "p_against", "p_adjusted")
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
    test, Berger 1982); a false "does not hold" is kept in bounds by Bonferroni over all that was asked. No
    comparison speaks for a claim and against it, so only one of the two is ever small; it is corrected over
    the claims by Holm.
    """
    pairs = np.array([(one.p_for, one.p_against) for one in asked]).reshape(len(asked), 2)
    adjusted = holm(pairs.min(axis=1)).tolist()
    return tuple(_decided(one, p, alpha) for one, p in zip(asked, adjusted, strict=True))


def _decided(asked: AskedClaim, adjusted: float, alpha: float) -> Claim:
    where_tested = CANNOT_TELL
    if adjusted <= alpha:  # not for NaN
        where_tested = HOLDS if asked.p_for <= asked.p_against else DOES_NOT_HOLD
    needs_all = HOLDS if asked.quantifier == "every" else DOES_NOT_HOLD
    verdict = CANNOT_TELL if where_tested == needs_all and asked.untested else where_tested
    return Claim(
        asked=asked,
        p_for=asked.p_for,
        p_against=asked.p_against,
        p_adjusted=adjusted,
        verdict=verdict,
        where_tested=where_tested,
        sentence=verdict_in_words(asked.tested, asked.untested, verdict, where_tested, adjusted),
    )
