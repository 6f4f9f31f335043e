"""Histograms of oriented gradients: which way the edges run, place by place."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from cbrkit_xai_features.photos import check_size, photos
from cbrkit_xai_features.whole_numbers import whole_number


@attrs.frozen(kw_only=True)
class OrientedGradients:
    """HOG of Dalal & Triggs 2005, as `skimage.feature.hog` computes it.

    Square cells of pixels each get a histogram of the directions of their gradients, taken from the
    channel where the gradient is largest. Square blocks of cells overlap in all but one row of cells,
    and are normalised by L2-Hys each. With c cells a side there are
    `(c - cells_per_block + 1)**2 * cells_per_block**2 * orientations` numbers: 6084 by default.

    Parameters
    ----------
    orientations : int
        Bins of direction between 0 and 180 degrees.
    pixels_per_cell : int
        Side of a cell. Pixels beyond the last whole cell are left out.
    cells_per_block : int
        Side of a block.
    """

    orientations: int = attrs.field(default=9, validator=whole_number(1, 180))
    pixels_per_cell: int = attrs.field(default=16, validator=whole_number(1, 1024))
    cells_per_block: int = attrs.field(default=2, validator=whole_number(1, 64))

    @property
    def fingerprint(self) -> str:
        """Every parameter, and the decoding of photos."""
        from cbrkit_xai.images import DECODING

        cells = f"pixels_per_cell={self.pixels_per_cell}/cells_per_block={self.cells_per_block}"
        return f"hog/orientations={self.orientations}/{cells}/l2-hys/{DECODING}"

    def describe(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Map `(n, h, w, 3)` uint8 images to `(n, d)` float32 features.

        Raises
        ------
        ParameterError
            An image is smaller than one block.
        """
        from skimage.feature import hog

        images = photos(images, "hog")
        check_size(
            images, self.pixels_per_cell * self.cells_per_block, "hog", "choose smaller cells or blocks"
        )
        rows = np.empty((len(images), self._length(*images.shape[1:3])), dtype=np.float32)
        for row, image in enumerate(images):
            rows[row] = hog(
                image,
                orientations=self.orientations,
                pixels_per_cell=(self.pixels_per_cell, self.pixels_per_cell),
                cells_per_block=(self.cells_per_block, self.cells_per_block),
                block_norm="L2-Hys",
                channel_axis=-1,
            )
        return rows

    def _length(self, height: int, width: int) -> int:
        down, across = (side // self.pixels_per_cell - self.cells_per_block + 1 for side in (height, width))
        return down * across * self.cells_per_block**2 * self.orientations
