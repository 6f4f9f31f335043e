"""The colour histogram of a photo: how often each value of red, green and blue occurs."""

from __future__ import annotations

from typing import Any, Literal

import attrs
import numpy as np
from attrs import validators
from numpy.typing import NDArray

from cbrkit_xai.errors import ParameterError

VALUES = 256
"""How many values a channel of a uint8 image can take."""


def _divides_256(_histogram: Any, _attribute: Any, bins: Any) -> None:
    divisors = [2**power for power in range(VALUES.bit_length())]
    if isinstance(bins, bool) or not isinstance(bins, int) or bins not in divisors:
        allowed = f"a divisor of {VALUES}: {', '.join(map(str, divisors))}"
        raise ParameterError(
            f"{bins!r} bins of equal width do not exist", where="histogram.bins", allowed=allowed
        )


@attrs.frozen(kw_only=True)
class ColourHistogram:
    """Three histograms end to end, red, green, blue: `(n, 3 * bins)`.

    The paper's H of D = <M, H, f>. Its eps of 4800 (Table 2) lies far above any distance
    between normalised histograms, so it compared counts: `norm="none"`.

    Parameters
    ----------
    bins : int
        Bins per channel, of equal width: a divisor of 256.
    norm : {"none", "l1"}
        Counts; or their share in all counts, so that the *whole* vector sums to 1 and each
        channel to 1/3. (Each channel by itself would only multiply everything by 3.)
    """

    bins: int = attrs.field(default=VALUES, validator=_divides_256)
    norm: Literal["none", "l1"] = attrs.field(default="none", validator=validators.in_(("none", "l1")))

    @property
    def fingerprint(self) -> str:
        """Colour space, bins, norm, and the decoding of photos."""
        from cbrkit_xai.images import DECODING

        return f"histogram/rgb/bins={self.bins}/norm={self.norm}/{DECODING}"

    @property
    def stored_as(self) -> ColourHistogram | None:
        """The full counts, from which every other histogram follows; None for these themselves."""
        counts = ColourHistogram()
        return None if self == counts else counts

    def describe(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Map `(n, h, w, 3)` uint8 images to `(n, 3 * bins)` float32 features."""
        images = np.asarray(images)
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3:
            raise ParameterError(
                f"the images are {images.dtype} of shape {images.shape}",
                where="histogram",
                allowed="uint8 of shape (n, h, w, 3)",
                next_step="let open_image() make them",
            )
        counts = np.empty((len(images), 3 * VALUES), dtype=np.float32)  # exact below 2**24 pixels
        for row, image in enumerate(images):
            for channel in range(3):
                place = slice(channel * VALUES, (channel + 1) * VALUES)
                counts[row, place] = np.bincount(image[..., channel].ravel(), minlength=VALUES)
        return self.derive(counts)

    def derive(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        """Map stored counts `(n, 768)` to this histogram, row by row."""
        stored = np.asarray(stored, dtype=np.float32)
        width = VALUES // self.bins
        counts = stored.reshape(len(stored), 3 * self.bins, width).sum(axis=2)
        if self.norm == "none":
            return counts
        totals = counts.sum(axis=1, keepdims=True, dtype=np.float64)  # (n, 1)
        return (counts / np.where(totals > 0, totals, 1.0)).astype(np.float32)
