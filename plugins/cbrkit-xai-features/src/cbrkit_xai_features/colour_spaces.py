"""The colour spaces in which pixels are counted, each channel with its range."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Space: TypeAlias = Literal["rgb", "hsv", "lab"]

SPACES = ("rgb", "hsv", "lab")

RANGES: dict[str, tuple[tuple[float, float], ...]] = {
    "rgb": ((0, 256), (0, 256), (0, 256)),
    # Hue as a share of the full circle, saturation and value as scikit-image has them.
    "hsv": ((0, 1), (0, 1), (0, 1)),
    # CIE 1976, D65: all that sRGB can show, hence no bin that no photo can fill; and grey, at a = b = 0,
    # does not lie on an edge between two bins, as it would in ranges that are symmetrical about 0.
    "lab": ((0, 100), (-87, 99), (-108, 95)),
}
"""Lowest and highest value of each channel; the highest belongs to the last bin."""


def converted(image: NDArray[np.uint8], space: Space) -> NDArray[Any]:
    """Return an sRGB image `(h, w, 3)` in another space, of the same shape."""
    if space == "rgb":
        return image
    from skimage import color

    return color.rgb2hsv(image) if space == "hsv" else color.rgb2lab(image)


def bins_of(image: NDArray[np.uint8], space: Space, bins: int) -> NDArray[np.intp]:
    """Return, for each pixel of `(h, w, 3)`, its bin from 0 to `bins` - 1 in each channel: `(h * w, 3)`.

    Bins are of equal width and hold their lower edge; the last holds both, and what rounding put
    beyond the range.
    """
    values = converted(image, space).reshape(-1, 3)
    places = np.empty(values.shape, dtype=np.intp)
    for channel, (low, high) in enumerate(RANGES[space]):
        edges = np.linspace(low, high, bins + 1)
        places[:, channel] = np.searchsorted(edges[1:-1], values[:, channel], side="right")
    return places
