"""Times of each stage and run: median and quartiles, on a logarithmic scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np

from cbrkit_xai.evaluation.report.plots.palette import COLOURS, MARKERS
from cbrkit_xai.evaluation.report.plots.picture import axes_at, shortened

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDTH, _STEP, _NAMES, _RIGHT = 8.6, 0.13, 3.1, 0.25
_BOTTOM, _LEGEND_ROW = 0.6, 0.2
_COLUMNS = 4


@attrs.frozen(kw_only=True, eq=False)
class TimesPlot:
    """A line per run, a mark per stage.

    Parameters
    ----------
    by_run : mapping of str to mapping of str to sequence of float
        Seconds per label and stage.
    stages : sequence of str
        In the order in which they happen.
    """

    by_run: Mapping[str, Mapping[str, Sequence[float]]]
    stages: Sequence[str]

    @property
    def _row(self) -> float:
        return _STEP * len(self.stages) + 0.08

    @property
    def _legend(self) -> float:
        return _LEGEND_ROW * -(-len(self.stages) // _COLUMNS) + 0.1

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return _WIDTH, self._legend + _BOTTOM + self._row * len(self.by_run) + 0.1

    def draw(self, figure: Figure) -> None:
        """Draw it; see `drawn`."""
        wide, high = _WIDTH - _NAMES - _RIGHT, self._row * len(self.by_run)
        axes = axes_at(figure, (_NAMES, self._legend + _BOTTOM, wide, high))
        axes.set_xscale("log")
        axes.set_ylim(len(self.by_run) - 0.5, -0.5)
        axes.set_yticks(range(len(self.by_run)), [shortened(label, 44) for label in self.by_run])
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x", color="#e5e7eb", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.set_xlabel("seconds")
        for row in range(1, len(self.by_run)):
            axes.axhline(row - 0.5, color="#e5e7eb", linewidth=0.8)
        for number, stage in enumerate(self.stages):
            colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
            shift = (number - (len(self.stages) - 1) / 2) * _STEP / self._row
            label: str | None = stage
            for row, found in enumerate(self.by_run.values()):
                seconds = [one for one in found.get(stage, ()) if one > 0]
                if not seconds:
                    continue
                place = [row + shift] * 2
                axes.plot(np.quantile(seconds, (0.25, 0.75)), place, color=colour, linewidth=1.4)
                axes.plot(
                    [float(np.median(seconds))],
                    place[:1],
                    color=colour,
                    marker=marker,
                    markersize=4.5,
                    linestyle="none",
                    label=label,
                )
                label = None
        figure.legend(
            loc="lower left",
            bbox_to_anchor=(0.1 / _WIDTH, 0.0),
            ncols=_COLUMNS,
            labelspacing=0.25,
            borderaxespad=0.3,
        )
