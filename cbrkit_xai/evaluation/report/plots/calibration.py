"""Reliability curves: stated chance against how often it came true, a panel per configuration."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np

from cbrkit_xai.evaluation.report.plots.palette import BLUE
from cbrkit_xai.evaluation.report.plots.picture import FAINT, axes_at, shortened
from cbrkit_xai.evaluation.scoring.calibration import Calibration

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _PANEL, _COLUMNS = 8.6, 1.75, 4
_LEFT, _BOTTOM, _TITLE, _GAP = 0.7, 0.55, 0.55, 0.2
_LARGEST = 110  # points squared, for all photos in one part


@attrs.frozen(kw_only=True, eq=False)
class CalibrationPlot:
    """Panels side by side.

    Parameters
    ----------
    names : sequence of str
        Labels.
    found : sequence of Calibration
        Of each.
    """

    names: Sequence[str]
    found: Sequence[Calibration]

    @property
    def _rows(self) -> int:
        return -(-len(self.names) // _COLUMNS)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return _WIDTH, _BOTTOM + self._rows * (_PANEL + _TITLE) + (self._rows - 1) * _GAP

    def draw(self, figure: Figure) -> None:
        """Draw it; see `drawn`."""
        step = (_WIDTH - _LEFT - 0.1) / _COLUMNS
        for number, (name, found) in enumerate(zip(self.names, self.found, strict=True)):
            row, column = divmod(number, _COLUMNS)
            bottom = self.size[1] - (row + 1) * (_PANEL + _TITLE) - row * _GAP
            axes = axes_at(figure, (_LEFT + column * step, bottom, step - 0.25, _PANEL))
            is_last = number + _COLUMNS >= len(self.names)
            _draw_panel(axes, name, found)
            axes.tick_params(labelleft=column == 0, labelbottom=is_last)
            if column == 0:
                axes.set_ylabel("came true")
        figure.text(
            0.5,
            0.08 / figure.get_figheight(),
            "stated chance that the method held likeliest wins",
            ha="center",
            va="bottom",
        )


def _draw_panel(axes: Axes, name: str, found: Calibration) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    axes.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle=(0, (4, 3)))
    known = [one for one in found.bins if one.cases]
    stated = np.array([one.stated for one in known])
    hits = np.array([one.hits.share for one in known])
    for one in known:
        axes.plot([one.stated, one.stated], [one.hits.low, one.hits.high], color=BLUE, linewidth=1.2)
    sizes = [max(6.0, _LARGEST * one.cases / max(found.cases, 1)) for one in known]
    axes.scatter(stated, hits, s=sizes, color=BLUE, zorder=3)
    # A label is too long for a line of a panel; where it is none, it is broken wherever it ends.
    found_parts = re.fullmatch(r"(.+)/(.+)(@.+)", name)
    lines = found_parts.groups() if found_parts else textwrap.wrap(name, 26)[:3]
    axes.set_title("\n".join(shortened(line, 26) for line in lines), loc="left", fontsize=8)
