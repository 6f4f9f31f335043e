"""LIME: the superpixels that a linear model of the classifier needs near this photo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np
from attrs import validators

from cbrkit_xai.errors import NotApplicableError
from cbrkit_xai.explaining.explanation import Explanation
from cbrkit_xai_explainers.answers import answers
from cbrkit_xai_explainers.hiding import FILLS, Fill, fill_image, hide
from cbrkit_xai_explainers.local_model import local_model, nearness
from cbrkit_xai_explainers.superpixels import SEGMENTS, superpixels

if TYPE_CHECKING:
    from numpy.random import Generator

    from cbrkit_xai.features import Array
    from cbrkit_xai.protocols import Classifier, Progress

_FEW_SAMPLES = 300
"""With so many, two seeds' ranks of a photo's superpixels correlate by .8; with fewer, by less."""


@attrs.frozen(kw_only=True)
class Lime:
    """Hides random halves of the superpixels, and fits a linear model to the probabilities.

    A superpixel's weight is how much its being visible adds to the probability. Samples, kernel
    and regression are those of the package `lime`, which by default keeps all superpixels too: its
    choice of features only begins where fewer than all are asked for. Its default filling is "mean".

    Source: Ribeiro, Singh and Guestrin, "Why should I trust you?", KDD 2016.

    Parameters
    ----------
    samples : int
        Photos with random superpixels hidden; the first hides none.
    segments : int
        About how many superpixels.
    fill : {"mean", "black", "blur", "noise"}
        What is put in the place of hidden superpixels. "mean" is each one's own mean colour, which
        hides nothing where a superpixel is of one colour: a planted object is then found with an
        area under the curve of .58, with any other filling of .999 and more.
    alpha : float
        How strongly the ridge regression draws weights to 0.
    kernel_width : float
        How fast samples count less the more of the photo they hide.
    """

    samples: int = attrs.field(default=1000, validator=[validators.instance_of(int), validators.ge(10)])
    segments: int = attrs.field(default=SEGMENTS, validator=[validators.instance_of(int), validators.ge(2)])
    fill: Fill = attrs.field(default="blur", validator=validators.in_(FILLS))
    alpha: float = attrs.field(default=1.0, validator=validators.gt(0))
    kernel_width: float = attrs.field(default=0.25, validator=validators.gt(0))

    def explain(
        self,
        image: Array,
        classifier: Classifier,
        target: int,
        rng: Generator,
        progress: Progress | None = None,
    ) -> Explanation:
        """Return each pixel's superpixel's weight as `(h, w)`, a change of probability.

        `details`: samples, superpixels, r2 (of the linear model), intercept (its probability
        with everything hidden), fill, weights (one per superpixel).

        Raises
        ------
        NotApplicableError
            The photo has fewer than two superpixels, or hiding them changes no pixel.
        BudgetSpentError
            The budget ended before there were twice as many samples as superpixels.
        """
        labels = superpixels(image, segments=self.segments)
        filling = fill_image(image, labels, self.fill, rng)
        if np.array_equal(filling, image):
            raise NotApplicableError(
                f"hiding superpixels changes no pixel with fill = {self.fill!r}",
                where="lime",
                next_step="choose another fill, or fewer segments",
            )
        kept = rng.random((self.samples, int(labels.max()) + 1)) < 0.5  # (samples, superpixels)
        kept[0] = True
        asked = answers(
            classifier, lambda some: hide(image, filling, labels, kept[some]), len(kept), target, progress
        )
        # With as many answers as superpixels, two seeds' ranks correlate by .3; with twice as many by .5.
        asked.demand(least=2 * kept.shape[1])
        kept = kept[: len(asked)]
        model = local_model(kept, asked.probabilities, nearness(kept, self.kernel_width), self.alpha)
        return Explanation(
            attribution=model.weights[labels],
            details={
                "samples": len(asked),
                "superpixels": len(model.weights),
                "r2": model.r2,
                "intercept": model.intercept,
                "fill": self.fill,
                "weights": [float(weight) for weight in model.weights],
            },
            note=f"{len(asked)} samples; the linear model's R² is {model.r2:.2f}"
            + ("; few samples: ranks are unsure" if len(asked) < _FEW_SAMPLES else ""),
            stopped=asked.stopped,
        )
