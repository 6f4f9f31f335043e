"""Draws explanations in one style: the photo, what speaks for its class, and a legend."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from cbrkit_xai.cache import write_atomically
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.explaining.explanation import Explanation
from cbrkit_xai.features import Array
from cbrkit_xai.quiet import warnings_muted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from cbrkit_xai.case import Target

SOFTWARE = "cbrkit-xai"
"""Stands in every picture's file, so that ours can be told from a photo."""

_COLUMNS = 5
"""The paper's Fig. 2 has the photo and four methods in a row."""

_TILE, _LARGE_TILE = 3.2, 4.4
"""Width of a photo in inches, beside several explanations and beside one."""

_HEADER = 0.62
_FOOTER = 0.95
_MARGIN = 0.15
_DOTS_PER_INCH = 100

_FOR = "viridis"
_FOR_AND_AGAINST = "coolwarm"
"""Both made for even steps to the eye (Smith and van der Walt 2015; Moreland 2009)."""

_CLIPPED = 99.0
"""Percentile at which colours end: single pixels of a gradient are often many times the rest."""

_HARDLY = 0.01
_LINES = 4
_DIMMED = 0.25
_OUTLINE = (1.0, 0.85, 0.0)
_SMALL: dict[str, Any] = {"fontsize": 7.5, "parse_math": False}


def write_picture(explanations: Sequence[Explanation], path: str | Path) -> Path:
    """Write explanations of one photo side by side as a PNG file; all of it, or nothing.

    Raises
    ------
    ParameterError
        There is nothing to draw, or the file is to be no PNG.
    OSError
        The file cannot be written.
    """
    file = Path(path)
    if file.suffix.lower() != ".png":
        raise ParameterError(
            f"a picture cannot be written as {file.name!r}", where="picture", allowed="a .png"
        )
    write_atomically(file, draw_picture(explanations))
    return file


def draw_picture(explanations: Sequence[Explanation]) -> bytes:
    """Draw explanations of one photo side by side, the photo first, and return the PNG file's bytes.

    The same explanations give the same bytes, whatever matplotlib is set to elsewhere.

    Raises
    ------
    ParameterError
        There is nothing to draw.
    """
    if not explanations or any(one.pixels is None for one in explanations):
        raise ParameterError(
            "there is no photo to draw on" if explanations else "there is no explanation to draw",
            where="picture",
            allowed="explanations as `explain` returns them",
        )
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    # A reader's own matplotlibrc must not change the picture.
    settings = {**matplotlib.rcParamsDefault, "backend": "agg", "font.family": "DejaVu Sans"}
    # A label in a script that the font lacks is drawn as boxes; a warning about it helps nobody.
    with warnings_muted(), matplotlib.rc_context(settings):
        figure = _figure(explanations)
        FigureCanvasAgg(figure)
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": SOFTWARE})
    return file.getvalue()


@attrs.frozen(kw_only=True)
class _Layout:
    """Where each tile stands: lengths in inches, boxes in shares of the figure."""

    tiles: int
    aspect: float

    @classmethod
    def of(cls, explanations: Sequence[Explanation]) -> _Layout:
        width, height = explanations[0].size or (1, 1)
        # A panorama would leave no room to see anything.
        return cls(tiles=len(explanations) + 1, aspect=min(max(height / width, 0.4), 2.0))

    @property
    def tile(self) -> float:
        return _LARGE_TILE if self.tiles == 2 else _TILE  # a photo and its explanation

    @property
    def columns(self) -> int:
        return min(self.tiles, _COLUMNS)

    @property
    def row_height(self) -> float:
        return _HEADER + self.tile * self.aspect + _FOOTER

    @property
    def width(self) -> float:
        return self.columns * (self.tile + _MARGIN) + _MARGIN

    @property
    def height(self) -> float:
        return self.row_height * math.ceil(self.tiles / self.columns)

    def photo(self, number: int) -> tuple[float, float, float, float]:
        row, column = divmod(number, self.columns)
        left = _MARGIN + column * (self.tile + _MARGIN)
        bottom = self.height - row * self.row_height - _HEADER - self.tile * self.aspect
        return self._box(left, bottom, self.tile * self.aspect)

    def legend(self, number: int) -> tuple[float, float, float, float]:
        left, bottom, _, _ = self.photo(number)
        return self._box(left * self.width, bottom * self.height - 0.13, 0.09)

    def _box(self, left: float, bottom: float, height: float) -> tuple[float, float, float, float]:
        return left / self.width, bottom / self.height, self.tile / self.width, height / self.height


