"""The photo made tiny: what is left when only the coarsest layout counts."""

from __future__ import annotations

import attrs
import numpy as np
from attrs import validators
from numpy.typing import NDArray

from cbrkit_xai_features.photos import check_size, photos
from cbrkit_xai_features.whole_numbers import whole_number


@attrs.frozen(kw_only=True)
class TinyImage:
    """A photo shrunk to `side` x `side` pixels by the mean over areas, flattened: `(n, side * side * 3)`.

    Torralba, Fergus & Freeman 2008 found 32 x 32 colour pixels enough to recognise scenes. Each tiny
    pixel is the mean of the area that it covers; pixels cut by its rim count by their share
    (`skimage.transform.resize_local_mean`). Rows, then columns, then red, green, blue.

    Parameters
    ----------
    side : int
        Width and height of the tiny image in pixels.
    standardised : bool
        Subtract each tiny image's mean and divide by its standard deviation, so that brightness and
        contrast do not count; an image of one value becomes all 0. Otherwise the numbers are 0 to 255.
    """

    side: int = attrs.field(default=32, validator=whole_number(1, 224))
    standardised: bool = attrs.field(default=False, validator=validators.instance_of(bool))

    @property
    def fingerprint(self) -> str:
        """Every parameter, and the decoding of photos."""
        from cbrkit_xai.images import DECODING

        return f"tiny-image/side={self.side}/standardised={str(self.standardised).lower()}/{DECODING}"

    def describe(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Map `(n, h, w, 3)` uint8 images to `(n, side * side * 3)` float32 features.

        Raises
        ------
        ParameterError
            An image is smaller than the tiny image.
        """
        from skimage.transform import resize_local_mean

        images = photos(images, "tiny-image")
        check_size(images, self.side, "tiny-image", "choose a smaller side")
        rows = np.empty((len(images), self.side * self.side * 3), dtype=np.float32)
        for row, image in enumerate(images):
            tiny = resize_local_mean(  # type: ignore[no-untyped-call]
                image, (self.side, self.side), preserve_range=True, channel_axis=-1
            )
            rows[row] = tiny.ravel()
        return _standardised(rows) if self.standardised else rows


def _standardised(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    # From float32, in which the means of a flat image are equal to the last bit: its spread is exactly 0.
    centred = rows - rows.mean(axis=1, keepdims=True, dtype=np.float64)
    spreads = np.sqrt((centred**2).mean(axis=1, keepdims=True))  # (n, 1)
    return (centred / np.where(spreads > 0, spreads, 1.0)).astype(np.float32)
