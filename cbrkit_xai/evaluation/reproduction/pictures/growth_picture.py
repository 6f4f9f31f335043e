"""The time of a query over the size of the case base, linear and clustered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from cbrkit_xai.evaluation.report.banners import Banner
from cbrkit_xai.evaluation.report.plots.picture import FAINT, Heading, Picture, drawn
from cbrkit_xai.evaluation.reproduction.pictures.figure_4 import plain_ticks
from cbrkit_xai.evaluation.reproduction.pictures.looks import look_of, substitution_banners
from cbrkit_xai.evaluation.reproduction.pictures.two_panels import TwoPanels
from cbrkit_xai.evaluation.reproduction.timing.timed_index import QueryTimes
from cbrkit_xai.evaluation.reproduction.timing.times import Times, TimesOf
from cbrkit_xai.evaluation.wording import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def growth_picture(times: Times, subtitle: str, leaks: Sequence[Banner]) -> Picture:
    """Return the picture."""
    drawing = _Drawing(times=times)
    panels = TwoPanels(
        titles=("Instance-based (linear)", "Clustered (DBSCAN prototypes)"),
        draw_left=lambda axes: drawing.panel(axes, "linear"),
        draw_right=lambda axes: drawing.panel(axes, "clustered"),
        handles=drawing.handles,
        entries=len(times.configurations) + 1,
        xlabel="cases in the base (logarithmic)",
        ylabel="microseconds per query (logarithmic)",
        scale=1.0,
    )
    return drawn(
        panels.draw,
        name="times-growth",
        heading=Heading(
            title=f"Time of a single query over the size of the case base, k = {times.k}",
            subtitle=subtitle,
            banners=(*leaks, *substitution_banners(tuple(one.of for one in times.configurations))),
        ),
        caption=(
            "Wall time of retrieval and reuse of one query whose features are there already, on one thread. "
            f"Line: median, shaded: the middle half. Sizes below {times.training} are parts of the training "
            "cases, above it copies of them under other ids: the same distances are computed, and with as "
            "many times the m a base of copies has the prototypes of the base itself. Grey: proportional to "
            "the size. "
            "These times belong to the machine that took them, and change with every run."
        ),
        description=drawing.description(),
        size=panels.size,
    )


@attrs.frozen(kw_only=True, eq=False)
class _Drawing:
    times: Times

    def panel(self, axes: Axes, organisation: str) -> None:
        """Draw the times of one organisation."""
        for one in self.times.configurations:
            points = _points(one, organisation)
            if not points:
                continue
            look = look_of(one.of.name)
            sizes = [size for size, _ in points]
            low, middle, high = (
                [float(np.quantile(found.total, share)) for _, found in points] for share in (0.25, 0.5, 0.75)
            )
            axes.fill_between(sizes, low, high, color=look.colour, alpha=0.18, linewidth=0)
            axes.plot(sizes, middle, color=look.colour, marker=look.marker, markersize=4.6, linewidth=1.4)
        axes.set_xscale("log")
        axes.set_yscale("log")
        plain_ticks(axes)
        if organisation == "linear":
            self._proportional(axes)
        _sizes(axes, sorted({size for one in self.times.configurations for size, _, _ in one.growth}))

    def _proportional(self, axes: Axes) -> None:
        """Draw a line on which twice the cases take twice the time, through the fastest in the largest."""
        ends = [_points(one, "linear")[-1] for one in self.times.configurations if one.growth]
        if not ends:
            return
        size, time = min(((size, float(np.median(found.total))) for size, found in ends), key=_per_case)
        least = min(one.growth[0][0] for one in self.times.configurations if one.growth)
        axes.plot(
            [least, size],
            [time * least / size, time],
            color=FAINT,
            linewidth=0.9,
            linestyle=(0, (2, 2)),
            zorder=0,
        )

    def handles(self) -> Sequence[Any]:
        """Return the legend's entries."""
        from matplotlib.lines import Line2D

        found: list[Any] = [
            Line2D(
                [],
                [],
                color=look_of(one.of.name).colour,
                marker=look_of(one.of.name).marker,
                markersize=4.6,
                label=one.of.paper.identifier,
            )
            for one in self.times.configurations
        ]
        found.append(
            Line2D([], [], color=FAINT, linewidth=0.9, linestyle=(0, (2, 2)), label="proportional to size")
        )
        return found

    def description(self) -> str:
        """Say what it shows."""
        said = []
        for one in self.times.configurations:
            for organisation in ("linear", "clustered"):
                points = _points(one, organisation)
                if points:
                    ends = " and ".join(
                        f"{number(float(np.median(found.total)))} µs at {size} cases"
                        for size, found in (points[0], points[-1])
                    )
                    said.append(f"{one.of.paper.identifier} {organisation}: {ends}.")
        return " ".join(said)


def _per_case(end: tuple[int, float]) -> float:
    size, time = end
    return time / size


def _points(one: TimesOf, organisation: str) -> list[tuple[int, QueryTimes]]:
    found = [(size, every if organisation == "linear" else some) for size, every, some in one.growth]
    return [(size, times) for size, times in found if times is not None]


def _sizes(axes: Axes, sizes: Sequence[int]) -> None:
    from matplotlib.ticker import NullFormatter, NullLocator

    axes.set_xticks(list(sizes), [f"{size:,}" for size in sizes], rotation=45, fontsize=8)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
