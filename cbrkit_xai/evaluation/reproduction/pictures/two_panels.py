"""The frame of figures 3 and 4: instance-based on the left, clustered on the right, one scale for both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from cbrkit_xai.evaluation.report.plots.picture import axes_at

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 8.6
_GAP, _RIGHT = 0.3, 0.15
_PANEL, _BELOW, _ABOVE = 3.6, 0.5, 0.25
_LEGEND_ROW = 0.21
_COLUMNS = 3


@attrs.frozen(kw_only=True, eq=False)
class TwoPanels:
    """Two panels that share their scales, above a legend.

    Parameters
    ----------
    titles : (str, str)
        Above the left and the right panel.
    draw_left, draw_right : callable
        Called with the axes.
    handles : callable
        Gives the legend's handles, called once matplotlib is there.
    entries : int
        How many it gives.
    xlabel, ylabel : str
        Of both panels, and of the left one.
    scale : float
        Inches left of the left panel, for its numbers and their label.
    """

    titles: tuple[str, str]
    draw_left: Callable[[Axes], None]
    draw_right: Callable[[Axes], None]
    handles: Callable[[], Sequence[Any]]
    entries: int
    xlabel: str
    ylabel: str
    scale: float = 0.75

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return WIDTH, self._bottom + _PANEL + _ABOVE

    @property
    def _bottom(self) -> float:
        return _BELOW + 0.1 + _LEGEND_ROW * -(-self.entries // _COLUMNS)

    def draw(self, figure: Figure) -> None:
        """Draw it; see `drawn`."""
        wide = (WIDTH - self.scale - _GAP - _RIGHT) / 2
        left = axes_at(figure, (self.scale, self._bottom, wide, _PANEL))
        right = axes_at(
            figure, (self.scale + wide + _GAP, self._bottom, wide, _PANEL), sharey=left, sharex=left
        )
        for axes, draw, title in zip(
            (left, right), (self.draw_left, self.draw_right), self.titles, strict=True
        ):
            draw(axes)
            axes.set_title(title, loc="left", fontsize=9.5, weight="bold")
            axes.set_xlabel(self.xlabel)
            axes.grid(axis="y", color="#e5e7eb", linewidth=0.8)
            axes.set_axisbelow(True)
        left.set_ylabel(self.ylabel)
        right.tick_params(labelleft=False)
        figure.legend(
            handles=list(self.handles()),
            loc="lower left",
            bbox_to_anchor=((self.scale - 0.1) / WIDTH, 0.0),
            ncols=_COLUMNS,
            columnspacing=1.6,
            handlelength=2.4,
            labelspacing=0.3,
            borderaxespad=0.3,
        )
