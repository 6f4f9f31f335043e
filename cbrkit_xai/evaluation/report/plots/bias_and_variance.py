"""The two parts of the squared error over k: what lasts over all training sets, and what changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np

from cbrkit_xai.evaluation.clusters.bias_and_variance import BiasAndVariance
from cbrkit_xai.evaluation.report.plots.palette import Look
from cbrkit_xai.evaluation.report.plots.picture import INK, axes_at
from cbrkit_xai.features import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _HEIGHT = 8.6, 2.7
_LEFT, _BETWEEN, _RIGHT = 0.75, 0.75, 0.2
_BOTTOM, _LEGEND_ROW = 0.6, 0.2
_COLUMNS = 2


@attrs.frozen(kw_only=True, eq=False)
class PartsPlot:
    """Runs whose errors are taken apart.

    Parameters
    ----------
    parts : sequence of BiasAndVariance
        Each a curve over k, or a level where k is 0.
    names : sequence of str
        Of each, for the legend.
    looks : sequence of Look
        How each is drawn.
    """

    parts: Sequence[BiasAndVariance]
    names: Sequence[str]
    looks: Sequence[Look]

    @property
    def _legend(self) -> float:
        return _LEGEND_ROW * -(-len(self.parts) // _COLUMNS) + 0.1

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return _WIDTH, self._legend + _BOTTOM + _HEIGHT + 0.35

    def draw(self, figure: Figure) -> None:
        """Draw it; see `drawn`."""
        wide = (_WIDTH - _LEFT - _BETWEEN - _RIGHT) / 2
        bottom = self._legend + _BOTTOM
        lasting = axes_at(figure, (_LEFT, bottom, wide, _HEIGHT))
        varying = axes_at(figure, (_LEFT + wide + _BETWEEN, bottom, wide, _HEIGHT))
        self._draw_part(lasting, "squared bias, and noise of the votes", lambda one: one.lasting)
        self._draw_part(varying, "variance between training sets", lambda one: one.varying)
        varying.set_ylim(bottom=0)
        lasting.set_ylabel("votes squared (lower is better)")
        handles, labels = lasting.get_legend_handles_labels()
        figure.legend(
            handles,
            labels,
            loc="lower left",
            bbox_to_anchor=((_LEFT - 0.1) / _WIDTH, 0.0),
            ncols=_COLUMNS,
            labelspacing=0.25,
            borderaxespad=0.3,
        )

    def _draw_part(self, axes: Axes, title: str, part: Callable[[BiasAndVariance], Array]) -> None:
        last = max(max(one.ks) for one in self.parts)
        axes.set_xlim(0.5, last + 0.5)
        for one, name, look in zip(self.parts, self.names, self.looks, strict=True):
            values = part(one)
            if one.ks == (0,):
                axes.axhline(float(values[0]), color=INK, linewidth=1.1, label=name)
                continue
            axes.plot(
                np.array(one.ks),
                values,
                color=look.colour,
                marker=look.marker,
                markersize=3.6,
                linewidth=1.5,
                label=name,
            )
        axes.set_title(title, loc="left")
        axes.set_xlabel("k")
