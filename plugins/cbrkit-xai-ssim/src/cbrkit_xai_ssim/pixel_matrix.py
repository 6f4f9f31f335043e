"""The pixel matrix of a photo: the photo itself."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from cbrkit_xai.errors import ParameterError


@attrs.frozen(kw_only=True)
class PixelMatrix:
    """The images as they are, `(n, h, w, 3)` uint8: the paper's M of D = <M, H, f>.

    A case base does not store them as features; they come from its pictures.
    """

    @property
    def fingerprint(self) -> str:
        """The decoding of photos is all that changes the numbers."""
        from cbrkit_xai.images import DECODING

        return f"pixels/{DECODING}"

    def describe(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the `(n, h, w, 3)` uint8 images themselves, not a copy."""
        images = np.asarray(images)
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] != 3:
            raise ParameterError(
                f"the images are {images.dtype} of shape {images.shape}",
                where="pixels",
                allowed="uint8 of shape (n, h, w, 3)",
                next_step="let open_image() make them",
            )
        return images
