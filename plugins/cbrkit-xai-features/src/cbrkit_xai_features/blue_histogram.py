"""The predecessor's histogram: the blue channel alone, scaled."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
import numpy as np
from numpy.typing import NDArray

from cbrkit_xai_features.photos import photos

BINS = 255
"""One less than there are values: 0 and 1 share the first bin, every other value has its own."""

LEAST, MOST = 1.0, 255.0
"""What the emptiest and the fullest bin are scaled to."""


@attrs.frozen(kw_only=True)
class BlueHistogram:
    """Counts of blue in 255 bins over [0, 256), min-max scaled to [1, 255]: `(n, 255)` float32.

    Red and green do not count, and no bin is ever empty: that is how the predecessor compared photos.
    Where all bins hold equally many pixels, all are 1, as OpenCV's min-max normalisation has it.

    The predecessor counted pixels as stored, whatever an ICC profile said of their colours.
    """

    pixels: ClassVar[str] = "stored"

    @property
    def fingerprint(self) -> str:
        """Bins, scaling, and the decoding of photos."""
        from cbrkit_xai.images import STORED

        return f"java2021-blue-histogram/bins={BINS}/scaled=1..255/{STORED}"

    def describe(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Map `(n, h, w, 3)` uint8 images to `(n, 255)` float32 features."""
        images = photos(images, "java2021-blue-histogram")
        places = np.arange(256) * BINS // 256  # the bin of each value
        counts = np.empty((len(images), BINS))
        for row, image in enumerate(images):
            counts[row] = np.bincount(places[image[..., 2].ravel()], minlength=BINS)
        return _scaled(counts)


def _scaled(counts: NDArray[Any]) -> NDArray[np.float32]:
    least = counts.min(axis=1, keepdims=True)  # (n, 1)
    span = counts.max(axis=1, keepdims=True) - least
    shares = (counts - least) / np.where(span > 0, span, 1.0)
    return (LEAST + (MOST - LEAST) * shares).astype(np.float32)
