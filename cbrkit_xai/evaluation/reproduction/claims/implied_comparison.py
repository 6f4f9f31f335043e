"""One comparison that a claim implies, and what it says by itself."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

import attrs

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.freezing import numbers_by_name

Verdict: TypeAlias = Literal["holds", "does not hold", "can't tell"]
HOLDS: Verdict = "holds"
DOES_NOT_HOLD: Verdict = "does not hold"
CANNOT_TELL: Verdict = "can't tell"

ALPHA = 0.05
"""Chance of any false "holds" or "does not hold" among all claims that are decided together."""

READINGS: Mapping[Verdict, str] = MappingProxyType(
    {HOLDS: "for it", DOES_NOT_HOLD: "against it", CANNOT_TELL: "open"}
)
"""What a single comparison says about its claim."""


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
        opposite is true; 1 where it points the other way, NaN where nothing was tested. Never are both
        small: what is shown for a claim is not shown against it.
    problem : str
        Why nothing was tested; empty if it was.
    note : str
        What must be said of it.
    is_claimed : bool
        Whether the paper says it. What it does not say stands beside the claim and decides nothing.

    Raises
    ------
    ParameterError
        It speaks for the claim and against it.
    """

    about: str
    numbers: Mapping[str, float] = attrs.field(factory=dict, converter=numbers_by_name)
    estimate: float = math.nan
    interval: tuple[float, float] = (math.nan, math.nan)
    unit: str = "votes²"
    p_for: float = math.nan
    p_against: float = math.nan
    problem: str = ""
    note: str = ""
    is_claimed: bool = True

    def __attrs_post_init__(self) -> None:
        if max(self.p_for, self.p_against) <= ALPHA:
            raise ParameterError(
                f"p for is {self.p_for:g} and p against {self.p_against:g}",
                where=self.about,
                allowed="at most one of them small",
            )

    @property
    def reading(self) -> Verdict:
        """What it says by itself, at the 5 % level; the claim's verdict allows for the others."""
        if self.problem or min(self.p_for, self.p_against) > ALPHA:
            return CANNOT_TELL
        return HOLDS if self.p_for <= self.p_against else DOES_NOT_HOLD
