"""Figure 4 of the paper: the time of a query over k, of every configuration in both organisations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from cbrkit_xai.evaluation.report.banners import Banner
from cbrkit_xai.evaluation.report.plots.picture import Heading, Picture, drawn
from cbrkit_xai.evaluation.reproduction.papers_configurations import PapersConfiguration
from cbrkit_xai.evaluation.reproduction.pictures.looks import look_of, substitution_banners
from cbrkit_xai.evaluation.reproduction.pictures.two_panels import TwoPanels
from cbrkit_xai.evaluation.reproduction.timing.timed_index import QueryTimes
from cbrkit_xai.evaluation.reproduction.timing.times import Times
from cbrkit_xai.evaluation.wording import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def figure_4(times: Times, subtitle: str, leaks: Sequence[Banner]) -> Picture:
    """Return the figure."""
    linear = [(one.of, one.linear) for one in times.configurations]
    clustered = [(one.of, one.clustered) for one in times.configurations if one.clustered is not None]
    drawing = _Drawing(linear=linear, clustered=clustered)
    panels = TwoPanels(
        titles=(f"Instance-based ({times.training} cases)", "Clustered (DBSCAN prototypes)"),
        draw_left=lambda axes: drawing.panel(axes, linear),
        draw_right=lambda axes: drawing.panel(axes, clustered),
        handles=drawing.handles,
        entries=len(linear),
        xlabel="k: nearest cases or prototypes",
        ylabel="microseconds per query (logarithmic)",
        scale=1.0,
    )
    return drawn(
        panels.draw,
        name="times-figure-4",
        heading=Heading(
            title="Figure 4: time of a single query, over k",
            subtitle=subtitle,
            banners=(*leaks, *substitution_banners(tuple(one for one, _ in linear))),
        ),
        caption=drawing.caption(times),
        description=drawing.description(),
        size=panels.size,
    )


@attrs.frozen(kw_only=True, eq=False)
class _Drawing:
    linear: Sequence[tuple[PapersConfiguration, QueryTimes]]
    clustered: Sequence[tuple[PapersConfiguration, QueryTimes]]

    def panel(self, axes: Axes, times: Sequence[tuple[PapersConfiguration, QueryTimes]]) -> None:
        """Draw the times of one organisation."""
        for one, found in times:
            look = look_of(one.name)
            low, middle, high = np.quantile(found.total, (0.25, 0.5, 0.75), axis=0)
            axes.fill_between(found.ks, low, high, color=look.colour, alpha=0.18, linewidth=0)
            axes.plot(found.ks, middle, color=look.colour, marker=look.marker, markersize=4.2, linewidth=1.4)
        last = max((found.ks[-1] for _, found in self.linear), default=25)
        axes.set_xlim(0.3, last + 0.7)
        if last <= 50:
            axes.set_xticks([1, *(k for k in range(5, last + 1, 5))])
        axes.set_yscale("log")
        plain_ticks(axes)

    def handles(self) -> Sequence[Any]:
        """Return the legend's entries."""
        from matplotlib.lines import Line2D

        return [
            Line2D(
                [],
                [],
                color=look_of(one.name).colour,
                marker=look_of(one.name).marker,
                markersize=4.2,
                label=one.paper.identifier,
            )
            for one, _ in self.linear
        ]

    def caption(self, times: Times) -> str:
        """Say all that is needed to read it."""
        rounds = [len(found.total) for _, found in (*self.linear, *self.clustered)]
        number_of = f"{min(rounds)}" if min(rounds) == max(rounds) else f"{min(rounds)} to {max(rounds)}"
        entries = ", ".join(f"{one.paper.identifier} {found.of.entries}" for one, found in self.clustered)
        missing = [one.of.paper.identifier for one in times.configurations if one.clustered is None]
        said = [
            "Wall time of retrieval and reuse of one query whose features are there already; describing "
            f"the photo is not in it. Line: median, shaded: the middle half, of {number_of} turns in which "
            "all are asked the same query, in an order drawn anew, on one thread; slow ones take part in "
            "fewer.",
            f"Prototypes: {entries}." if entries else "",
            f"No prototypes: {', '.join(missing)}." if missing else "",
            "These times belong to the machine that took them, and change with every run.",
        ]
        return " ".join(one for one in said if one)

    def description(self) -> str:
        """Say what it shows."""
        return " ".join(
            f"{found.of.name}: {number(float(np.median(found.total[:, 0])))} µs at k = {found.ks[0]}, "
            f"{number(float(np.median(found.total[:, -1])))} µs at k = {found.ks[-1]}."
            for _, found in (*self.linear, *self.clustered)
        )


def plain_ticks(axes: Axes) -> None:
    """Write 100 and 2,000 on a logarithmic scale, not powers of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
