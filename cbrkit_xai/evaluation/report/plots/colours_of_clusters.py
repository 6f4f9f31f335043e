"""Mean colour histograms of clusters, beside that of all photos."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np

from cbrkit_xai.evaluation.clusters.colours import BINS, CHANNELS, Colours
from cbrkit_xai.evaluation.report.plots.picture import FAINT, axes_at

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDTH, _HEIGHT = 8.6, 1.0
_NAMES, _BETWEEN, _RIGHT = 1.75, 0.2, 0.2
_BOTTOM, _TOP, _GAP = 0.75, 0.3, 0.22
_AT_ONCE = 8  # values that are averaged: a photo's own histogram is ragged

# The channels keep their own colours; each has a panel, so nobody has to tell them apart by these.
_COLOUR = {"red": "#B22222", "green": "#1B7837", "blue": "#2166AC"}


@attrs.frozen(kw_only=True, eq=False)
class ColoursPlot:
    """A row per cluster, a panel per channel.

    Parameters
    ----------
    names : sequence of str
        Of the clusters.
    colours : sequence of Colours
        Of each.
    """

    names: Sequence[str]
    colours: Sequence[Colours]

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        rows = len(self.names)
        return _WIDTH, _BOTTOM + rows * _HEIGHT + (rows - 1) * _GAP + _TOP

    def draw(self, figure: Figure) -> None:
        """Draw it; see `drawn`."""
        wide = (_WIDTH - _NAMES - _RIGHT - 2 * _BETWEEN) / len(CHANNELS)
        values = np.arange(BINS).reshape(-1, _AT_ONCE).mean(axis=1)
        for row, (name, colours) in enumerate(zip(self.names, self.colours, strict=True)):
            top = 105 * max(float(_smooth(one).max()) for one in (colours.inside, colours.overall))
            bottom = self.size[1] - _TOP - (row + 1) * _HEIGHT - row * _GAP
            for column, channel in enumerate(CHANNELS):
                axes = axes_at(figure, (_NAMES + column * (wide + _BETWEEN), bottom, wide, _HEIGHT))
                axes.fill_between(
                    values,
                    100 * _smooth(colours.inside)[column],
                    color=_COLOUR[channel],
                    alpha=0.45,
                    linewidth=0,
                )
                axes.plot(values, 100 * _smooth(colours.overall)[column], color=FAINT, linewidth=1.2)
                axes.set_xlim(0, BINS - 1)
                axes.set_ylim(0, top)
                axes.set_xticks([0, 64, 128, 192])
                is_last = row == len(self.names) - 1
                axes.tick_params(labelbottom=is_last, labelleft=False, left=False)
                if row == 0:
                    axes.set_title(channel, loc="left", weight="bold")
                if column == 0:
                    axes.text(
                        -0.06, 0.5, name, transform=axes.transAxes, ha="right", va="center", fontsize=8.5
                    )
        figure.text(
            (_NAMES + _WIDTH - _RIGHT) / 2 / _WIDTH,
            0.2 / figure.get_figheight(),
            "value of the pixels, dark to bright",
            ha="center",
            va="bottom",
        )


def _smooth(histogram: np.ndarray) -> np.ndarray:
    """Return shares per value averaged over a few values, `(3, 32)`."""
    averaged: np.ndarray = histogram.reshape(len(CHANNELS), -1, _AT_ONCE).mean(axis=2)
    return averaged
