"""How often each value of each channel occurs, in a colour space of one's choice."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from attrs import validators
from numpy.typing import NDArray

from cbrkit_xai_features.colour_spaces import SPACES, Space, bins_of
from cbrkit_xai_features.counted_bins import NORMS, Norm, counted, normalised
from cbrkit_xai_features.photos import photos
from cbrkit_xai_features.whole_numbers import whole_number


@attrs.frozen(kw_only=True)
class ChannelHistogram:
    """Three histograms end to end, one for each channel: `(n, 3 * bins)`.

    Bins are of equal width. The ranges are 0 to 256 for red, green and blue; 0 to 1 for hue,
    saturation and value, where hue 1 would be red again; 0 to 100, -87 to 99 and -108 to 95 for L*,
    a* and b* (D65), which hold all that sRGB can show.

    Parameters
    ----------
    space : {"rgb", "hsv", "lab"}
        Where the pixels are counted; hsv and lab as scikit-image converts them.
    bins : int
        Bins per channel, 1 to 256.
    norm : {"none", "l1"}
        Counts; or their share in all counts, so that the whole vector sums to 1 and each channel
        to 1/3.
    """

    space: Space = attrs.field(default="hsv", validator=validators.in_(SPACES))
    bins: int = attrs.field(default=16, validator=whole_number(1, 256))
    norm: Norm = attrs.field(default="l1", validator=validators.in_(NORMS))

    @property
    def fingerprint(self) -> str:
        """Colour space, bins, norm, and the decoding of photos."""
        from cbrkit_xai.images import DECODING

        return f"colour-histogram/{self.space}/bins={self.bins}/norm={self.norm}/{DECODING}"

    @property
    def stored_as(self) -> ChannelHistogram | None:
        """The counts, from which the shares follow; None for the counts themselves."""
        return None if self.norm == "none" else attrs.evolve(self, norm="none")

    def describe(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Map `(n, h, w, 3)` uint8 images to `(n, 3 * bins)` float32 features."""
        images = photos(images, "colour-histogram")
        counts = np.empty((len(images), 3 * self.bins), dtype=np.float32)
        for row, image in enumerate(images):
            places = bins_of(image, self.space, self.bins) + np.arange(3) * self.bins  # (h * w, 3)
            counts[row] = counted(places, 3 * self.bins)
        return self.derive(counts)

    def derive(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        """Map stored counts `(n, 3 * bins)` to this histogram, row by row."""
        return normalised(stored, self.norm)
