"""Grad-CAM: where the maps of the last convolution speak for the class."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.random import Generator

from cbrkit_xai.errors import NotApplicableError
from cbrkit_xai.explaining.counted_classifier import can
from cbrkit_xai.explaining.explanation import Explanation
from cbrkit_xai.features import Array
from cbrkit_xai.protocols import Classifier, Progress


@attrs.frozen(kw_only=True)
class GradCam:
    """The feature maps, weighted by their mean gradients and cut off at 0 (Selvaraju et al. 2017, eq. 2).

    The gradients are of the class's score before softmax, as in the paper. Cut off at 0, it shows
    only what speaks for the class. The few cells of a map are stretched to the photo bilinearly.
    """

    def explain(
        self,
        image: Array,
        classifier: Classifier,
        target: int,
        rng: Generator,
        progress: Progress | None = None,
    ) -> Explanation:
        """Return an attribution `(h, w)`, at least 0; one call, nothing is random.

        Raises
        ------
        NotApplicableError
            The classifier has no feature maps.
        BudgetSpentError
            The budget does not reach for one call.
        """
        from PIL import Image

        if not can(classifier, "feature_maps"):
            raise NotApplicableError(
                "it needs feature maps, which this classifier does not offer",
                next_step="choose a method that only asks for probabilities, such as lime",
            )
        maps, gradients = classifier.feature_maps(image[None], target)  # type: ignore[attr-defined]
        weights = gradients[0].mean(axis=(0, 1), dtype=np.float64)  # (maps,)
        cells = (maps[0] @ weights).clip(min=0)  # (h', w')
        height, width = image.shape[:2]
        picture = Image.fromarray(np.ascontiguousarray(cells, dtype=np.float32))
        stretched = np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))
        return Explanation(
            attribution=stretched, details={"cells": list(cells.shape), "maps": int(maps.shape[3])}
        )
