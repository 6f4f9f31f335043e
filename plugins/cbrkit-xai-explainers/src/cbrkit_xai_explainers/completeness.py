"""What a path from a baseline to the photo adds up to, and how far that is from what it should."""

from __future__ import annotations

from typing import Any

import attrs

from cbrkit_xai.features import Array

_NO_DIFFERENCE = 1e-6
"""Probabilities closer than this are the same to a float32 network: no share of it can be stated."""


@attrs.frozen(kw_only=True, eq=False)
class Integral:
    """The sum of a path's gradients, which is complete when it equals the difference of the path's ends.

    Parameters
    ----------
    attribution : (h, w, 3) float64 array
        Each pixel's share, by channel, of `difference`.
    difference : float
        Probability of the photo less that of the baseline.
    steps : int
        Points of the path whose gradients were taken.
    stopped : str
        Why there are no more, if the budget ended it.
    """

    attribution: Array
    difference: float
    steps: int
    stopped: str = ""

    @property
    def sum(self) -> float:
        """What the attributions add up to."""
        return float(self.attribution.sum())

    @property
    def gap(self) -> float | None:
        """The completeness gap, |sum - difference| / |difference|; None where there is no difference."""
        if abs(self.difference) < _NO_DIFFERENCE:
            return None
        return abs(self.sum - self.difference) / abs(self.difference)

    def within(self, gap: float) -> bool:
        """Return whether the sum is complete, up to a share `gap` of the difference."""
        return abs(self.sum - self.difference) <= gap * max(abs(self.difference), _NO_DIFFERENCE)

    def details(self, gap: float) -> dict[str, Any]:
        """Return JSON values: steps, difference, sum, its gap, and whether that is within `gap`."""
        return {
            "steps": self.steps,
            "difference": self.difference,
            "sum": self.sum,
            "gap": self.gap,
            "converged": self.within(gap),
        }

    def note(self, gap: float) -> str:
        """Return in a line how far the attributions can be trusted to add up."""
        if self.gap is None:
            return "photo and baseline get the same probability: nothing to share out"
        if self.within(gap):
            return f"adds up to the probability within {self.gap:.1%}"
        return f"does not add up: off by {self.gap:.0%} after {self.steps} steps"
