"""Pooled RMSE over k of one family: linear and clustered, beside all that they have to beat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from cbrkit_xai.evaluation.report.curves import Curve
from cbrkit_xai.evaluation.report.families import names_in
from cbrkit_xai.evaluation.report.permutation_table import Band
from cbrkit_xai.evaluation.report.plots.palette import Look, looks
from cbrkit_xai.evaluation.report.plots.picture import FAINT, INK, axes_at, shortened, spread
from cbrkit_xai.evaluation.results import GLOBAL_MEAN
from cbrkit_xai.features import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 8.6
_LEFT, _RIGHT = 0.75, 2.35  # inches: the scale, and the names of the horizontal lines
_MAIN, _STRIP, _GAP = 3.5, 0.85, 0.28
_BOTTOM, _LEGEND_ROW = 0.55, 0.2
_LABEL = 0.165  # inches between the names of two lines
_DASHES = (0, (5, 3))

FLOOR = "noise floor"
_BASELINE: dict[str, Any] = {"color": FAINT, "linewidth": 0.9, "linestyle": ":"}
_CROSS: dict[str, Any] = {"marker": "x", "markersize": 4.2, "markeredgewidth": 0.9, "linestyle": "none"}
_LINES: dict[str, dict[str, Any]] = {
    GLOBAL_MEAN: {"color": INK, "linewidth": 1.1, "linestyle": "-"},
    FLOOR: {"color": INK, "linewidth": 1.1, "linestyle": "-."},
}


@attrs.frozen(kw_only=True, eq=False)
class Panel:
    """All that one picture shows.

    Parameters
    ----------
    curves : tuple of Curve
        One per organizer.
    levels : mapping of str to float
        Pooled RMSE of what has no neighbours, by its name.
    floor : float or None
        The noise floor.
    bands : mapping of str to Band
        By label of a run: the middle 95 % of its RMSE when votes are shuffled over the cases.
    is_one_repeat : bool
        Whether a curve is of the very folds that its band is of; otherwise crosses are.
    limits : (float, float)
        Of the scale, the same in all families.
    """

    curves: tuple[Curve, ...]
    levels: Mapping[str, float]
    floor: float | None
    bands: Mapping[str, Band]
    is_one_repeat: bool
    limits: tuple[float, float]

    @property
    def has_strip(self) -> bool:
        """Whether any curve is clustered."""
        return any(curve.independence is not None for curve in self.curves)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""
        strip = _STRIP + _GAP if self.has_strip else 0.0
        return WIDTH, _BOTTOM + _LEGEND_ROW * self._legend_rows + 0.1 + strip + _MAIN + 0.1

    @property
    def _legend_rows(self) -> int:
        shaded = 0 if not self._is_shaded else 1 if self.is_one_repeat else 2
        return -(-(len(self.curves) + 1 + shaded) // 2)

    @property
    def _is_shaded(self) -> bool:
        return any(curve.run.label in self.bands for curve in self.curves)

    def draw(self, figure: Figure) -> None:
        """Draw it; see `drawn`."""
        names = names_in([curve.run for curve in self.curves])
        by_name = looks(list(names.values()))
        styles = {label: by_name[name] for label, name in names.items()}
        wide = WIDTH - _LEFT - _RIGHT
        bottom = _BOTTOM + _LEGEND_ROW * self._legend_rows + 0.1
        strip = axes_at(figure, (_LEFT, bottom, wide, _STRIP)) if self.has_strip else None
        above = bottom + (_STRIP + _GAP if self.has_strip else 0.0)
        main = axes_at(figure, (_LEFT, above, wide, _MAIN))
        last = max(int(max(curve.run.ks)) for curve in self.curves)
        for axes in (main, strip) if strip is not None else (main,):
            axes.set_xlim(0.5, last + 0.5)
            axes.set_xticks(_ticks(last))
        for curve in self.curves:
            look = styles[curve.run.label]
            self._draw_curve(main, curve, look)
            if strip is not None and curve.independence is not None:
                _draw_share(strip, curve, look)
        self._draw_levels(main)
        main.set_ylim(*self.limits)
        main.set_ylabel("pooled RMSE in votes (lower is better)")
        _mark_independence(main, self.curves, names, styles)
        if strip is not None:
            _finish_strip(strip)
            main.tick_params(labelbottom=False)
        (main if strip is None else strip).set_xlabel(
            "k: neighbours or prototypes that a prediction rests on"
        )
        self._legend(figure, by_name)

    def _draw_curve(self, axes: Axes, curve: Curve, look: Look) -> None:
        band = self.bands.get(curve.run.label)
        if band is not None:
            band = band.at(curve.ks)
            axes.fill_between(band.ks, band.low, band.high, color=look.colour, alpha=0.13, linewidth=0)
            if not self.is_one_repeat:
                axes.plot(band.ks, band.observed, color=look.colour, zorder=5, **_CROSS)
        axes.plot(curve.ks, curve.rmse, color=look.colour, linewidth=1.6, zorder=3)
        hollow = _is_independent(curve)
        for chosen, fill in ((~hollow, look.colour), (hollow, "white")):
            axes.plot(
                curve.ks[chosen],
                curve.rmse[chosen],
                color=look.colour,
                marker=look.marker,
                markerfacecolor=fill,
                markersize=4.6,
                linestyle="none",
                zorder=4,
            )
        axes.plot(curve.ks, curve.null, color=look.colour, linestyle=_DASHES, linewidth=1.3, zorder=2)

    def _draw_levels(self, axes: Axes) -> None:
        low, high = self.limits
        levels = {name: value for name, value in self.levels.items() if np.isfinite(value)}
        if self.floor is not None:
            levels = {**levels, FLOOR: self.floor}
        inside = {name: value for name, value in levels.items() if low <= value <= high}
        height = high - low
        gap = _LABEL / _MAIN * height
        beyond = _beyond(levels, low, high)
        top = high - gap * len(beyond[1])
        places = spread(list(inside.values()), gap, low + gap * (len(beyond[0]) + 0.5), top - gap / 2)
        for (name, value), place in zip(inside.items(), places, strict=True):
            axes.axhline(value, zorder=1, **_LINES.get(name, _BASELINE))
            _name_level(axes, f"{name} {value:.3f}", value, place, is_bold=name in _LINES)
        for number, text in enumerate(reversed(beyond[1])):
            _outside(axes, text, high - gap * (number + 0.5))
        for number, text in enumerate(reversed(beyond[0])):
            _outside(axes, text, low + gap * (number + 0.5))

    def _legend(self, figure: Figure, styles: Mapping[str, Look]) -> None:
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        handles: list[Any] = [
            Line2D([], [], color=look.colour, marker=look.marker, markersize=4.6, label=name)
            for name, look in styles.items()
        ]
        handles.append(Line2D([], [], color=INK, linestyle=_DASHES, label="null law, in its run's colour"))
        if self._is_shaded:
            label = "95 % of shuffles of the votes"
            if not self.is_one_repeat:
                label += ", first repeat"
                crosses = "observed, first repeat: compare it with the shades"
                handles.append(Line2D([], [], color=INK, label=crosses, **_CROSS))
            handles.append(Patch(color=INK, alpha=0.13, linewidth=0, label=label))
        figure.legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=((_LEFT - 0.1) / WIDTH, 0.0),
            ncols=2,
            borderaxespad=0.3,
            columnspacing=2.0,
            handlelength=2.6,
            labelspacing=0.25,
        )


def _is_independent(curve: Curve) -> Array:
    independence = curve.independence
    if independence is None or independence.same_from is None:
        return np.zeros(len(curve.ks), dtype=bool)
    return curve.ks >= independence.same_from


def _ticks(last: int) -> list[int]:
    step = next(one for one in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, last) if last / one <= 13)
    return sorted({1, *range(step, last + 1, step)} if step > 1 else set(range(1, last + 1)))


def _beyond(levels: Mapping[str, float], low: float, high: float) -> tuple[list[str], list[str]]:
    """Name what lies below the scale, highest first, and above it, lowest first."""
    below = sorted(((value, name) for name, value in levels.items() if value < low), reverse=True)
    above = sorted((value, name) for name, value in levels.items() if value > high)
    return [f"↓ {name} {value:.3f}" for value, name in below], [
        f"↑ {name} {value:.3f}" for value, name in above
    ]


def _name_level(axes: Axes, text: str, value: float, place: float, *, is_bold: bool) -> None:
    axes.annotate(
        text,
        xy=(1.0, value),
        xytext=(1.055, place),
        xycoords=axes.get_yaxis_transform(),
        textcoords=axes.get_yaxis_transform(),
        va="center",
        fontsize=8.5,
        weight="bold" if is_bold else "normal",
        annotation_clip=False,
        arrowprops={
            "arrowstyle": "-",
            "color": FAINT,
            "linewidth": 0.6,
            "relpos": (0, 0.5),
            "shrinkA": 1,
            "shrinkB": 0,
        },
    )


def _outside(axes: Axes, text: str, place: float) -> None:
    axes.text(
        1.055, place, text, transform=axes.get_yaxis_transform(), va="center", fontsize=8.5, color=FAINT
    )


def _draw_share(axes: Axes, curve: Curve, look: Look) -> None:
    independence = curve.independence
    assert independence is not None  # noqa: S101 - the caller has looked
    shares = 100 * independence.differing[: len(curve.ks)]
    axes.plot(curve.ks, shares, color=look.colour, marker=look.marker, markersize=4.2, linewidth=1.4)


def _finish_strip(axes: Axes) -> None:
    axes.set_ylim(-6, 106)
    axes.set_yticks([0, 50, 100], ["0 %", "50 %", "100 %"])
    axes.grid(axis="y", color="#e5e7eb", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.text(
        1.055,
        0.5,
        "queries whose prediction\ndiffers from the mean\nof all prototypes",
        transform=axes.transAxes,
        va="center",
        fontsize=8.5,
    )


def _mark_independence(
    axes: Axes, curves: Sequence[Curve], names: Mapping[str, str], styles: Mapping[str, Look]
) -> None:
    """Say from where on every query gets one prediction: there the curve says nothing about similarity."""
    by_first: dict[int, list[str]] = {}
    for curve in curves:
        if curve.independence is not None and _is_independent(curve).any():
            by_first.setdefault(curve.independence.same_from or 0, []).append(curve.run.label)
    low, high = axes.get_xlim()
    for number, (first, labels) in enumerate(sorted(by_first.items())):
        colour = styles[labels[0]].colour if len(labels) == 1 else INK
        who = ", ".join(names[label] for label in labels)
        is_late = first > (low + high) / 2
        axes.axvline(first, color=colour, linewidth=0.9, linestyle=":", zorder=0)
        axes.annotate(
            f"{shortened(who, 60)}\nquery-independent from k = {first} (hollow):\n"
            "all photos get one prediction",
            xy=(first, 0.985 - 0.14 * number),
            xycoords=axes.get_xaxis_transform(),
            xytext=(-5 if is_late else 5, 0),
            textcoords="offset points",
            color=colour,
            fontsize=8,
            ha="right" if is_late else "left",
            va="top",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0, "alpha": 0.85},
            zorder=5,
        )
