"""Skill of every run against the global mean, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np

from cbrkit_xai.evaluation.report.figures_in_words import signed
from cbrkit_xai.evaluation.report.gains import SKILL, GainOfRun
from cbrkit_xai.evaluation.report.plots.palette import BLUE, VERMILION
from cbrkit_xai.evaluation.report.plots.picture import FAINT, INK, axes_at, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _ROW = 8.6, 0.23
_NAMES, _VALUES = 4.15, 1.95
_BOTTOM = 0.6


@attrs.frozen(kw_only=True, eq=False)
class SkillPlot:
    """A line per run, in the order of the tables.

    Parameters
    ----------
    gains : sequence of GainOfRun
        Those with a skill.
    """

    gains: Sequence[GainOfRun]

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return _WIDTH, _BOTTOM + _ROW * len(self.gains) + 0.2

    def draw(self, figure: Figure) -> None:
        """Draw it; see `drawn`."""
        height = _ROW * len(self.gains)
        axes = axes_at(figure, (_NAMES, _BOTTOM, _WIDTH - _NAMES - _VALUES, height))
        low, high = self._limits()
        axes.set_xlim(low, high)
        axes.set_ylim(len(self.gains) - 0.5, -0.5)
        axes.axvline(0, color=INK, linewidth=1)
        axes.grid(axis="x", color="#e5e7eb", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(
            "skill: 1 \N{MINUS SIGN} mean squared error / that of the global mean (right is better)"
        )
        for row, gain in enumerate(self.gains):
            self._draw_row(axes, row, gain)

    def _draw_row(self, axes: Axes, row: int, gain: GainOfRun) -> None:
        estimate, (start, end) = gain.effects[SKILL].estimate, gain.effects[SKILL].interval
        colour, marker = (BLUE, "o") if gain.run.role == "configuration" else (VERMILION, "s")
        low, high = axes.get_xlim()
        if np.isfinite(start):
            axes.plot([max(start, low), min(end, high)], [row, row], color=colour, linewidth=1.6)
        if not low <= estimate <= high:
            marker = "<" if estimate < low else ">"
        axes.plot(
            [min(max(estimate, low), high)], [row], color=colour, marker=marker, markersize=5, clip_on=False
        )
        name = gain.run.label + (f", k = {gain.k}" if gain.k else "")
        place = axes.get_yaxis_transform()
        axes.text(-0.02, row, shortened(name, 72), transform=place, ha="right", va="center", fontsize=7.5)
        text = signed(estimate)
        if np.isfinite(start):
            text += f"  ({signed(start)} to {signed(end)})"
        axes.text(
            1.02,
            row,
            text,
            transform=place,
            va="center",
            fontsize=8,
            color=INK if np.isfinite(start) else FAINT,
        )

    def _limits(self) -> tuple[float, float]:
        """Make room for every configuration; the oracle, or a bad baseline, is told in figures alone."""
        shown = [one for one in self.gains if one.run.role == "configuration"] or self.gains
        skills = [one.effects[SKILL] for one in shown]
        ends = [value for skill in skills for value in (skill.estimate, *skill.interval)]
        finite = [value for value in ends if np.isfinite(value)]
        low, high = min([*finite, -0.1]), max([*finite, 0.1])
        pad = 0.06 * (high - low)
        return low - pad, high + pad
