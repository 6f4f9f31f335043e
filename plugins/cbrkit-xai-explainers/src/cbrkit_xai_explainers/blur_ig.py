"""Blur Integrated Gradients: the gradients summed up while the photo comes into focus.

Xu, Venugopalan and Sundararajan 2020, "Attribution in Scale and Space". The package saliency takes
equal steps of the blur, the derivative at the sharper end of each, and loses everything when the budget
ends it early; on three photos, equal steps were off by 23 to 87 % after 64. Here the steps are fine
where the photo is sharp, which is where most probabilities change, and each step's gradient, taken in
its middle, is multiplied with what the step really changes; with steps enough, both give the same.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import attrs
import numpy as np
from numpy.random import Generator

from cbrkit_xai.explaining.explanation import Explanation
from cbrkit_xai.features import Array
from cbrkit_xai.protocols import Classifier, Progress
from cbrkit_xai_explainers.completeness import Integral
from cbrkit_xai_explainers.gradient_sums import (
    Gradient,
    GradientSum,
    gradient_of,
    refuse_fewer,
    shifted,
    summed_gradients,
)


@attrs.frozen(kw_only=True)
class BlurIntegratedGradients:
    """Share out the probability that the photo has more than its blurred self among its pixels.

    The path leads from the sharp photo to the blurred one, the blur growing with the square of the
    steps. The sum over the channels is signed: below 0, a pixel speaks against the class. The blur
    sees black beyond the photo's border, as the paper's does, so the border darkens on the way and is
    credited with it.

    Parameters
    ----------
    blur : float
        Standard deviation of the last blur, as a share of the photo's longer side. The default is the
        usual 50 pixels on 224.
    steps : int
        Of the first round; they are doubled until the completeness gap is met.
    max_steps : int
        Of the last round.
    gap : float
        |sum of attributions - difference| / |difference| that ends the doubling.
    """

    blur: float = attrs.field(default=0.225, validator=attrs.validators.gt(0))
    steps: int = attrs.field(default=64, validator=attrs.validators.ge(1))
    max_steps: int = attrs.field(default=256, validator=attrs.validators.ge(1))
    gap: float = attrs.field(default=0.05, validator=attrs.validators.gt(0))

    def __attrs_post_init__(self) -> None:
        refuse_fewer(self.max_steps, self.steps)

    def explain(
        self,
        image: Array,
        classifier: Classifier,
        target: int,
        rng: Generator,
        progress: Progress | None = None,
    ) -> Explanation:
        """Return a signed attribution `(h, w)`, with its completeness gap; nothing is random.

        Where the budget ends in the first round, the path ends at a lesser blur, told as `sigma`
        (pixels), and its gap is unknown; later, the last full round is shown.

        Raises
        ------
        NotApplicableError
            The classifier has no gradient.
        BudgetSpentError
            The budget does not reach for the two ends of the path and one step.
        """
        gradient = gradient_of(classifier)
        photo = image.astype(np.float64)
        last = self.blur * max(image.shape[:2])  # pixels
        end = np.clip(np.round(blurred(photo, last)), 0, 255).astype(np.uint8)
        ends = classifier.predict(np.stack([image, end]))[:, target]
        best: Integral | None = None
        steps, before = self.steps, 0
        while True:
            total = _round(gradient, target, photo, last, steps, shifted(progress, before, steps))
            if total.spent is not None and best is not None:
                best = attrs.evolve(best, stopped=total.stopped)
            elif total.spent is not None:
                return _cut_short(total, last * (total.pictures / steps) ** 2)
            else:
                difference = float(ends[0]) - float(ends[1])
                best = Integral(attribution=total.total, difference=difference, steps=steps)
            if best.stopped or best.within(self.gap) or steps == self.max_steps:
                return Explanation(
                    attribution=best.attribution.sum(axis=2),
                    details={"sigma": last, **best.details(self.gap)},
                    note=best.note(self.gap),
                    stopped=best.stopped,
                )
            before += steps
            steps = min(2 * steps, self.max_steps)


def _round(
    gradient: Gradient,
    target: int,
    photo: Array,
    last: float,
    steps: int,
    progress: Callable[[int], object] | None,
) -> GradientSum:
    def at(step: float) -> Array:
        return blurred(photo, last * (step / steps) ** 2)

    edge = lru_cache(maxsize=2)(at)  # the end of a step is the beginning of the next
    return summed_gradients(
        gradient,
        target,
        lambda step: at(step + 0.5),
        steps,
        progress,
        # The sharper less the more blurred: the photo is credited with what is lost on the way from it.
        factor=lambda step: edge(step) - edge(step + 1),
    )


def _cut_short(total: GradientSum, sigma: float) -> Explanation:
    """Return what a path gives whose end was not reached, if it was begun."""
    if not total.pictures and total.spent is not None:
        raise total.spent
    return Explanation(
        attribution=total.total.sum(axis=2),
        details={"sigma": sigma, "steps": total.pictures, "gap": None},
        note="the path ended early: what it should add up to is not known",
        stopped=total.stopped,
    )


def blurred(photo: Array, sigma: float) -> Array:
    """Blur a photo, `(h, w, 3)` floats, by a Gaussian of `sigma` pixels; beyond its border all is black."""
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(photo, (sigma, sigma, 0), mode="constant")
