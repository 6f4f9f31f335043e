"""How pixels from 0 to 255 become the numbers that a network was trained on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.features import Array

_Three = tuple[float, float, float]


def _check_finite(_scaling: Any, attribute: attrs.Attribute[Any], values: _Three) -> None:
    least = 1e-6 if attribute.name == "scale" else -math.inf
    if not all(math.isfinite(value) and value >= least for value in values):
        allowed = "three numbers above 0" if attribute.name == "scale" else "three finite numbers"
        raise ParameterError(f"{list(values)} does not fit", where=attribute.name, allowed=allowed)


@attrs.frozen(kw_only=True)
class Scaling:
    """(value - mean) / scale, for red, green and blue, whatever the order of the network's channels.

    Parameters
    ----------
    mean, scale : three floats
        On the scale of the pixels, 0 to 255.
    """

    mean: tuple[float, float, float] = attrs.field(default=(0.0, 0.0, 0.0), validator=_check_finite)
    scale: tuple[float, float, float] = attrs.field(default=(1.0, 1.0, 1.0), validator=_check_finite)

    def apply(self, pixels: Array) -> Array:
        """Map `(..., 3)` pixels to float64 of the same shape."""
        return (pixels.astype(np.float64) - self.mean) / self.scale

    def derive(self, gradient: Array) -> Array:
        """Map derivatives with respect to what `apply` returns to those with respect to pixels."""
        return gradient.astype(np.float64) / self.scale

    @property
    def is_identity(self) -> bool:
        """Whether the network takes pixels as they are."""
        return self == PIXELS

    def __str__(self) -> str:
        for name, preset in PRESETS.items():
            if preset == self:
                return f'"{name}"'
        return f"{{ mean = {_numbers(self.mean)}, scale = {_numbers(self.scale)} }}"


def _numbers(values: _Three) -> str:
    return f"[{', '.join(f'{value:g}' for value in values)}]"


PIXELS = Scaling()
PRESETS: Mapping[str, Scaling] = MappingProxyType(
    {
        "0..255": PIXELS,
        "0..1": Scaling(scale=(255.0, 255.0, 255.0)),
        "-1..1": Scaling(mean=(127.5, 127.5, 127.5), scale=(127.5, 127.5, 127.5)),
        # Mean and standard deviation of ImageNet's training photos, as torchvision's networks take them.
        "imagenet": Scaling(mean=(123.675, 116.28, 103.53), scale=(58.395, 57.12, 57.375)),
    }
)
"""The scalings that have a name."""

# ImageNet's mean taken away and nothing else: what networks that come from Caffe take, with channels "bgr".
_CENTRED = Scaling(mean=(123.68, 116.779, 103.939))
# Networks that come from TensorFlow's TPU programs, EfficientNet-Lite among them.
_LITE = Scaling(mean=(127.0, 127.0, 127.0), scale=(128.0, 128.0, 128.0))

KNOWN = (*PRESETS.values(), _CENTRED, _LITE)
"""All that is tried where a labelled sample is not recognised."""
