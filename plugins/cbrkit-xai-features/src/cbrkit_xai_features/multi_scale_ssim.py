"""1 - SSIM over several scales: structure up close and from afar."""

from __future__ import annotations

from typing import Any, Literal

import attrs
import numpy as np
from attrs import validators
from numpy.typing import NDArray

from cbrkit_xai.errors import ParameterError
from cbrkit_xai_features.image_pairs import distances, image_pairs
from cbrkit_xai_features.photos import REC_709, check_size, luminance

Array = NDArray[Any]

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Exponents of the five scales, finest first, fitted to people's judgements (Wang et al. 2003, 3.2)."""

TAPS = 11
"""Side of the window in pixels, at every scale."""

BLOCK = 16
"""Queries whose moments are held at once: 25 MB at 224 x 224 in grey."""


def _weights(values: Any) -> Any:
    return tuple(values) if isinstance(values, list | tuple) else values  # what is neither is refused


def _are_exponents(_metric: Any, _attribute: Any, weights: Any) -> None:
    numbers = isinstance(weights, tuple) and all(isinstance(one, int | float) for one in weights)
    if not numbers or not weights or not all(0 < one < np.inf for one in weights):
        raise ParameterError(
            f"{weights!r} are no weights", where="weights", allowed="a list of positive numbers, one a scale"
        )


@attrs.frozen(eq=False)
class _Scale:
    """Pixels of one scale, and their mean and variance under the window at every place."""

    pixels: Array  # (h, w, channels)
    means: Array  # (h - 10, w - 10, channels)
    variances: Array


@attrs.frozen(kw_only=True)
class MultiScaleSsim:
    """1 - MS-SSIM of Wang, Simoncelli & Bovik 2003, eq. 7.

    With means u, variances v and covariance c under an 11 x 11 Gaussian window (sigma 1.5), wherever it
    lies wholly inside the image, and M scales, each half as wide as the one before::

        luminance l = (2 u_a u_b + C1) / (u_a**2 + u_b**2 + C1)      C1 = (K1 * data_range)**2
        contrast and structure cs = (2 c + C2) / (v_a + v_b + C2)    C2 = (K2 * data_range)**2
        MS-SSIM = mean(cs_1)**weight_1 * ... * mean(l_M * cs_M)**weight_M

    Halving takes the mean of 2 x 2 pixels; an odd last row or column is left out. A mean of cs below 0,
    as of an image and its negative, has no real power and counts as 0, so that distances end at 1. Unrelated
    photos tie there: half of the pairs among 24 photos of COCO.

    Parameters
    ----------
    weights : tuple of float
        One exponent for each scale, finest first; as many scales as weights.
    sigma : float
        Of the window, in pixels.
    K1, K2 : float
        Keep the quotients finite where an image is dark or flat.
    data_range : float
        Difference between the largest and the least possible value.
    channel : {"grey", "mean"}
        MS-SSIM of the luminance (BT.709), as it was defined; or the mean of the three channels'.
    """

    weights: tuple[float, ...] = attrs.field(default=WEIGHTS, converter=_weights, validator=_are_exponents)
    sigma: float = attrs.field(default=1.5, validator=validators.gt(0))
    K1: float = attrs.field(default=0.01, validator=validators.gt(0))
    K2: float = attrs.field(default=0.03, validator=validators.gt(0))
    data_range: float = attrs.field(default=255.0, validator=validators.gt(0))
    channel: Literal["grey", "mean"] = attrs.field(default="grey", validator=validators.in_(("grey", "mean")))

    @property
    def least_side(self) -> int:
        """Height and width in pixels that an image must have: 11 at the coarsest scale, 176 by default."""
        return TAPS * 2 ** (len(self.weights) - 1)

    def pairwise(self, queries: Array, references: Array) -> Array:
        """Map `(q, h, w, 3)` and `(n, h, w, 3)` images to `(q, n)` distances, float64, 0 to 1.

        Raises
        ------
        ParameterError
            The images have different sizes, are smaller than `least_side`, or hold no finite numbers.
        """
        queries, references = image_pairs(queries, references, "ms-ssim")
        check_size(references, self.least_side, "ms-ssim", "give fewer weights, one a scale")
        similarities = np.empty((len(queries), len(references)))
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # looked at in the end
            for start in range(0, len(queries), BLOCK):
                block = [self._scales(image) for image in queries[start : start + BLOCK]]
                for column, image in enumerate(references):
                    reference = self._scales(image)
                    for row, query in enumerate(block, start):
                        similarities[row, column] = self._similarity(query, reference)
        return distances(similarities, "ms-ssim")

    def _scales(self, image: Array) -> list[_Scale]:
        is_grey = self.channel == "grey"
        pixels = luminance(image, REC_709)[..., None] if is_grey else image.astype(np.float64)
        scales: list[_Scale] = []
        for _ in self.weights:
            pixels = _halved(pixels) if scales else pixels
            means = self._windowed(pixels)
            scales.append(_Scale(pixels, means, self._windowed(pixels * pixels) - means * means))
        return scales

    def _windowed(self, values: Array) -> Array:
        """Return the Gaussian means of `(h, w, channels)` under every whole window."""
        from scipy.ndimage import correlate1d

        offsets = np.arange(TAPS) - TAPS // 2
        weights = np.exp(-0.5 * (offsets / self.sigma) ** 2)
        weights /= weights.sum()
        inside = slice(TAPS // 2, -(TAPS // 2))
        rows = correlate1d(values, weights, axis=0)[inside]
        return correlate1d(rows, weights, axis=1)[:, inside]

    def _similarity(self, a: list[_Scale], b: list[_Scale]) -> float:
        c1, c2 = (self.K1 * self.data_range) ** 2, (self.K2 * self.data_range) ** 2
        product = np.ones(a[0].pixels.shape[2])  # (channels,)
        for scale, (one, other, weight) in enumerate(zip(a, b, self.weights, strict=True), start=1):
            means = one.means * other.means
            covariances = self._windowed(one.pixels * other.pixels) - means
            similar = (2 * covariances + c2) / (one.variances + other.variances + c2)
            if scale == len(self.weights):
                similar *= (2 * means + c1) / (one.means * one.means + other.means * other.means + c1)
            product *= np.maximum(similar.mean(axis=(0, 1)), 0.0) ** weight
        return float(product.mean())


def _halved(pixels: Array) -> Array:
    """Return the means of 2 x 2 pixels."""
    height, width = (side // 2 * 2 for side in pixels.shape[:2])
    even = pixels[:height, :width]
    rows = even[::2] + even[1::2]
    return (rows[:, ::2] + rows[:, 1::2]) / 4