def _figure(explanations: Sequence[Explanation]) -> Figure:
    from matplotlib.figure import Figure

    layout = _Layout.of(explanations)
    figure = Figure(figsize=(layout.width, layout.height), facecolor="white")
    first = explanations[0]
    axes = _axes(figure, layout.photo(0))
    _show(axes, _pixels(first), interpolation="bilinear")
    _title(axes, first.photo, "the photo")
    for number, explanation in enumerate(explanations, start=1):
        axes, legend = _axes(figure, layout.photo(number)), _axes(figure, layout.legend(number))
        _title(axes, explanation.method, _class(explanation))
        if explanation.mask is not None:
            words = _draw_kept(axes, explanation)
        else:
            words = _draw_attribution(axes, legend, explanation)
        text = "\n".join([words, *_notes(explanation)])
        legend.text(0.5, -0.3, text, **_SMALL, transform=legend.transAxes, ha="center", va="top")
    return figure


def _axes(figure: Figure, box: tuple[float, float, float, float]) -> Axes:
    axes = figure.add_axes(box)
    axes.set_axis_off()
    return axes


def _show(axes: Axes, picture: Array, **settings: Any) -> None:
    # The classifier saw the photo squeezed into its own shape; people see it in the photo's.
    axes.imshow(picture, aspect="auto", extent=(0, 1, 0, 1), **settings)


def _class(explanation: Explanation) -> str:
    target = explanation.target
    return "" if target is None else f"why {target.label}? (probability {shown_probability(target)})"


def shown_probability(target: Target) -> str:
    """Return a class's probability as people read it."""
    probability = target.probability
    if probability is None:
        return "unknown"
    return "< 0.01" if probability < _HARDLY else f"{probability:.2f}"


def _pixels(explanation: Explanation) -> Array:
    assert explanation.pixels is not None  # noqa: S101 - draw_picture has refused it
    return explanation.pixels


def _title(axes: Axes, first: str, second: str) -> None:
    place: dict[str, Any] = {"transform": axes.transAxes, "va": "bottom", "parse_math": False}
    axes.text(0, 1.01, f"{_short(first, 30)}\n", fontsize=11, weight="bold", **place)
    axes.text(0, 1.01, _short(second, 44), fontsize=9, **place)


def _short(text: str, characters: int) -> str:
    text = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


def _draw_kept(axes: Axes, explanation: Explanation) -> str:
    mask = explanation.mask
    assert mask is not None  # noqa: S101 - the caller has looked
    pixels = _pixels(explanation).astype(np.float64) / 255
    shown = np.where(mask[..., None], pixels, pixels * _DIMMED)
    _show(axes, shown, interpolation="bilinear")
    if not mask.any():
        return "nothing needs to be kept"
    if not mask.all() and min(mask.shape) > 1:  # a line of pixels has no contour
        height, width = mask.shape
        rows = 1 - (np.arange(height) + 0.5) / height
        columns = (np.arange(width) + 0.5) / width
        axes.contour(columns, rows, mask.astype(float), levels=[0.5], colors=[_OUTLINE], linewidths=1.6)
    return f"outlined: what is kept, {mask.mean():.0%} of the photo"


def _draw_attribution(axes: Axes, legend: Axes, explanation: Explanation) -> str:
    from matplotlib import colormaps

    values = explanation.attribution
    assert values is not None  # noqa: S101 - running an explainer has refused it
    strength = np.abs(values)
    most = float(np.percentile(strength, _CLIPPED)) or float(strength.max()) or 1.0
    signed = bool((values < 0).any())
    low = -most if signed else max(0.0, float(values.min()))
    scaled = np.clip((values - low) / max(most - low, np.finfo(float).tiny), 0, 1)
    colours = colormaps[_FOR_AND_AGAINST if signed else _FOR]
    grey = _pixels(explanation).astype(np.float64) @ (0.2126, 0.7152, 0.0722) / 255  # BT.709 luma
    _show(axes, grey, cmap="gray", vmin=0, vmax=1, interpolation="bilinear")
    shown = colours(scaled)[..., :3]
    # Where nothing speaks for or against the class, the photo itself is to be seen.
    opaque = 0.2 + 0.6 * np.abs(2 * scaled - 1) if signed else np.full(scaled.shape, 0.65)
    _show(axes, np.dstack([shown, opaque]), interpolation="nearest")
    _show(legend, colours(np.linspace(0, 1, 256))[None, :, :3], interpolation="nearest")
    for place, side, text in (
        (0, "left", "against" if signed else "matters little"),
        (1, "right", "for the class" if signed else "matters much"),
    ):
        legend.text(place, -0.3, text, **_SMALL, transform=legend.transAxes, ha=side, va="top")
    return ""


def _notes(explanation: Explanation) -> list[str]:
    """Return what a reader must know beside the picture, in a few short lines."""
    notes = []
    if explanation.note:
        notes += textwrap.wrap(explanation.note, 56)
    if explanation.target is not None and (explanation.target.probability or 0) < _HARDLY:
        notes.append("the classifier hardly believes it: colours are relative")
    if explanation.stopped:
        notes += textwrap.wrap(f"stopped early: {explanation.stopped}", 56)
    return notes if len(notes) <= _LINES else [*notes[: _LINES - 1], f"{notes[_LINES - 1]} …"]
