"""Local binary patterns: how often each small texture occurs."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from attrs import validators
from numpy.typing import NDArray

from cbrkit_xai_features.counted_bins import NORMS, Norm, counted, normalised
from cbrkit_xai_features.photos import REC_709, luminance, photos
from cbrkit_xai_features.whole_numbers import whole_number


@attrs.frozen(kw_only=True)
class BinaryPatterns:
    """Counts of uniform, rotation-invariant local binary patterns: `(n, points + 2)`.

    Ojala, Pietikäinen & Mäenpää 2002, eq. 9, as `skimage.feature.local_binary_pattern` computes it:
    `points` places on a circle around each pixel are brighter or darker than it. Where that changes at
    most twice around the circle, the code is the number of brighter ones, 0 to `points`; all other
    patterns share the code `points + 1`. The pixels are the luminance (BT.709), rounded to whole
    numbers. Beyond the image's rim everything counts as black.

    Parameters
    ----------
    radius : int
        Of the circle, in pixels.
    points : int
        Places on it.
    norm : {"none", "l1"}
        Counts; or their share in all pixels, so that each row sums to 1.
    """

    radius: int = attrs.field(default=1, validator=whole_number(1, 64))
    points: int = attrs.field(default=8, validator=whole_number(1, 64))
    norm: Norm = attrs.field(default="l1", validator=validators.in_(NORMS))

    @property
    def fingerprint(self) -> str:
        """Every parameter, and the decoding of photos."""
        from cbrkit_xai.images import DECODING

        return f"lbp/uniform/radius={self.radius}/points={self.points}/norm={self.norm}/{DECODING}"

    @property
    def stored_as(self) -> BinaryPatterns | None:
        """The counts, from which the shares follow; None for the counts themselves."""
        return None if self.norm == "none" else attrs.evolve(self, norm="none")

    def describe(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Map `(n, h, w, 3)` uint8 images to `(n, points + 2)` float32 features."""
        from skimage.feature import local_binary_pattern

        images = photos(images, "lbp")
        counts = np.empty((len(images), self.points + 2), dtype=np.float32)
        for row, image in enumerate(images):
            # Floats that should be equal may differ in their last digit, and scikit-image warns of them.
            grey = np.rint(luminance(image, REC_709)).astype(np.uint8)
            codes = local_binary_pattern(  # type: ignore[no-untyped-call]
                grey, P=self.points, R=self.radius, method="uniform"
            )
            counts[row] = counted(codes.astype(np.intp), self.points + 2)
        return self.derive(counts)

    def derive(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        """Map stored counts `(n, points + 2)` to this histogram, row by row."""
        return normalised(stored, self.norm)
