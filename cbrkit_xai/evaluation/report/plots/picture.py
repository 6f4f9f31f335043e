"""A picture of the report: the same figures give the same bytes, whatever matplotlib is set to elsewhere."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import attrs

from cbrkit_xai.evaluation.report.banners import Banner
from cbrkit_xai.quiet import warnings_muted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SOFTWARE = "cbrkit-xai"
"""Stands in every picture's file, and makes the names inside an SVG file the same each time."""

DOTS_PER_INCH = 150

INK, FAINT, WARNING = "#1f2328", "#6b7280", "#9a0000"
"""Colours of text, of what is said beside, and of what must not be overlooked."""

_SETTINGS: dict[Any, Any] = {
    "backend": "agg",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": INK,
    "text.parse_math": False,  # a name with two dollar signs is a name
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9,
    "axes.formatter.useoffset": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.facecolor": "white",
    "svg.fonttype": "path",
    "svg.hashsalt": SOFTWARE,
}

_LINE = 0.2
"""Height of a line of the heading, in inches."""


@attrs.frozen(kw_only=True, repr=False)
class Picture:
    """One picture, as the report shows it and as files.

    Parameters
    ----------
    name : str
        Of its files, without an ending.
    title : str
        What it shows.
    caption : str
        All that is needed to read it.
    description : str
        What it says, for whoever cannot see it.
    png, svg : bytes
        The files.
    """

    name: str
    title: str
    caption: str
    description: str
    png: bytes
    svg: bytes


@attrs.frozen(kw_only=True)
class Heading:
    """What stands above a picture, and inside its file: it will be shown without the page.

    Parameters
    ----------
    title : str
        What is drawn.
    subtitle : str
        Of which cases, on whose votes.
    banners : tuple of Banner
        What must not be overlooked.
    """

    title: str
    subtitle: str
    banners: tuple[Banner, ...] = ()


def drawn(
    draw: Callable[[Figure], None],
    *,
    name: str,
    heading: Heading,
    caption: str,
    description: str,
    size: tuple[float, float],
) -> Picture:
    """Draw a picture below its heading.

    Parameters
    ----------
    draw : callable
        Called with the figure; has the place below the heading, `size` from the lower left corner.
    name : str
        Of its files, without an ending.
    heading : Heading
        What stands above it.
    caption, description : str
        As in `Picture`.
    size : (float, float)
        Width and height in inches, without the heading.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    width, height = size
    lines = _lines(heading, width)
    total = height + _LINE * (len(lines) + 0.6)
    # A reader's own matplotlibrc must not change the picture.
    settings: dict[Any, Any] = {**matplotlib.rcParamsDefault, **_SETTINGS}
    with warnings_muted(), matplotlib.rc_context(settings):
        figure = Figure(figsize=(width, total))
        FigureCanvasAgg(figure)
        _write_heading(figure, lines, total)
        draw(figure)
        png, svg = io.BytesIO(), io.BytesIO()
        figure.savefig(png, format="png", dpi=DOTS_PER_INCH, metadata={"Software": SOFTWARE})
        figure.savefig(svg, format="svg", metadata={"Creator": SOFTWARE, "Date": None})
    return Picture(
        name=name,
        title=heading.title,
        caption=caption,
        description=description,
        png=png.getvalue(),
        svg=svg.getvalue(),
    )


def _lines(heading: Heading, width: float) -> list[tuple[str, dict[str, Any]]]:
    """Return the heading's lines, each with how it is set; characters of 9 points are 0.075 inches wide."""
    lines = [(one, {"fontsize": 11, "weight": "bold"}) for one in wrapped(heading.title, width, 11)]
    for banner in heading.banners:
        style = {"fontsize": 9, "weight": "bold", "color": WARNING}
        lines += [(one, style) for one in wrapped(f"{banner.word}: {banner.sentence}", width, 9.5)]
    lines += [(one, {"fontsize": 8.5, "color": FAINT}) for one in wrapped(heading.subtitle, width, 8.5)]
    return lines


def wrapped(text: str, width: float, points: float) -> list[str]:
    """Break a text into lines that are at most `width` inches wide."""
    clean = "".join(one if one.isprintable() else " " for one in text)
    return textwrap.wrap(clean, max(20, int((width - 0.3) * 72 / (points * 0.6))))


def shortened(text: str, characters: int) -> str:
    """Return a text that fits into so many characters, the rest told by an ellipsis."""
    return text if len(text) <= characters else f"{text[: characters - 1]}…"


def _write_heading(figure: Figure, lines: Sequence[tuple[str, dict[str, Any]]], height: float) -> None:
    for number, (text, style) in enumerate(lines):
        place = 1 - _LINE * (number + 0.3) / height
        figure.text(0.15 / figure.get_figwidth(), place, text, va="top", ha="left", **style)


def axes_at(figure: Figure, box: tuple[float, float, float, float], **settings: Any) -> Axes:
    """Add axes; left, bottom, width and height are in inches from the figure's lower left corner."""
    width, height = figure.get_size_inches()
    left, bottom, wide, high = box
    return figure.add_axes((left / width, bottom / height, wide / width, high / height), **settings)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move places apart until neighbours are `gap` from each other, as little as that takes.

    Places keep their order and stay between `low` and `high` as long as there is room for all.
    """
    order = sorted(range(len(wanted)), key=lambda one: (wanted[one], one))
    # Blocks of places that touch, each as [sum of wishes, number]: those that would overlap are pooled,
    # as isotonic regression does.
    blocks: list[list[float]] = []
    for place in order:
        blocks.append([wanted[place], 1.0])
        while len(blocks) > 1 and _start(blocks[-2], gap) + blocks[-2][1] * gap > _start(blocks[-1], gap):
            second, first = blocks.pop(), blocks.pop()
            blocks.append([first[0] + second[0], first[1] + second[1]])
    laid = [_start(block, gap) + number * gap for block in blocks for number in range(int(block[1]))]
    found = [0.0] * len(wanted)
    for place, value in zip(order, _pushed(laid, gap, low, high), strict=True):
        found[place] = value
    return found


def _start(block: Sequence[float], gap: float) -> float:
    """Where a block begins so that its places are, on the whole, nearest to their wishes."""
    total, number = block
    return total / number - (number - 1) * gap / 2


def _pushed(places: list[float], gap: float, low: float, high: float) -> list[float]:
    for number in range(len(places) - 1, -1, -1):
        places[number] = min(places[number], high - (len(places) - 1 - number) * gap)
    for number in range(len(places)):
        places[number] = max(places[number], low + number * gap)
    return places


def pictures_of(value: Any) -> Iterator[Picture]:
    """Yield every picture that a page shows, wherever it stands in it."""
    if isinstance(value, Picture):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from pictures_of(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from pictures_of(one)
