"""Mean absolute difference of two photos' pixels."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np
from numpy.typing import ArrayLike

from cbrkit_xai.components import MetricPlugin
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.metrics.vector_tables import check_distances_finite, finite_vectors, scipy_distances

_BLOCK = 16
"""Images held as float64 at once, of each side: 19 MB at 224 x 224 x 3."""

_LARGEST = 255
"""The largest value of a pixel, at which the distance of black from white is 1."""


@attrs.frozen(kw_only=True)
class PixelDifference:
    """The mean of `|a - b| / 255` over all pixels and channels: 0 to 1 between photos."""

    def pairwise(self, queries: Array, references: Array) -> Array:
        """Return distances `(q, n)` of queries `(q, h, w, 3)` from references `(n, h, w, 3)`.

        Either may be float, such as prototypes; whole numbers give the same distances in any type.

        Raises
        ------
        ParameterError
            The images are none, are of different sizes, or hold NaN or infinity.
        """
        asked, known = _images(queries, "queries"), _images(references, "references")
        if asked.shape[1:] != known.shape[1:]:
            raise ParameterError(
                f"queries have shape {asked.shape[1:]} and references {known.shape[1:]}",
                where="queries",
                allowed=f"images of shape {known.shape[1:]}",
                next_step="let open_image() make both",
            )
        sums = np.zeros((len(asked), len(known)))
        for first in range(0, len(asked), _BLOCK):
            some = _flat(asked[first : first + _BLOCK], "queries")
            for start in range(0, len(known), _BLOCK):
                block = _flat(known[start : start + _BLOCK], "references")
                sums[first : first + _BLOCK, start : start + _BLOCK] = scipy_distances(
                    some, block, "cityblock"
                )
        return check_distances_finite(sums / (_LARGEST * max(1, asked[:1].size, known[:1].size)))


def _images(features: ArrayLike, what: str) -> Array:
    images = np.asarray(features)
    if images.ndim != 4 or images.dtype.kind not in "biuf":
        raise ParameterError(
            f"{what} have shape {images.shape} and type {images.dtype}",
            where=what,
            allowed="images of numbers, (n, h, w, 3)",
            next_step="a pixel metric needs a representation that gives pixels, not vectors",
        )
    return images


def _flat(images: Array, what: str) -> Array:
    return finite_vectors(images.reshape(len(images), -1), what)


@hookimpl
def cbrkit_xai_metrics() -> Iterator[MetricPlugin]:
    """Register the mean absolute difference of pixels."""
    yield MetricPlugin(
        name="pixel-difference",
        summary="Mean absolute difference of all pixels, 0 to 1",
        source="mean absolute error; the pixel similarity of Brito-Borges et al.'s predecessor, turned",
        factory=PixelDifference,
        needs=("scipy",),
        accepts="pixels",
        triangle=True,
        invariant=("mirroring",),
    )
