"""What a network's input looks like: size, layout, type of number, photos at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import attrs
import numpy as np

from cbrkit_xai.errors import ClassifierError, ConfigurationError
from cbrkit_xai.features import Array
from cbrkit_xai_classifiers.settings import MAX_SIDE, Settings, example_settings

CHUNK = 16
"""Photos shown to a network at a time, where it takes any number."""

MOST_AT_A_TIME = 256
"""To which a network may fix the number: a single photo is then computed so many times."""


@attrs.frozen(kw_only=True)
class InputFormat:
    """A network's input.

    Parameters
    ----------
    height, width : int
        In pixels.
    layout : {"nhwc", "nchw"}
        Whether the channels come last or first.
    dtype : str
        Type of its numbers, such as "float32".
    batch : int or None
        How many photos it takes at a time; None for any number.
    """

    height: int
    width: int
    layout: Literal["nhwc", "nchw"]
    dtype: str
    batch: int | None = None

    def chunks(self, images: Array) -> Iterator[tuple[Array, int]]:
        """Yield as many images as the network takes at a time, and how many of them count.

        Where it takes a fixed number, the last chunk is filled up with copies of its last image.
        """
        size = self.batch or CHUNK
        for start in range(0, len(images), size):
            chunk = images[start : start + size]
            missing = size - len(chunk) if self.batch else 0
            padded = np.concatenate([chunk, np.repeat(chunk[-1:], missing, axis=0)]) if missing else chunk
            yield padded, len(chunk)


def input_format(
    shape: Sequence[int | None], dtype: str, *, model: str, settings: Settings | None
) -> InputFormat:
    """Return a network's input format, from its declared shape and the settings.

    Parameters
    ----------
    shape : sequence of int or None
        As the model declares it; None where any number fits.
    dtype : str
        Of its numbers.
    model : str
        The model's file, for errors.
    settings : Settings or None
        What is said beside the model.

    Raises
    ------
    ClassifierError
        The input takes no colour photos, or too many at a time.
    ConfigurationError
        The settings contradict the model, or do not say what it leaves open.
    """
    if len(shape) != 4:
        raise ClassifierError(
            f"its input has shape {shown(shape)}",
            where=model,
            allowed="photos: (n, height, width, 3) or (n, 3, height, width)",
            next_step="wrap it in a function of yours, and name that: python:package.module:factory",
        )
    where = settings.where if settings else model
    layout = _layout(shape, model, settings, where)
    sides = list(shape[1:3] if layout == "nhwc" else shape[2:4])
    stated = settings.size if settings and settings.size else (None, None)
    for side, declared in enumerate(sides):
        given = stated[side]
        if declared is not None and given is not None and declared != given:
            raise ConfigurationError(
                f"[{stated[0]}, {stated[1]}] does not fit: the model takes {_sides(sides)} pixels",
                where=f"{where}: size",
                next_step="leave size out, or name the model that was meant",
            )
        sides[side] = declared if declared is not None else given
    height, width = sides
    if height is None or width is None:
        raise ConfigurationError(
            f"it takes photos of any size ({shown(shape)}), so 'size' must be said",
            where=where,
            allowed="size = 224, or size = [height, width]",
            next_step=_advice(model, settings, layout),
        )
    if max(height, width) > MAX_SIDE or min(height, width) < 1:
        raise ClassifierError(
            f"it takes photos of {height} x {width} pixels", where=model, allowed=f"1 to {MAX_SIDE} a side"
        )
    batch = shape[0]
    if batch is not None and batch > MOST_AT_A_TIME:
        raise ClassifierError(
            f"it takes {batch} photos at a time, no fewer",
            where=model,
            allowed=f"any number, or at most {MOST_AT_A_TIME}",
            next_step="export it with a number of photos that is left open",
        )
    return InputFormat(height=height, width=width, layout=layout, dtype=dtype, batch=batch)


def shown(shape: Sequence[int | None]) -> str:
    """Return a shape as text; `?` is any number."""
    return f"({', '.join('?' if one is None else str(one) for one in shape)})"


def _sides(sides: Sequence[int | None]) -> str:
    return " x ".join("any" if side is None else str(side) for side in sides)


def _layout(
    shape: Sequence[int | None], model: str, settings: Settings | None, where: str
) -> Literal["nhwc", "nchw"]:
    axes: dict[Literal["nhwc", "nchw"], int | None] = {"nhwc": shape[3], "nchw": shape[1]}
    # An axis that is declared as 3 says more than one that is left open.
    declared = [one for one, channels in axes.items() if channels == 3]
    possible = declared or [one for one, channels in axes.items() if channels is None]
    stated = settings.layout if settings else None
    if not possible:
        raise ClassifierError(
            f"its input has shape {shown(shape)}, with no axis of 3 channels",
            where=model,
            allowed="colour photos: (n, height, width, 3) or (n, 3, height, width)",
            next_step="wrap it in a function of yours, and name that: python:package.module:factory",
        )
    if stated is not None and stated not in possible:
        raise ConfigurationError(
            f"{stated!r} does not fit: the model's input has shape {shown(shape)}",
            where=f"{where}: layout",
            allowed=repr(possible[0]),
        )
    known = [stated] if stated else possible
    if len(known) != 1:
        raise ConfigurationError(
            f"the model's input has shape {shown(shape)}, so 'layout' must be said",
            where=where,
            allowed='"nhwc" (channels last) or "nchw" (channels first)',
            next_step=_advice(model, settings, None),
        )
    return known[0]


def _advice(model: str, settings: Settings | None, layout: str | None) -> str:
    """Return the next step: a line where there is a settings file, a whole one where there is none."""
    if settings is not None:
        return "add the line"
    return f"write a file such as this one beside it:\n\n{example_settings(model, layout=layout)}\n"
