"""Figure 3 of the paper: RMSE over k of every configuration in both organisations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from cbrkit_xai.evaluation.report.banners import Banner
from cbrkit_xai.evaluation.report.curves import Curve, curve
from cbrkit_xai.evaluation.report.figures_in_words import figure as in_figures
from cbrkit_xai.evaluation.report.plots.picture import FAINT, INK, Heading, Picture, drawn
from cbrkit_xai.evaluation.reproduction.papers_configurations import PapersConfiguration
from cbrkit_xai.evaluation.reproduction.pictures.looks import look_of, substitution_banners
from cbrkit_xai.evaluation.reproduction.pictures.two_panels import TwoPanels
from cbrkit_xai.evaluation.reproduction.reproduction import Reproduction
from cbrkit_xai.evaluation.results import GLOBAL_MEAN, Evaluation
from cbrkit_xai.evaluation.scoring.noise_floor import noise_floor_of
from cbrkit_xai.evaluation.scoring.scores import pooled_rmse

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DASHES = (0, (5, 3))
_LEVELS: dict[str, tuple[Any, str]] = {
    GLOBAL_MEAN: ("-", INK),
    "single-best-method": ((0, (1, 1.5)), INK),
    "per-class-mean": ((0, (4, 2, 1, 2)), FAINT),
}


def figure_3(reproduction: Reproduction, subtitle: str, leaks: Sequence[Banner]) -> Picture:
    """Return the figure.

    Parameters
    ----------
    subtitle : str
        Of which cases, on whose votes.
    leaks : sequence of Banner
        What else must not be overlooked.
    """
    evaluation, runs = reproduction.evaluation, reproduction.runs
    linear = [(one, curve(evaluation, run)) for one, run in runs.linear]
    clustered = [(one, curve(evaluation, run)) for one, run in runs.clustered]
    drawing = _Drawing(
        evaluation=evaluation, linear=linear, clustered=clustered, floor=noise_floor_of(evaluation).rmse
    )
    panels = TwoPanels(
        titles=("Instance-based (linear)", "Clustered (DBSCAN prototypes)"),
        draw_left=lambda axes: drawing.panel(axes, linear),
        draw_right=lambda axes: drawing.panel(axes, clustered),
        handles=drawing.handles,
        entries=drawing.entries,
        xlabel="k: nearest cases or prototypes",
        ylabel="pooled RMSE in votes (lower is better)",
    )
    return drawn(
        panels.draw,
        name="figure-3",
        heading=Heading(
            title="Figure 3: RMSE between predicted and observed votes, over k",
            subtitle=subtitle,
            banners=(*leaks, *substitution_banners(reproduction.applicable)),
        ),
        caption=drawing.caption([one.paper.identifier for one, _ in runs.never_clustered]),
        description=drawing.description(),
        size=panels.size,
    )


@attrs.frozen(kw_only=True, eq=False)
class _Drawing:
    evaluation: Evaluation
    linear: Sequence[tuple[PapersConfiguration, Curve]]
    clustered: Sequence[tuple[PapersConfiguration, Curve]]
    floor: float | None

    @property
    def levels(self) -> dict[str, float]:
        """Pooled RMSE of what has no neighbours, of those that are drawn."""
        runs = self.evaluation.runs
        return {
            name: float(pooled_rmse(runs[name].predicted, self.evaluation.votes[:, None], over=(0, 1))[0])
            for name in _LEVELS
            if name in runs
        }

    @property
    def shown(self) -> dict[str, float]:
        """The levels near enough to the curves to be drawn on their scale."""
        values = [float(value) for _, one in (*self.linear, *self.clustered) for value in one.rmse]
        finite = [value for value in values if np.isfinite(value)] or [0.0, 1.0]
        room = 0.35 * (max(finite) - min(finite)) + 1e-3
        return {
            name: value
            for name, value in self.levels.items()
            if min(finite) - room <= value <= max(finite) + room
        }

    @property
    def has_floor(self) -> bool:
        """Whether the noise floor is defined."""
        return self.floor is not None

    @property
    def entries(self) -> int:
        """How many entries the legend has."""
        configurations = {one.name for one, _ in (*self.linear, *self.clustered)}
        return len(configurations) + 2 + len(self.shown) + self.has_floor

    def panel(self, axes: Axes, curves: Sequence[tuple[PapersConfiguration, Curve]]) -> None:
        """Draw the curves of one organisation."""
        one_law = _share_a_law([found for _, found in curves])
        for one, found in curves:
            look = look_of(one.name)
            axes.plot(found.ks, found.rmse, color=look.colour, linewidth=1.5, zorder=3)
            hollow = _is_independent(found)
            for chosen, fill in ((~hollow, look.colour), (hollow, "white")):
                axes.plot(
                    found.ks[chosen],
                    found.rmse[chosen],
                    color=look.colour,
                    marker=look.marker,
                    markerfacecolor=fill,
                    markersize=4.4,
                    linestyle="none",
                    zorder=4,
                )
            if not one_law:
                axes.plot(found.ks, found.null, color=look.colour, linestyle=_DASHES, linewidth=1.1, zorder=2)
        if one_law:
            axes.plot(
                curves[0][1].ks, curves[0][1].null, color=INK, linestyle=_DASHES, linewidth=1.3, zorder=5
            )
        for name, value in self.shown.items():
            style, colour = _LEVELS[name]
            axes.axhline(value, color=colour, linestyle=style, linewidth=1.1, zorder=1)
        if self.floor is not None:
            axes.axhline(self.floor, color=INK, linestyle="-.", linewidth=1.1, zorder=1)
        last = max((int(found.run.ks[-1]) for _, found in curves), default=25)
        axes.set_xlim(0.3, last + 0.7)
        if last <= 50:
            axes.set_xticks([1, *(k for k in range(5, last + 1, 5))])

    def handles(self) -> Sequence[Any]:
        """Return the legend's entries."""
        from matplotlib.lines import Line2D

        configurations = {one.name: one for one, _ in (*self.linear, *self.clustered)}
        found: list[Any] = [
            Line2D(
                [],
                [],
                color=look_of(name).colour,
                marker=look_of(name).marker,
                markersize=4.4,
                label=one.paper.identifier,
            )
            for name, one in configurations.items()
        ]
        found.append(Line2D([], [], color=INK, linestyle=_DASHES, label="null law"))
        found.append(
            Line2D(
                [],
                [],
                color=FAINT,
                marker="o",
                markerfacecolor="white",
                linestyle="none",
                markersize=4.4,
                label="query-independent",
            )
        )
        for name in self.shown:
            style, colour = _LEVELS[name]
            found.append(Line2D([], [], color=colour, linestyle=style, linewidth=1.1, label=name))
        if self.floor is not None:
            found.append(Line2D([], [], color=INK, linestyle="-.", linewidth=1.1, label="noise floor"))
        return found

    def caption(self, never_clustered: Sequence[str]) -> str:
        """Say all that is needed to read it."""
        folds = self.evaluation.folds
        said = [
            f"Pooled root mean square error of predicted against observed votes of held-out photos "
            f"({folds.repeats} × {folds.per_repeat} folds; {self.evaluation.provenance}).",
            "Dashed: the null law, black where all curves share one and else in each curve's colour, the "
            "error with the same weights if photos and votes had nothing to do with each other. A curve "
            "that follows it, falling or growing, is no evidence of similarity.",
            "Clustered curves end where k reaches the largest number of prototypes; hollow from where on "
            "all photos of a fold get one prediction.",
            f"Horizontal: {_told(self.shown)}.",
        ]
        if beyond := {name: value for name, value in self.levels.items() if name not in self.shown}:
            said.append(f"Beyond the scale: {_told(beyond)}.")
        said.append("" if self.has_floor else "The noise floor is not defined for these votes.")
        if never_clustered:
            said.append(f"{' and '.join(never_clustered)} could be clustered in no fold.")
        return " ".join(one for one in said if one)

    def description(self) -> str:
        """Say what it shows."""
        said = []
        for organisation, curves in (("linear", self.linear), ("clustered", self.clustered)):
            for one, found in curves:
                said.append(
                    f"{one.paper.identifier} {organisation}: {in_figures(float(found.rmse[0]))} at k = "
                    f"{int(found.ks[0])}, {in_figures(float(found.rmse[-1]))} at k = {int(found.ks[-1])}, "
                    f"null law {in_figures(float(found.null[0]))} and {in_figures(float(found.null[-1]))}"
                )
        return "Pooled RMSE over k. " + "; ".join(said) + f". {_told(self.levels)}."


def _told(levels: dict[str, float]) -> str:
    return ", ".join(f"{name} {in_figures(value)}" for name, value in levels.items()) or "nothing"


def _share_a_law(curves: Sequence[Curve]) -> bool:
    """Say whether one line says for all curves what they would be without any signal."""
    return bool(curves) and all(
        one.null.shape == curves[0].null.shape and np.allclose(one.null, curves[0].null, rtol=1e-9)
        for one in curves
    )


def _is_independent(found: Curve) -> Any:
    independence = found.independence
    if independence is None or independence.same_from is None:
        return np.zeros(len(found.ks), dtype=bool)
    return found.ks >= independence.same_from
