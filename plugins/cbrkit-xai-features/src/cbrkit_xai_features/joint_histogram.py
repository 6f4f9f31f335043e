"""How often each colour, all three channels at once, occurs."""

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
class JointHistogram:
    """A histogram over the three channels together, flattened: `(n, bins**3)`.

    It tells red and blue beside each other from violet, which `colour-histogram` cannot. The place
    of a colour whose channels fall into the bins i, j and k is `(i * bins + j) * bins + k`. The ranges
    are those of `colour-histogram`.

    Parameters
    ----------
    space : {"rgb", "hsv", "lab"}
        Where the pixels are counted; hsv and lab as scikit-image converts them.
    bins : int
        Bins per channel, 1 to 32.
    norm : {"none", "l1"}
        Counts; or their share in all pixels, so that each row sums to 1.
    """

    space: Space = attrs.field(default="rgb", validator=validators.in_(SPACES))
    bins: int = attrs.field(default=8, validator=whole_number(1, 32))
    norm: Norm = attrs.field(default="l1", validator=validators.in_(NORMS))

    @property
    def fingerprint(self) -> str:
        """Colour space, bins, norm, and the decoding of photos."""
        from cbrkit_xai.images import DECODING

        return f"joint-histogram/{self.space}/bins={self.bins}/norm={self.norm}/{DECODING}"

    @property
    def stored_as(self) -> JointHistogram | None:
        """The counts, from which the shares follow; None for the counts themselves."""
        return None if self.norm == "none" else attrs.evolve(self, norm="none")

    def describe(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Map `(n, h, w, 3)` uint8 images to `(n, bins**3)` float32 features."""
        images = photos(images, "joint-histogram")
        counts = np.empty((len(images), self.bins**3), dtype=np.float32)
        for row, image in enumerate(images):
            first, second, third = bins_of(image, self.space, self.bins).T
            counts[row] = counted((first * self.bins + second) * self.bins + third, self.bins**3)
        return self.derive(counts)

    def derive(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        """Map stored counts `(n, bins**3)` to this histogram, row by row."""
        return normalised(stored, self.norm)
