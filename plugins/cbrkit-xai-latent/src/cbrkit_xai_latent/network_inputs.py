"""Says what EfficientNet-Lite0 takes, whichever backend computes it, and refuses the rest."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cbrkit_xai.errors import ParameterError
from cbrkit_xai_latent.architecture import CLASSES, IMAGE_SIZE

_WHERE = "efficientnet-lite0"
_SHAPE = (IMAGE_SIZE, IMAGE_SIZE, 3)
_NUMBERS = "fui"  # kinds of numpy types: floats, unsigned and signed whole numbers


def checked_images(images: NDArray[Any]) -> NDArray[np.uint8]:
    """Return `(n, 224, 224, 3)` uint8 images; raise ParameterError if they are anything else."""
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.shape[1:] != _SHAPE:
        raise ParameterError(
            f"images of shape {images.shape} and type {images.dtype}",
            where=_WHERE,
            allowed=f"(n, {IMAGE_SIZE}, {IMAGE_SIZE}, 3) and uint8",
            next_step="open photos with cbrkit_xai.images.open_image",
        )
    return images


def checked_pixels(images: NDArray[Any]) -> NDArray[np.float32]:
    """Return `(n, 224, 224, 3)` finite pixel values as float32.

    Raises
    ------
    ParameterError
        They have another shape, are no real numbers, or are not finite.
    """
    images = np.asarray(images)
    if images.dtype.kind not in _NUMBERS or images.shape[1:] != _SHAPE:
        raise ParameterError(
            f"pixels of shape {images.shape} and type {images.dtype}",
            where=_WHERE,
            allowed=f"(n, {IMAGE_SIZE}, {IMAGE_SIZE}, 3) and real numbers, 0 to 255 for a photo",
        )
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused
        pixels = images.astype(np.float32)
    if not np.isfinite(pixels).all():
        raise ParameterError(
            "pixels that are NaN or infinite", where=_WHERE, allowed="finite numbers, 0 to 255 for a photo"
        )
    return pixels


def checked_target(target: int) -> int:
    """Return the index of a class; raise ParameterError if there is no such class."""
    try:
        index = -1 if isinstance(target, bool) else operator.index(target)
    except TypeError:
        index = -1
    if not 0 <= index < CLASSES:
        raise ParameterError(
            f"the target is {target!r}", where=_WHERE, allowed=f"a whole number from 0 to {CLASSES - 1}"
        )
    return index
