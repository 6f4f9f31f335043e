"""What each metric has to do with the votes: Mantel correlations and case-base alignment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from cbrkit_xai.evaluation.report.figures_in_words import figure as in_figures
from cbrkit_xai.evaluation.report.figures_in_words import signed
from cbrkit_xai.evaluation.report.plots.picture import FAINT, INK, Heading, Picture, axes_at, drawn
from cbrkit_xai.evaluation.reproduction.hypothesis import NEGLIGIBLE, Hypothesis, OfMetric
from cbrkit_xai.evaluation.reproduction.mantel import MantelResult
from cbrkit_xai.evaluation.reproduction.papers_configurations import PapersConfiguration
from cbrkit_xai.evaluation.reproduction.pictures.looks import look_of, substitution_banners

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 8.6
_LEFT, _GAP, _RIGHT = 1.0, 0.45, 0.2
_ROW, _BELOW, _ABOVE, _LEGEND = 0.52, 0.55, 0.3, 0.5
_BAND = "#d1d5db"


def hypothesis_picture(
    found: Hypothesis, configurations: tuple[PapersConfiguration, ...], subtitle: str
) -> Picture | None:
    """Return the picture; None where nothing could be tested."""
    metrics = {name: one for name, one in found.metrics.items() if not one.winners.problem}
    if not metrics:
        return None
    identifiers = {one.name: one.paper.identifier for one in configurations}
    drawing = _Drawing(metrics=metrics, identifiers=identifiers)
    k = next(iter(metrics.values())).k
    return drawn(
        drawing.draw,
        name="similar-photos-similar-votes",
        heading=Heading(
            title="Nearness of photos, and agreement of their votes",
            subtitle=subtitle,
            banners=substitution_banners(tuple(one for one in configurations if one.name in metrics)),
        ),
        caption=(
            "Left: Spearman's correlation over all pairs of photos of their distance with how much their "
            "votes differ (Mantel); filled: the chance that their winners differ, hollow: their vote "
            "shares; lines: 95 % intervals. Right: case-base alignment, the agreement of a photo's winner "
            f"with those of its {k} nearest, weighted by nearness. Grey: the middle 95 % when votes are "
            f"handed out to the photos by chance ({found.draws:,} times). Below {NEGLIGIBLE:g} (dotted) a "
            "correlation is next to none. A mark right of the grey is a sign that near photos have similar "
            "votes by that metric; one left of it, that a few photos which are near to very many have odd "
            "votes."
        ),
        description=_description(metrics, identifiers),
        size=drawing.size,
    )


@attrs.frozen(kw_only=True, eq=False)
class _Drawing:
    metrics: Mapping[str, OfMetric]
    identifiers: Mapping[str, str]

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        return WIDTH, _LEGEND + _BELOW + _ROW * len(self.metrics) + _ABOVE

    def draw(self, figure: Figure) -> None:
        """Draw it; see `drawn`."""
        wide = (WIDTH - _LEFT - _GAP - _RIGHT) / 2
        high = _ROW * len(self.metrics)
        left = axes_at(figure, (_LEFT, _LEGEND + _BELOW, wide, high))
        right = axes_at(figure, (_LEFT + wide + _GAP, _LEGEND + _BELOW, wide, high), sharey=left)
        for place, (name, one) in enumerate(self.metrics.items()):
            colour = look_of(name).colour
            _mantel(left, place - 0.17, one.winners, colour, is_filled=True)
            _mantel(left, place + 0.17, one.shares, colour, is_filled=False)
            alignment = one.alignment
            _band(right, place, 0.36, alignment.chance)
            right.plot([alignment.by_chance] * 2, [place - 0.36, place + 0.36], color=FAINT, linewidth=1.0)
            right.plot(alignment.mean, place, marker="o", markersize=6, color=colour, zorder=3)
        left.axvline(0.0, color=INK, linewidth=0.9)
        left.axvline(NEGLIGIBLE, color=INK, linewidth=0.9, linestyle=":")
        left.set_yticks(range(len(self.metrics)), [self.identifiers[name] for name in self.metrics])
        left.set_ylim(len(self.metrics) - 0.5, -0.5)
        right.tick_params(labelleft=False)
        left.set_title("Mantel correlation", loc="left", fontsize=9.5, weight="bold")
        right.set_title("Case-base alignment", loc="left", fontsize=9.5, weight="bold")
        left.set_xlabel("rank correlation of distance and disagreement")
        right.set_xlabel("alignment, 0 to 1")
        self._legend(figure)

    def _legend(self, figure: Figure) -> None:
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        mark: dict[str, Any] = {"marker": "o", "markersize": 5.5, "color": INK, "linewidth": 1.2}
        handles = [
            Line2D([], [], label="winners", **mark),
            Line2D([], [], label="vote shares", **mark, markerfacecolor="white"),
            Patch(color=_BAND, label="95 % of chance"),
            Line2D([], [], color=FAINT, linewidth=1.0, label="mean of chance"),
        ]
        figure.legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=((_LEFT - 0.1) / WIDTH, 0.0),
            ncols=4,
            borderaxespad=0.5,
            columnspacing=1.8,
        )


def _mantel(axes: Axes, place: float, found: MantelResult, colour: str, *, is_filled: bool) -> None:
    if found.problem:
        return
    _band(axes, place, 0.15, found.chance)
    axes.plot(found.interval, [place, place], color=colour, linewidth=1.4, zorder=2)
    axes.plot(
        found.r,
        place,
        marker="o",
        markersize=6,
        color=colour,
        markerfacecolor=colour if is_filled else "white",
        zorder=3,
    )


def _band(axes: Axes, place: float, half: float, span: tuple[float, float]) -> None:
    if np.isfinite(span).all():
        axes.fill_between(span, place - half, place + half, color=_BAND, linewidth=0, zorder=1)


def _description(metrics: Mapping[str, OfMetric], identifiers: Mapping[str, str]) -> str:
    said = [
        f"{identifiers[name]}: correlation of winners {signed(one.winners.r)}, of vote shares "
        f"{signed(one.shares.r)}, alignment {in_figures(one.alignment.mean)}, by chance "
        f"{in_figures(one.alignment.by_chance)}"
        for name, one in metrics.items()
    ]
    return ". ".join(said) + "."
