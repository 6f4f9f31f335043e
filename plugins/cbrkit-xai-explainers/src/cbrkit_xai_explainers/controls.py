"""Controls: pictures that look like explanations and know nothing of the classifier.

A method, or a judge of methods, that cannot tell itself from these explains nothing (Adebayo et al.
2018, "Sanity Checks for Saliency Maps"). None of them asks the classifier anything.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.random import Generator

from cbrkit_xai.explaining.explanation import Explanation
from cbrkit_xai.features import Array
from cbrkit_xai.protocols import Classifier, Progress

_NOTE = "a control: it knows nothing of the classifier"
_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601


@attrs.frozen(kw_only=True)
class RandomAttribution:
    """Smoothed noise, the same for every photo of a size; from 0 to 1.

    Parameters
    ----------
    smoothness : float
        Standard deviation of the Gaussian that smooths it, as a share of the photo's longer side.
    """

    smoothness: float = attrs.field(default=0.05, validator=attrs.validators.ge(0))

    def explain(
        self,
        image: Array,
        classifier: Classifier,
        target: int,
        rng: Generator,
        progress: Progress | None = None,
    ) -> Explanation:
        """Return an attribution `(h, w)` that depends on the seed alone; no call."""
        from scipy.ndimage import gaussian_filter

        noise = rng.standard_normal(image.shape[:2])
        noise = gaussian_filter(noise, self.smoothness * max(noise.shape), mode="wrap")
        low, high = noise.min(), noise.max()
        shown = (noise - low) / (high - low) if high > low else np.zeros_like(noise)
        return Explanation(attribution=shown, note=_NOTE)


@attrs.frozen(kw_only=True)
class EdgeAttribution:
    """How fast the photo's brightness changes at each pixel: Sobel's magnitude, at least 0."""

    def explain(
        self,
        image: Array,
        classifier: Classifier,
        target: int,
        rng: Generator,
        progress: Progress | None = None,
    ) -> Explanation:
        """Return an attribution `(h, w)` that depends on the photo alone; no call."""
        from scipy.ndimage import sobel

        brightness = image @ _LUMA  # (h, w)
        steepness = np.hypot(sobel(brightness, axis=0), sobel(brightness, axis=1))
        return Explanation(attribution=steepness, note=_NOTE)


@attrs.frozen(kw_only=True)
class CentreAttribution:
    """A Gaussian blob in the middle, where photographers put what they mean; from 0 to 1.

    Parameters
    ----------
    width : float
        Its standard deviation, as a share of the photo's height and width.
    """

    width: float = attrs.field(default=0.25, validator=attrs.validators.gt(0))

    def explain(
        self,
        image: Array,
        classifier: Classifier,
        target: int,
        rng: Generator,
        progress: Progress | None = None,
    ) -> Explanation:
        """Return an attribution `(h, w)` that depends on nothing; no call."""
        down, right = (
            np.exp(-0.5 * (((np.arange(side) + 0.5) / side - 0.5) / self.width) ** 2)
            for side in image.shape[:2]
        )
        return Explanation(attribution=np.outer(down, right), note=_NOTE)
