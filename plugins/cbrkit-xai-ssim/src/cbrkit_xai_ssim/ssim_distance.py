"""1 - SSIM between many images, in scikit-image's numbers, fast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

import attrs
import numpy as np
from attrs import validators

from cbrkit_xai.errors import ParameterError
from cbrkit_xai_ssim.local_moments import Array, Box, Gaussian, Moments, PackedMoments, Window, spread
from cbrkit_xai_ssim.workspace import Workspace

KEPT_BYTES = 256 * 2**20
"""How much `prepare` keeps of its references' moments; beyond it they are computed anew."""

BLOCK = 16
"""Queries whose moments are held at once: 40 MB at 224 x 224 x 3, twice that for floats."""

# Sums of two squared sums of a window must fit int32: 2 * (side**2 * 255)**2 < 2**31.
LARGEST_INTEGER_SIDE = 11

GREY = np.array([0.2125, 0.7154, 0.0721])
"""Luminance of red, green and blue (ITU-R BT.709 as scikit-image's `rgb2gray` has it)."""


def _is_odd(_metric: Any, _attribute: Any, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 3 or value % 2 == 0:
        allowed = "an odd number of pixels, 3 or more"
        raise ParameterError(f"{value!r} is not a window's side", where="ssim.win_size", allowed=allowed)


@attrs.frozen(kw_only=True)
class SsimDistance:
    """1 - the mean structural similarity of Wang et al. 2004, eq. 13.

    With window means u, variances v and covariance c of images a and b, over all windows::

        SSIM = mean of (2 u_a u_b + C1) (2 c + C2) / ((u_a**2 + u_b**2 + C1) (v_a + v_b + C2))
        C1 = (K1 * data_range)**2    C2 = (K2 * data_range)**2

    The parameters and the numbers are those of `skimage.metrics.structural_similarity`,
    there with `channel_axis=-1`.

    Parameters
    ----------
    win_size : int
        Side of the square window in pixels, odd; not used with `gaussian_weights`.
    gaussian_weights : bool
        Weigh each window by a Gaussian, as the paper of 2004 does.
    sigma : float
        Its standard deviation in pixels.
    K1, K2 : float
        Keep the quotient finite where an image is dark or flat.
    use_sample_covariance : bool
        Divide by one less than the number of pixels in a window.
    data_range : float
        Difference between the largest and the least possible value.
    channel : {"mean", "grey"}
        The mean of the three channels' SSIM, or the SSIM of the luminance.
    """

    win_size: int = attrs.field(default=7, validator=_is_odd)
    gaussian_weights: bool = attrs.field(default=False, validator=validators.instance_of(bool))
    sigma: float = attrs.field(default=1.5, validator=validators.ge(0.5))
    K1: float = attrs.field(default=0.01, validator=validators.gt(0))
    K2: float = attrs.field(default=0.03, validator=validators.gt(0))
    use_sample_covariance: bool = attrs.field(default=True, validator=validators.instance_of(bool))
    data_range: float = attrs.field(default=255.0, validator=validators.gt(0))
    channel: Literal["mean", "grey"] = attrs.field(default="mean", validator=validators.in_(("mean", "grey")))

    def pairwise(self, queries: Array, references: Array) -> Array:
        """Map `(q, h, w, 3)` and `(n, h, w, 3)` images to `(q, n)` distances, float64.

        Either may be float, such as prototypes. Distances are exactly symmetric, exactly 0
        between equal images, and the same whatever else is in the batch.
        """
        return self._distances(queries, references, kept=())

    def prepare(self, references: Array) -> Callable[[Array], Array]:
        """Return `queries -> pairwise(queries, references)` that knows the references' moments.

        It keeps at most `KEPT_BYTES` of them, and only of uint8 images; others are computed anew.
        """
        references = np.asarray(references)
        self._check(references, references)
        scratch, passing = Workspace(), Workspace()
        kept: list[PackedMoments] = []
        if self._is_exact(references):
            room = KEPT_BYTES
            for image in references:
                packed = PackedMoments.of(self._moments(image, scratch, passing), image)
                room -= packed.nbytes
                if room < 0:
                    break
                kept.append(packed)
        return partial(self._distances, references=references, kept=kept)

    @property
    def _window(self) -> Window:
        return Gaussian(self.sigma) if self.gaussian_weights else Box(self.win_size)

    def _is_exact(self, images: Array) -> bool:
        """Whether whole numbers in int32 serve; float64 gives the same, to the last bit, more slowly."""
        integers = images.dtype == np.uint8 and self.channel == "mean" and not self.gaussian_weights
        return bool(integers and self.win_size <= LARGEST_INTEGER_SIDE)

    def _moments(self, image: Array, scratch: Workspace, into: Workspace) -> Moments:
        dtype = np.int32 if self._is_exact(image) else np.float64
        if self.channel == "grey":
            image = (image.astype(np.float64) @ GREY)[..., None]  # (h, w, 1)
        return Moments.of(image, dtype, self._window, scratch, into)

    @np.errstate(over="ignore", invalid="ignore")  # NaN and infinity are refused at the end
    def _distances(self, queries: Array, references: Array, kept: Sequence[PackedMoments]) -> Array:
        queries, references = np.asarray(queries), np.asarray(references)
        self._check(queries, references)
        symmetric = _is_same(queries, references)
        distances = np.zeros((len(queries), len(references)))
        scratch, passing = Workspace(), Workspace()
        for start in range(0, len(queries), BLOCK):
            block = [self._moments(image, scratch, Workspace()) for image in queries[start : start + BLOCK]]
            for column in range(start if symmetric else 0, len(references)):
                if symmetric and column < start + len(block):
                    reference = block[column - start]
                elif column < len(kept):
                    reference = kept[column].unpacked(into=passing)
                else:
                    reference = self._moments(references[column], scratch, into=passing)
                for row, query in enumerate(block, start):
                    if not symmetric or row <= column:
                        distances[row, column] = self._distance(query, reference, scratch)
        if symmetric:  # only one triangle was computed; the other is the same, to the last bit
            distances = np.where(np.tri(*distances.shape, k=-1), distances.T, distances)
        return _finite(distances)

    def _distance(self, a: Moments, b: Moments, scratch: Workspace) -> float:
        """Return 1 - SSIM; both quotients are extended by weight**2, so that integers stay integers."""
        window = self._window
        pixels = window.side**2
        sample = pixels / (pixels - 1) if self.use_sample_covariance else 1.0
        c1 = (self.K1 * self.data_range * window.weight) ** 2
        c2 = (self.K2 * self.data_range * window.weight) ** 2 / sample

        shape, dtype = a.sums.shape, np.result_type(a.sums, b.sums)  # (h', w', channels)
        brightness, structure = (scratch.array(name, shape, dtype) for name in ("brightness", "structure"))
        names = ("similarity", "scale", "factor")
        similarity, scale, factor = (scratch.array(name, shape, np.float64) for name in names)
        np.multiply(a.sums, b.sums, out=brightness)
        spread(a.pixels, b.pixels, brightness, window, structure, scratch)
        # Half of (2 brightness + c1) (2 structure + c2) in each factor: a quarter in the end.
        np.add(brightness, c1 / 2, out=similarity)
        np.add(structure, c2 / 2, out=factor)
        similarity *= factor
        np.add(a.squares, b.squares, out=brightness)
        np.add(a.spreads, b.spreads, out=structure)
        np.add(brightness, c1, out=scale)
        np.add(structure, c2, out=factor)
        scale *= factor  # of an image and itself exactly 4 times the numerator, hence distance 0
        similarity /= scale
        return 1.0 - 4.0 * float(similarity.sum()) / similarity.size

    def _check(self, queries: Array, references: Array) -> None:
        for images in (queries, references):
            if images.ndim != 4 or images.shape[3] != 3 or images.dtype.kind not in "uif":
                raise ParameterError(
                    f"the pixels are {images.dtype} of shape {images.shape}",
                    where="ssim",
                    allowed="numbers of shape (n, h, w, 3)",
                )
        if queries.shape[1:] != references.shape[1:]:
            raise ParameterError(
                f"the queries are {queries.shape[1:]}, the references {references.shape[1:]}",
                where="ssim",
                allowed="images of one size",
                next_step="let open_image() make them",
            )
        side = self._window.side
        if min(queries.shape[1:3]) < side:
            height, width = queries.shape[1:3]
            raise ParameterError(
                f"images of {height} x {width} pixels are smaller than the window of {side} x {side}",
                where="ssim",
                allowed=f"images of at least {side} x {side} pixels",
                next_step="choose a smaller win_size or sigma",
            )


def _is_same(a: Array, b: Array) -> bool:
    """Whether two arrays are one piece of memory read in one way."""
    return a is b or (a.dtype == b.dtype and a.__array_interface__ == b.__array_interface__)


def _finite(distances: Array) -> Array:
    if not np.isfinite(distances).all():
        query, reference = np.argwhere(~np.isfinite(distances))[0]
        raise ParameterError(
            f"the distance of query {query} from reference {reference} is not a number",
            where="ssim",
            allowed="pixels that are finite and about 0 to data_range",
        )
    return np.maximum(distances, 0.0)  # 1 - SSIM of near-equal images may round to -1e-16
