"""Checks of the photos that a representation describes, and their luminance."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cbrkit_xai.errors import ParameterError


def photos(images: ArrayLike, where: str) -> NDArray[np.uint8]:
    """Return the images as an array, not copied.

    Raises
    ------
    ParameterError
        They are not uint8 of shape `(n, h, w, 3)`.
    """
    array: NDArray[Any] = np.asarray(images)
    if array.dtype != np.uint8 or array.ndim != 4 or array.shape[3] != 3:
        raise ParameterError(
            f"the images are {array.dtype} of shape {array.shape}",
            where=where,
            allowed="uint8 of shape (n, h, w, 3)",
            next_step="let open_image() make them",
        )
    return array


def check_size(images: NDArray[Any], least: int, where: str, next_step: str) -> None:
    """Refuse images `(n, h, w, 3)` of fewer than `least` pixels in height or width.

    Raises
    ------
    ParameterError
        They are too small.
    """
    height, width = images.shape[1:3]
    if min(height, width) < least:
        raise ParameterError(
            f"images of {height} x {width} pixels are too small",
            where=where,
            allowed=f"at least {least} x {least} pixels",
            next_step=next_step,
        )


def luminance(image: NDArray[Any], weights: tuple[float, float, float]) -> NDArray[np.float64]:
    """Return the weighted sum `(h, w)` of the channels of an image `(h, w, 3)`, in float64 throughout.

    No matrix product: its rounding may depend on the machine's BLAS.
    """
    red, green, blue = (
        image[..., channel].astype(np.float64) * weight for channel, weight in enumerate(weights)
    )
    return red + green + blue


REC_709 = (0.2125, 0.7154, 0.0721)
"""Weights of red, green and blue as scikit-image's `rgb2gray` has them (ITU-R BT.709, contemporary CRTs)."""
