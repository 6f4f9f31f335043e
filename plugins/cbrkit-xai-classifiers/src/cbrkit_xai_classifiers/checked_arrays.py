"""Checks what is shown to a classifier, and what it answers."""

from __future__ import annotations

from typing import Any

import numpy as np

from cbrkit_xai.errors import ClassifierError, ParameterError
from cbrkit_xai.features import Array


def checked_photos(images: Any, size: tuple[int, int], where: str) -> Array:
    """Return `(n, h, w, 3)` uint8 photos of the right size.

    Raises
    ------
    ParameterError
        They have another shape or type.
    """
    found = np.asarray(images)
    if found.dtype != np.uint8 or found.ndim != 4 or found.shape[1:] != (*size, 3):
        raise ParameterError(
            f"images of shape {found.shape} and type {found.dtype}",
            where=where,
            allowed=f"(n, {size[0]}, {size[1]}, 3) and uint8",
            next_step="open photos with cbrkit_xai.images.pixels_of",
        )
    return found


def checked_pixels(images: Any, size: tuple[int, int], where: str) -> Array:
    """Return `(n, h, w, 3)` photos of the right size, of any type of number; raises as above."""
    found = np.asarray(images)
    if found.dtype.kind not in "uif" or found.ndim != 4 or found.shape[1:] != (*size, 3):
        raise ParameterError(
            f"images of shape {found.shape} and type {found.dtype}",
            where=where,
            allowed=f"(n, {size[0]}, {size[1]}, 3), numbers from 0 to 255",
        )
    return found


def checked_rows(answer: Any, photos: int, where: str) -> Array:
    """Return an answer as `(n, classes)` float64; axes of length 1 behind the classes are dropped.

    Raises
    ------
    ClassifierError
        It has another shape, fewer than two classes, or NaN in it.
    """
    found = np.asarray(answer)
    if found.ndim > 2 and all(length == 1 for length in found.shape[2:]):
        found = found.reshape(found.shape[:2])
    if found.dtype.kind not in "fiu":
        raise ClassifierError(f"its answer is of type {found.dtype}", where=where, allowed="numbers")
    if found.ndim != 2 or len(found) != photos:
        raise ClassifierError(
            f"its answer to {photos} photo{'' if photos == 1 else 's'} has shape {found.shape}",
            where=where,
            allowed=f"({photos}, classes): a row for each photo",
        )
    if found.shape[1] < 2:
        raise ClassifierError(
            f"its answer has {found.shape[1]} number{'' if found.shape[1] == 1 else 's'} a photo",
            where=where,
            allowed="a number for each of at least 2 classes",
            next_step="where it is the probability p of one class, wrap the model in a function that "
            "returns [1 - p, p], and name that: python:package.module:factory",
        )
    if not np.isfinite(found).all():
        raise ClassifierError(
            "its answer has NaN or infinite values in it",
            where=where,
            allowed="finite numbers",
            next_step="check its weights, and the scaling of its input",
        )
    return found.astype(np.float64)


def range_of(rows: Array) -> str:
    """Return a sentence about rows that are no probabilities."""
    off = rows[np.abs(rows.sum(axis=1) - 1).argmax()]
    return f"its answers lie between {rows.min():.3g} and {rows.max():.3g}, and a row sums to {off.sum():.3g}"


def softmax(scores: Array) -> Array:
    """Map `(n, classes)` scores to probabilities, in float64."""
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)
