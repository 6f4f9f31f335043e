"""How the predecessor's errors change as its case base grows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from cbrkit_xai.evaluation.report.figures_in_words import figure as in_figures
from cbrkit_xai.evaluation.report.plots.palette import COLOURS, MARKERS
from cbrkit_xai.evaluation.report.plots.picture import INK, Heading, Picture, axes_at, drawn
from cbrkit_xai.evaluation.reproduction.predecessor import Growth
from cbrkit_xai.features import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 8.6
_LEFT, _GAP, _RIGHT = 0.75, 0.8, 0.15
_PANEL, _BELOW, _ABOVE, _LEGEND_ROW = 3.3, 0.6, 0.25, 0.21


def growth_of_predecessor(
    growths: Sequence[Growth], k: int, levels: dict[str, tuple[float, float]], subtitle: str
) -> Picture | None:
    """Return the picture; None where no configuration has a matrix of distances.

    Parameters
    ----------
    growths : sequence of Growth
        One per configuration.
    k : int
        Of the curves.
    levels : dict of str to (top-1, RMSE)
        Of predictors without neighbours, on the whole base.
    subtitle : str
        Of which cases, on whose votes.
    """
    if not growths:
        return None
    drawing = _Drawing(growths=growths, k=k, levels=levels)
    draws = len(growths[0].top_1)
    return drawn(
        drawing.draw,
        name="growth-of-the-base",
        heading=Heading(
            title=f"Leave-one-out as the case base grows, k = {k}",
            subtitle=subtitle,
        ),
        caption=(
            f"Each photo of a base of that size is left out and predicted from the {k} nearest of the "
            f"others. Line: mean over {draws} orders in which the base may have grown; shaded: least to "
            "most. Left: chance that the method predicted best is the winner (ties share the win), higher "
            "is better. Right: pooled RMSE in votes, lower is better. Horizontal, on the whole base: "
            + ", ".join(
                f"{name} {in_figures(hits)} and {in_figures(rmse)}" for name, (hits, rmse) in levels.items()
            )
            + "."
        ),
        description=drawing.description(),
        size=drawing.size,
    )


@attrs.frozen(kw_only=True, eq=False)
class _Drawing:
    growths: Sequence[Growth]
    k: int
    levels: dict[str, tuple[float, float]]

    @property
    def _bottom(self) -> float:
        return _BELOW + 0.1 + _LEGEND_ROW * -(-(len(self.growths) + len(self.levels)) // 2)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return WIDTH, self._bottom + _PANEL + _ABOVE

    def draw(self, figure: Figure) -> None:
        """Draw it; see `drawn`."""
        wide = (WIDTH - _LEFT - _GAP - _RIGHT) / 2
        left = axes_at(figure, (_LEFT, self._bottom, wide, _PANEL))
        right = axes_at(figure, (_LEFT + wide + _GAP, self._bottom, wide, _PANEL))
        for place, (axes, name) in enumerate(((left, "top_1"), (right, "rmse"))):
            for number, one in enumerate(self.growths):
                values: Array = getattr(one, name)[:, :, one.ks.index(self.k)]  # (draws, sizes)
                colour = COLOURS[number % len(COLOURS)]
                axes.fill_between(
                    one.sizes, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.13, linewidth=0
                )
                axes.plot(
                    one.sizes,
                    values.mean(axis=0),
                    color=colour,
                    marker=MARKERS[number % len(MARKERS)],
                    markersize=4,
                    linewidth=1.4,
                )
            self._levels(axes, place)
            axes.set_xlabel("cases in the base")
            axes.grid(axis="y", color="#e5e7eb", linewidth=0.8)
            axes.set_axisbelow(True)
        left.set_ylabel("chance that the winner is predicted best")
        right.set_ylabel("pooled RMSE in votes")
        self._legend(figure)

    def _levels(self, axes: Axes, place: int) -> None:
        for style, level in zip(_STYLES, self.levels.values(), strict=False):
            if np.isfinite(level[place]):
                axes.axhline(level[place], color=INK, linestyle=style, linewidth=1.0, zorder=1)

    def _legend(self, figure: Figure) -> None:
        from matplotlib.lines import Line2D

        handles = [
            Line2D(
                [],
                [],
                color=COLOURS[number % len(COLOURS)],
                marker=MARKERS[number % len(MARKERS)],
                markersize=4,
                label=one.label,
            )
            for number, one in enumerate(self.growths)
        ]
        handles += [
            Line2D([], [], color=INK, linestyle=style, linewidth=1.0, label=name)
            for style, name in zip(_STYLES, self.levels, strict=False)
        ]
        figure.legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=((_LEFT - 0.1) / WIDTH, 0.0),
            ncols=2,
            columnspacing=1.8,
            handlelength=2.4,
            labelspacing=0.3,
            borderaxespad=0.3,
        )

    def description(self) -> str:
        """Say what it shows."""
        said = []
        for one in self.growths:
            place = one.ks.index(self.k)
            first, last = (float(one.top_1[:, end, place].mean()) for end in (0, -1))
            said.append(
                f"{one.label}: {in_figures(first)} with {one.sizes[0]} cases, {in_figures(last)} with "
                f"{one.sizes[-1]}"
            )
        return "Chance that the winner is predicted best. " + "; ".join(said) + "."


_STYLES: tuple[Any, ...] = ("-", (0, (5, 3)), (0, (1, 1.5)))
