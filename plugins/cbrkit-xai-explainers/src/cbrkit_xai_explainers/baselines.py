"""Pictures that show nothing, from which a path leads to the photo."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.features import Array

Baseline: TypeAlias = Literal["black", "white", "mean", "blur"]
BASELINES = ("black", "white", "mean", "blur")

_BLUR = 0.1  # standard deviation, as a share of the longer side: no object survives it, colours do


def baseline_picture(name: str, image: Array) -> Array:
    """Return a baseline for a photo, both `(h, w, 3)` uint8, so that a classifier can judge it.

    Parameters
    ----------
    name : {"black", "white", "mean", "blur"}
        `mean`: the photo's mean colour all over. `blur`: the photo, blurred by a Gaussian of a
        tenth of its longer side.
    image : (h, w, 3) uint8 array
        The photo.

    Raises
    ------
    ParameterError
        There is no such baseline.
    """
    if name == "black":
        return np.zeros_like(image)
    if name == "white":
        return np.full_like(image, 255)
    if name == "mean":
        return np.broadcast_to(_rounded(image.mean(axis=(0, 1))), image.shape).copy()
    if name == "blur":
        from scipy.ndimage import gaussian_filter

        sigma = _BLUR * max(image.shape[:2])
        return _rounded(gaussian_filter(image.astype(np.float64), (sigma, sigma, 0), mode="nearest"))
    raise ParameterError(f"unknown baseline {name!r}", where="baseline", allowed=", ".join(BASELINES))


def _rounded(values: Array) -> Array:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)
