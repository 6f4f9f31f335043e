"""From photos to a network's input, and from derivatives at the input back to pixels."""

from __future__ import annotations

from typing import Literal

import attrs
import numpy as np

from cbrkit_xai.features import Array
from cbrkit_xai_classifiers.scaling import PIXELS, Scaling


@attrs.frozen(kw_only=True)
class Preprocessing:
    """Scaling, order of channels, layout and type of number.

    Parameters
    ----------
    scaling : Scaling
        What happens to each value.
    channels : {"rgb", "bgr"}
        The order in which the network takes red, green and blue.
    layout : {"nhwc", "nchw"}
        Whether the channels are the last axis, or come before height and width.
    dtype : str
        Of the input, such as "float32".
    """

    scaling: Scaling = PIXELS
    channels: Literal["rgb", "bgr"] = "rgb"
    layout: Literal["nhwc", "nchw"] = "nhwc"
    dtype: str = "float32"

    def apply(self, images: Array) -> Array:
        """Map `(n, h, w, 3)` pixels, 0 to 255, to the network's input."""
        values = images if self.scaling.is_identity else self.scaling.apply(images)
        values = values[..., ::-1] if self.channels == "bgr" else values
        values = values.transpose(0, 3, 1, 2) if self.layout == "nchw" else values
        return np.ascontiguousarray(values, dtype=self.dtype)

    def derive(self, gradient: Array) -> Array:
        """Map derivatives with respect to the input to `(n, h, w, 3)` with respect to pixels."""
        gradient = gradient.transpose(0, 2, 3, 1) if self.layout == "nchw" else gradient
        gradient = gradient[..., ::-1] if self.channels == "bgr" else gradient
        return self.scaling.derive(gradient)

    def __str__(self) -> str:
        return f"scaling={self.scaling};channels={self.channels};layout={self.layout};type={self.dtype}"
