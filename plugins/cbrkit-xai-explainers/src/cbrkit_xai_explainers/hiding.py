"""Hiding superpixels: what is put in their place, and photos with some of them hidden."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.random import Generator

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.features import Array

Fill: TypeAlias = Literal["mean", "black", "blur", "noise"]

FILLS: tuple[Fill, ...] = get_args(Fill)
"""What can be put in the place of hidden superpixels by looking at the photo alone."""

_BLUR = 1 / 12
"""Standard deviation of the blur, as a share of the photo's shorter side: 19 pixels of 224."""


def fill_image(image: Array, labels: Array, how: Fill, rng: Generator) -> Array:
    """Return the pixels that show where superpixels are hidden.

    Parameters
    ----------
    image : (h, w, 3) uint8 array
        The photo.
    labels : (h, w) int array
        The superpixel of each pixel, from 0 on.
    how : {"mean", "black", "blur", "noise"}
        The mean colour of each superpixel, black, the photo under a strong Gaussian blur, or
        noise that is uniform in each pixel and channel.
    rng : numpy.random.Generator
        Draws the noise; untouched by the others.

    Returns
    -------
    (h, w, 3) uint8 array

    Raises
    ------
    ParameterError
        There is no such filling.
    """
    match how:
        case "mean":
            return _mean_colours(image, labels)
        case "black":
            return np.zeros_like(image)
        case "blur":
            return _blurred(image)
        case "noise":
            return rng.integers(0, 256, image.shape, dtype=np.uint8)
    raise ParameterError(f"unknown filling {how!r}", where="fill", allowed=", ".join(FILLS))


def hide(image: Array, fill: Array, labels: Array, kept: Array) -> Array:
    """Return the photo once per row, with only the superpixels of that row kept.

    Parameters
    ----------
    image : (h, w, 3) uint8 array
        The photo.
    fill : (h, w, 3) or (n, h, w, 3) uint8 array
        What shows where a superpixel is hidden, the same in all or one for each.
    labels : (h, w) int array
        The superpixel of each pixel, 0 to superpixels - 1.
    kept : (n, superpixels) bool or 0/1 array
        Which superpixels stay visible.

    Returns
    -------
    (n, h, w, 3) uint8 array
    """
    visible = np.asarray(kept, dtype=bool)[:, labels]  # (n, h, w)
    return np.where(visible[..., None], image, fill)


def _mean_colours(image: Array, labels: Array) -> Array:
    flat = labels.ravel()
    pixels = np.maximum(np.bincount(flat), 1)  # (superpixels,); a label that no pixel has divides nothing
    sums = [np.bincount(flat, weights=image[..., channel].ravel()) for channel in range(image.shape[-1])]
    colours = np.rint(np.stack(sums, axis=1) / pixels[:, None]).astype(np.uint8)  # (superpixels, 3)
    return colours[labels]


def _blurred(image: Array) -> Array:
    from scipy.ndimage import gaussian_filter  # on use: listing plugins must not load scipy

    sigma = min(image.shape[:2]) * _BLUR
    return np.rint(gaussian_filter(image.astype(np.float64), sigma=(sigma, sigma, 0))).astype(np.uint8)
