"""Sums over every window of an image, and what SSIM takes from them."""

from __future__ import annotations

from typing import Any, Protocol

import attrs
import numpy as np
from numpy.typing import NDArray

from cbrkit_xai_ssim.workspace import Workspace

Array = NDArray[Any]


class Window(Protocol):
    """Weighs a pixel and its surroundings; only windows wholly inside the image count."""

    @property
    def side(self) -> int:
        """Width and height in pixels."""

    @property
    def weight(self) -> int:
        """Sum of all its weights."""

    def sums(self, values: Array, out: Array, scratch: Workspace) -> None:
        """Map `(h, w, channels)` to `(h - side + 1, w - side + 1, channels)` weighted sums in `out`."""


@attrs.frozen
class Box:
    """Every pixel of `side` x `side` counts 1; sums of integers are exact."""

    side: int

    @property
    def weight(self) -> int:
        """The number of its pixels."""
        return self.side**2

    def sums(self, values: Array, out: Array, scratch: Workspace) -> None:
        """See `Window`."""
        _, width, channels = values.shape
        size = len(out) * width * channels
        columns = scratch.array("columns", (size,), values.dtype)
        windows = scratch.array("windows", (size,), values.dtype)
        _sliding_sum(values.reshape(-1), self.side, width * channels, columns, scratch)
        # All rows as if they were one long row; the sums that run over an end are cut off.
        _sliding_sum(columns, self.side, channels, windows[: size - (self.side - 1) * channels], scratch)
        np.copyto(out, windows.reshape(len(out), width, channels)[:, : out.shape[1]])


def _sliding_sum(values: Array, length: int, step: int, out: Array, scratch: Workspace) -> None:
    """Add `length` entries of a flat array, `step` apart, by doubling: 7 = 1 + 2 + 4."""
    run, span, start = values, 1, 0  # run[i] adds `span` entries from i on
    parts: list[Array] = []
    while span <= length:
        if span > 1:
            half = span // 2 * step
            doubled = scratch.array(f"run of {span}", (len(run) - half,), values.dtype)
            run = np.add(run[:-half], run[half:], out=doubled)
        if length & span:
            parts.append(run[start : start + len(out)])
            start += span * step
        span *= 2
    if len(parts) == 1:
        np.copyto(out, parts[0])
        return
    np.add(parts[0], parts[1], out=out)
    for part in parts[2:]:
        out += part


@attrs.frozen
class Gaussian:
    """Weights fall off with distance, cut at 3.5 sigma as in Wang et al. 2004."""

    sigma: float

    @property
    def radius(self) -> int:
        """Pixels from the centre to the edge."""
        return int(3.5 * self.sigma + 0.5)

    @property
    def side(self) -> int:
        """Width and height in pixels."""
        return 2 * self.radius + 1

    @property
    def weight(self) -> int:
        """The weights sum to 1."""
        return 1

    def sums(self, values: Array, out: Array, scratch: Workspace) -> None:
        """See `Window`."""
        from scipy.ndimage import correlate1d

        radius = self.radius
        weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / self.sigma) ** 2)
        weights /= weights.sum()
        inside = slice(radius, -radius)
        rows = scratch.array("rows", values.shape, np.float64)
        columns = scratch.array("columns", (len(out), *values.shape[1:]), np.float64)
        correlate1d(values, weights, axis=0, output=rows)
        correlate1d(rows[inside], weights, axis=1, output=columns)
        np.copyto(out, columns[:, inside])


@attrs.frozen(eq=False)
class Moments:
    """What SSIM needs of one image; all int32 and exact, or all float64.

    Parameters
    ----------
    pixels : (h, w, channels) array
        The image.
    sums : (h', w', channels) array
        Sum S of each window.
    squares : (h', w', channels) array
        S**2.
    spreads : (h', w', channels) array
        weight * (sum of squares) - S**2: the window's variance times weight**2.
    """

    pixels: Array
    sums: Array
    squares: Array
    spreads: Array

    @classmethod
    def of(cls, image: Array, dtype: Any, window: Window, scratch: Workspace, into: Workspace) -> Moments:
        """Return the moments of `image`; they live in `into` until its next use."""
        moments = cls._room(image.shape, dtype, window, into)
        np.copyto(moments.pixels, image)
        window.sums(moments.pixels, moments.sums, scratch)
        np.multiply(moments.sums, moments.sums, out=moments.squares)
        spread(moments.pixels, moments.pixels, moments.squares, window, moments.spreads, scratch)
        return moments

    @classmethod
    def _room(cls, shape: tuple[int, ...], dtype: Any, window: Window, into: Workspace) -> Moments:
        inner = (shape[0] - window.side + 1, shape[1] - window.side + 1, shape[2])
        names = ("sums", "squares", "spreads")
        return cls(into.array("pixels", shape, dtype), *(into.array(name, inner, dtype) for name in names))


def spread(
    a: Array, b: Array, product_of_sums: Array, window: Window, out: Array, scratch: Workspace
) -> None:
    """Put weight * (sum of a * b) - (sum of a) * (sum of b) in `out`: covariance times weight**2."""
    product = scratch.array("product", a.shape, out.dtype)
    np.multiply(a, b, out=product)
    window.sums(product, out, scratch)
    if window.weight != 1:
        out *= window.weight
    out -= product_of_sums


@attrs.frozen(eq=False)
class PackedMoments:
    """Moments in 6 bytes a value, beside uint8 pixels that somebody else holds anyway."""

    image: Array
    sums: Array
    spreads: Array

    @classmethod
    def of(cls, moments: Moments, image: Array) -> PackedMoments:
        """Pack the int32 moments of a uint8 `image`; sums of up to 257 pixels fit uint16."""
        return cls(image, moments.sums.astype(np.uint16), moments.spreads.copy())

    @property
    def nbytes(self) -> int:
        """Bytes held beyond the image."""
        return int(self.sums.nbytes + self.spreads.nbytes)

    def unpacked(self, into: Workspace) -> Moments:
        """Return the very moments that were packed; they live in `into` until its next use."""
        pixels = into.array("pixels", self.image.shape, np.int32)
        sums, squares = (into.array(name, self.sums.shape, np.int32) for name in ("sums", "squares"))
        np.copyto(pixels, self.image)
        np.copyto(sums, self.sums)
        np.multiply(sums, sums, out=squares)
        return Moments(pixels, sums, squares, self.spreads)
