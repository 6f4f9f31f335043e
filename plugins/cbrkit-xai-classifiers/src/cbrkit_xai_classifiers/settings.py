"""What a model file does not say of itself: the settings beside it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Literal

import attrs

from cbrkit_xai.errors import ParameterError
from cbrkit_xai_classifiers.scaling import Scaling

MAX_SIDE = 4096
"""Most pixels that a network's input may have a side."""

TOLERANCE = 0.05
"""How far a sample's probability may be from the stated one.

Another way to scale a photo down shifts it by some hundredths, a wrong order of channels by a tenth.
"""


def _check_size(_settings: Any, _attribute: Any, size: tuple[int, int] | None) -> None:
    if size is not None and not all(1 <= side <= MAX_SIDE for side in size):
        raise ParameterError(
            f"{list(size)} does not fit",
            where="size",
            allowed=f"a whole number from 1 to {MAX_SIDE}, or [height, width]",
        )


def _both(size: Any) -> Any:
    return (size, size) if isinstance(size, int) else size


def _check_top(_sample: Any, _attribute: Any, top: int) -> None:
    if top < 1:
        raise ParameterError(f"{top} does not fit", where="top", allowed="a whole number, at least 1")


def _check_probability(_sample: Any, _attribute: Any, probability: float | None) -> None:
    if probability is not None and not 0 < probability <= 1:
        raise ParameterError(
            f"{probability:g} does not fit", where="probability", allowed="a number above 0, up to 1"
        )


@attrs.frozen(kw_only=True)
class Sample:
    """A photo whose class is known, which the model must recognise.

    Parameters
    ----------
    photo : str
        Its file.
    label : str
        Name of its class.
    top : int
        The class must be among that many most probable ones.
    probability : float or None
        What the class was given where the model was made; it must come out within `TOLERANCE`.
    """

    photo: str
    label: str
    top: int = attrs.field(default=1, validator=_check_top)
    probability: float | None = attrs.field(default=None, validator=_check_probability)


@attrs.frozen(kw_only=True)
class Settings:
    """How a model wants its photos, and what its answers mean; None where it isn't said.

    Parameters
    ----------
    size : (int, int) or None
        Height and width.
    scaling : Scaling or None
        What happens to the pixels.
    channels : {"rgb", "bgr"}
        The order of the channels.
    layout : {"nhwc", "nchw"} or None
        Whether the channels come last or first.
    output : {"probabilities", "logits"} or None
        What the answers are; logits are scores before softmax.
    output_name : str or None
        Which of several outputs is the answer.
    labels : tuple of str or None
        Names of the classes.
    samples : tuple of Sample
        Photos that must be recognised.
    """

    size: tuple[int, int] | None = attrs.field(default=None, converter=_both, validator=_check_size)
    scaling: Scaling | None = None
    channels: Literal["rgb", "bgr"] = "rgb"
    layout: Literal["nhwc", "nchw"] | None = None
    output: Literal["probabilities", "logits"] | None = None
    output_name: str | None = None
    labels: tuple[str, ...] | None = None
    samples: tuple[Sample, ...] = ()
    where: str = attrs.field(default="settings", eq=False)
    """The file they come from, or would come from; for errors."""


def example_settings(model: str, *, size: tuple[int, int] | None = None, layout: str | None = None) -> str:
    """Return a complete settings file to paste, with what is known of the model filled in.

    Parameters
    ----------
    model : str
        The model's file.
    size : (int, int), optional
        Height and width.
    layout : str, optional
        "nhwc" or "nchw".
    """
    height, width = size or (224, 224)
    lines = {
        f"size = {height if height == width else [height, width]}": "or [height, width]",
        'scaling = "imagenet"': 'or "0..1", "-1..1", "0..255", { mean = [r, g, b], scale = [r, g, b] }',
        'channels = "rgb"': 'or "bgr"',
        f'layout = "{layout or "nchw"}"': 'or "nhwc"' if layout != "nhwc" else 'or "nchw"',
        'output = "logits"': 'or "probabilities"',
        'labels = "labels.txt"': 'one name a line, or a list: ["cat", "dog"]',
    }
    widest = math.ceil(max(map(len, lines)) / 4) * 4
    return "\n".join(
        [
            f"# {Path(model).with_suffix('.toml').name}, beside {Path(model).name}",
            *(f"{line:{widest}}# {comment}" for line, comment in lines.items()),
            "",
            "[[samples]]  # a photo whose class you know: it catches a wrong scaling or order of channels",
            'photo = "cat.jpg"',
            'label = "cat"',
            "# probability = 0.93  # what your own program gives it: the surest check of all",
        ]
    )
