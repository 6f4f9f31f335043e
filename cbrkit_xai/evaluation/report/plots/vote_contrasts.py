"""Votes inside each cluster against those outside it, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np

from cbrkit_xai.evaluation.clusters.contrast import VoteContrast
from cbrkit_xai.evaluation.report.plots.palette import BLUE, VERMILION
from cbrkit_xai.evaluation.report.plots.picture import INK, axes_at

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _ROW = 8.6, 0.26
_NAMES, _BETWEEN, _RIGHT = 1.75, 0.25, 0.2
_BOTTOM, _TITLE = 0.55, 0.3
_COLUMNS = 4


@attrs.frozen(kw_only=True, eq=False)
class ContrastPlot:
    """A panel per method, a line per cluster.

    Parameters
    ----------
    names : sequence of str
        Of the clusters.
    votes : sequence of sequences of VoteContrast
        Per cluster, one per method.
    """

    names: Sequence[str]
    votes: Sequence[Sequence[VoteContrast]]

    @property
    def _rows(self) -> int:
        return -(-len(self.votes[0]) // _COLUMNS)

    @property
    def _panel(self) -> float:
        return _ROW * len(self.names) + 0.15

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return _WIDTH, _BOTTOM + self._rows * (self._panel + _TITLE) + (self._rows - 1) * 0.3

    def draw(self, figure: Figure) -> None:
        """Draw it; see `drawn`."""
        columns = min(_COLUMNS, len(self.votes[0]))
        wide = (_WIDTH - _NAMES - _RIGHT - (columns - 1) * _BETWEEN) / columns
        reach = self._reach()
        for number, first in enumerate(self.votes[0]):
            row, column = divmod(number, _COLUMNS)
            bottom = self.size[1] - (row + 1) * (self._panel + _TITLE) - row * 0.3
            box = (_NAMES + column * (wide + _BETWEEN), bottom, wide, self._panel)
            axes = axes_at(figure, box)
            self._draw_method(axes, number, reach)
            axes.set_title(first.method, loc="left", weight="bold")
            axes.set_yticks(range(len(self.names)), self.names if column == 0 else [""] * len(self.names))
        figure.text(
            (_NAMES + _WIDTH - _RIGHT) / 2 / _WIDTH,
            0.06 / figure.get_figheight(),
            "votes inside the cluster less votes outside",
            ha="center",
            va="bottom",
        )

    def _reach(self) -> float:
        """How far the scale goes on either side: to most intervals' ends, and every estimate."""
        every = [one for row in self.votes for one in row]
        ends = np.array([max(abs(one.low), abs(one.high)) for one in every if np.isfinite(one.low)] or [1.0])
        estimates = np.array([abs(one.difference) for one in every if np.isfinite(one.difference)] or [1.0])
        return float(max(np.quantile(ends, 0.8), estimates.max())) * 1.08

    def _draw_method(self, axes: Axes, number: int, reach: float) -> None:
        axes.set_xlim(-reach, reach)
        axes.set_ylim(len(self.names) - 0.4, -0.6)
        axes.axvline(0, color=INK, linewidth=1)
        axes.grid(axis="x", color="#e5e7eb", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        for row, contrasts in enumerate(self.votes):
            one = contrasts[number]
            colour, marker = (VERMILION, "s") if one.is_clear else (BLUE, "o")
            if np.isfinite(one.low):
                ends = [max(one.low, -reach), min(one.high, reach)]
                axes.plot(ends, [row, row], color=colour, linewidth=1.6)
            axes.plot([one.difference], [row], color=colour, marker=marker, markersize=5)
