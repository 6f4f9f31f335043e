"""The predecessor's SSIM: the mean over blocks that do not overlap."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from cbrkit_xai_features.image_pairs import distances, image_pairs
from cbrkit_xai_features.photos import check_size, luminance

Array = NDArray[Any]

SIDE = 8
"""Of a block, in pixels."""

LUMA = (0.2126, 0.7152, 0.0722)
"""Weights of red, green and blue (ITU-R BT.709)."""

C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2

BLOCK = 16
"""Queries held at once: 7 MB at 224 x 224."""


@attrs.frozen(eq=False)
class _Blocks:
    """Each block's mean and sample variance, and its pixels' deviations from the mean."""

    means: Array  # (blocks,)
    variances: Array  # (blocks,)
    deviations: Array  # (blocks, 64)

    @classmethod
    def of(cls, image: Array) -> _Blocks:
        luma = luminance(image, LUMA)
        down, across = (side // SIDE for side in luma.shape)
        whole = luma[: down * SIDE, : across * SIDE]
        blocks = whole.reshape(down, SIDE, across, SIDE).swapaxes(1, 2).reshape(down * across, SIDE**2)
        means = blocks.mean(axis=1)
        deviations = blocks - means[:, None]
        return cls(means, _covariances(deviations, deviations), deviations)


def _covariances(a: Array, b: Array) -> Array:
    return (a * b).sum(axis=1) / (SIDE**2 - 1)


@attrs.frozen(kw_only=True)
class BlockSsim:
    """1 - the mean SSIM of 8 x 8 blocks of luma, side by side.

    SSIM is that of Wang et al. 2004, eq. 13, with K1 = .01, K2 = .03, a data range of 255 and sample
    variances (divided by 63). Luma is 0.2126 R + 0.7152 G + 0.0722 B, not rounded. Where height or width
    is no multiple of 8, the pixels right of and below the last whole block are left out: a part of a
    block would have another variance, or, with a single pixel, none. 224 is 28 times 8.
    """

    def pairwise(self, queries: Array, references: Array) -> Array:
        """Map `(q, h, w, 3)` and `(n, h, w, 3)` images to `(q, n)` distances, float64, 0 to 2.

        Raises
        ------
        ParameterError
            The images have different sizes, are smaller than a block, or hold no finite numbers.
        """
        queries, references = image_pairs(queries, references, "java2021-block-ssim")
        check_size(references, SIDE, "java2021-block-ssim", "let open_image() make them")
        similarities = np.empty((len(queries), len(references)))
        with np.errstate(over="ignore", invalid="ignore"):  # looked at in the end
            for start in range(0, len(queries), BLOCK):
                block = [_Blocks.of(image) for image in queries[start : start + BLOCK]]
                for column, image in enumerate(references):
                    reference = _Blocks.of(image)
                    for row, query in enumerate(block, start):
                        similarities[row, column] = _similarity(query, reference)
        return distances(similarities, "java2021-block-ssim")


def _similarity(a: _Blocks, b: _Blocks) -> float:
    brightness = (2 * (a.means * b.means) + C1) / (a.means**2 + b.means**2 + C1)
    structure = (2 * _covariances(a.deviations, b.deviations) + C2) / (a.variances + b.variances + C2)
    return float((brightness * structure).mean())
