"""Occlusion: how much the probability falls when a patch of the photo is hidden."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
from attrs import validators

from cbrkit_xai.errors import NotApplicableError
from cbrkit_xai.explaining.explanation import Explanation
from cbrkit_xai_explainers.answers import answers
from cbrkit_xai_explainers.hiding import FILLS, Fill, fill_image

if TYPE_CHECKING:
    from numpy.random import Generator

    from cbrkit_xai.features import Array
    from cbrkit_xai.protocols import Classifier, Progress


def _is_length(instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ValueError(f"'{attribute.name}' must be a share of the side or a number of pixels: {value!r}")


@attrs.frozen(kw_only=True)
class Occlusion:
    """Slides a patch over the photo and asks what is left of the probability.

    A pixel's attribution is the drop of the probability, averaged over the patches that cover
    it. The first patches tile the photo, so that an early end leaves a coarse picture of all of
    it; the others come in random order.

    Source: Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV 2014.

    Parameters
    ----------
    patch : float
        Side of the patch: below 1 a share of the photo's height and width, from 1 on pixels.
    stride : float
        From one patch to the next, in the same way; no more than the patch, or pixels would be
        left out. The last patches lie flush with the photo's edges.
    fill : {"mean", "black", "blur", "noise"}
        What the patch shows; "mean" is the mean colour of the photo.
    """

    patch: float = attrs.field(default=0.2, validator=_is_length)
    stride: float = attrs.field(default=0.05, validator=_is_length)
    fill: Fill = attrs.field(default="mean", validator=validators.in_(FILLS))

    def explain(
        self,
        image: Array,
        classifier: Classifier,
        target: int,
        rng: Generator,
        progress: Progress | None = None,
    ) -> Explanation:
        """Return the mean drop of probability per pixel as `(h, w)`.

        `details`: patches (asked), patches_in_all, patch and stride (height and width in
        pixels), fill, probability (of the whole photo).

        Raises
        ------
        NotApplicableError
            One patch covers the photo, or hiding it changes no pixel.
        BudgetSpentError
            The budget ended before the first patches had covered the photo.
        """
        height, width = image.shape[:2]
        high, wide = _pixels(self.patch, height), _pixels(self.patch, width)
        # A stride beyond its patch would jump over pixels.
        down, right = min(_pixels(self.stride, height), high), min(_pixels(self.stride, width), wide)
        filling = fill_image(image, np.zeros((height, width), dtype=np.intp), self.fill, rng)
        if (high, wide) == (height, width) or np.array_equal(filling, image):
            raise NotApplicableError(
                "one patch covers the whole photo"
                if (high, wide) == (height, width)
                else f"hiding patches changes no pixel with fill = {self.fill!r}",
                where="occlusion",
                next_step="choose a smaller patch, another fill, or another photo",
            )
        corners, tiles = _corners(_starts(height, high, down), _starts(width, wide, right), high, wide, rng)

        def photos(some: slice) -> Array:
            shown = np.repeat(image[None], some.stop - some.start, axis=0)
            for photo, number in zip(shown, range(some.start, some.stop), strict=True):
                if number > 0:  # number 0 is the whole photo
                    top, left = corners[number - 1]
                    part = np.s_[top : top + high, left : left + wide]
                    photo[part] = filling[part]
            return shown

        asked = answers(classifier, photos, 1 + len(corners), target, progress)
        asked.demand(least=1 + tiles)
        whole, others = float(asked.probabilities[0]), asked.probabilities[1:]
        drops, covers = np.zeros((height, width)), np.zeros((height, width))
        for (top, left), probability in zip(corners, others, strict=False):
            drops[top : top + high, left : left + wide] += whole - probability
            covers[top : top + high, left : left + wide] += 1
        return Explanation(
            attribution=drops / covers,
            details={
                "patches": len(others),
                "patches_in_all": len(corners),
                "patch": [high, wide],
                "stride": [down, right],
                "fill": self.fill,
                "probability": whole,
            },
            note=f"{len(others)} patches of {wide} x {high} pixels",
            stopped=asked.stopped,
        )


def _pixels(length: float, side: int) -> int:
    """Return a length in whole pixels, at least 1 and at most the side."""
    return min(max(1, round(length * side if length < 1 else length)), side)


def _starts(side: int, patch: int, stride: int) -> list[int]:
    """Return where patches begin along one side; the last ends with the side."""
    last = side - patch
    return [*range(0, last, stride), last]


def _corners(
    tops: list[int], lefts: list[int], high: int, wide: int, rng: Generator
) -> tuple[list[tuple[int, int]], int]:
    """Return the patches' corners, first those that suffice to cover the photo, and how many those are."""
    tiles = [(top, left) for top in _covering(tops, high) for left in _covering(lefts, wide)]
    others = sorted({(top, left) for top in tops for left in lefts} - set(tiles))
    order = rng.permutation(len(others))
    return [*tiles, *(others[number] for number in order)], len(tiles)


def _covering(starts: list[int], patch: int) -> list[int]:
    """Return the fewest starts that leave no gap: from each, the farthest that still adjoins it."""
    chosen = [starts[0]]
    while chosen[-1] != starts[-1]:
        chosen.append(max(start for start in starts if start <= chosen[-1] + patch))
    return chosen
