"""What a test about one difference says, or why nothing can be tested."""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import attrs
import numpy as np

from cbrkit_xai.features import Array

Alternative: TypeAlias = Literal["two-sided", "less", "greater"]

NO_SPREAD = 1e-12
"""Differences that agree to so many parts of the largest of them have no variance but rounding."""


@attrs.frozen(kw_only=True)
class Comparison:
    """One tested difference.

    Parameters
    ----------
    estimate : float
        Mean difference; NaN where there is none.
    interval : (float, float)
        At the level asked for; one end is infinite where the test has one side.
    p : float
        NaN where nothing could be tested.
    statistic : float
        What p was read from; NaN where nothing could be tested.
    degrees : float
        Of freedom; NaN where the procedure has none.
    problem : str
        "cannot be tested: ..." with the reason; empty where it could.
    """

    estimate: float
    interval: tuple[float, float] = (np.nan, np.nan)
    p: float = np.nan
    statistic: float = np.nan
    degrees: float = np.nan
    problem: str = ""

    @property
    def could_be_tested(self) -> bool:
        """Whether there is a p."""
        return not self.problem


def cannot_be_tested(why: str, estimate: float = np.nan) -> Comparison:
    """Return the comparison that says why there is none."""
    return Comparison(estimate=estimate, problem=untested(why))


def untested(why: str) -> str:
    """Return the sentence that every procedure here uses where it has no answer."""
    return f"cannot be tested: {why}"


def obstacle(values: Array, what: str = "fold differences") -> str:
    """Return why no variance can be told from these numbers; empty if it can.

    Parameters
    ----------
    values : array of shape (J,)
        Differences.
    what : str
        What they are, in the plural.
    """
    if len(values) < 2:
        return f"there are {len(values)} {what}; a variance needs two"
    low, high = float(values.min()), float(values.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        missing = len(values) - int(np.isfinite(values).sum())
        return f"{missing} of {len(values)} {what} are missing"
    if low == high == 0.0:
        return f"all {len(values)} {what} are 0"
    if high - low <= NO_SPREAD * max(-low, high):
        return f"all {len(values)} {what} are the same, {values[0]:.6g}, so they have no variance"
    return ""
