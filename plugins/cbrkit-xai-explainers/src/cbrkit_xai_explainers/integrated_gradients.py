"""Integrated Gradients: the gradients summed up on the straight way from a baseline to the photo.

Sundararajan, Taly and Yan 2017, "Axiomatic Attribution for Deep Networks", eq. 1: pixel i gets
(x_i - b_i) times the mean over a in [0, 1] of the derivative at b + a (x - b). The attributions then
sum to F(x) - F(b); how far a finite sum is from that, the completeness gap, is the only check there
is on the number of steps, and 50 or 100 steps, as is usual, often fail it on photos.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np
from numpy.random import Generator

from cbrkit_xai.explaining.explanation import Explanation
from cbrkit_xai.features import Array
from cbrkit_xai.protocols import Classifier, Progress
from cbrkit_xai_explainers.baselines import BASELINES, Baseline, baseline_picture
from cbrkit_xai_explainers.completeness import Integral
from cbrkit_xai_explainers.gradient_sums import (
    GradientSum,
    gradient_of,
    refuse_fewer,
    shifted,
    summed_gradients,
)


@attrs.frozen(kw_only=True)
class IntegratedGradients:
    """Share out the probability that the photo has more than a baseline among its pixels.

    The sum over the channels is signed: below 0, a pixel speaks against the class. The steps lie in
    the middles of equal parts (the midpoint rule), and are doubled until the completeness gap is met.
    Doubled steps share no point with the former, so a photo takes up to twice `max_steps` calls.

    Parameters
    ----------
    baseline : {"black", "white", "mean", "blur"}
        Where the path begins. A pixel that is the baseline's colour gets nothing, whatever it shows.
    steps : int
        Of the first round.
    max_steps : int
        Of the last.
    gap : float
        |sum of attributions - difference| / |difference| that ends the doubling.
    """

    baseline: Baseline = attrs.field(default="black", validator=attrs.validators.in_(BASELINES))
    steps: int = attrs.field(default=64, validator=attrs.validators.ge(1))
    max_steps: int = attrs.field(default=1024, validator=attrs.validators.ge(1))
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

        Raises
        ------
        NotApplicableError
            The classifier has no gradient.
        BudgetSpentError
            The budget does not reach for the two ends of the path and one point between them.
        """
        *_, found = self.rounds(image, classifier, target, progress)
        return Explanation(
            attribution=found.attribution.sum(axis=2),
            details={"baseline": self.baseline, **found.details(self.gap)},
            note=found.note(self.gap),
            stopped=found.stopped,
        )

    def rounds(
        self, image: Array, classifier: Classifier, target: int, progress: Progress | None = None
    ) -> Iterator[Integral]:
        """Yield what is known after each round, at least once; raises as `explain` does."""
        gradient = gradient_of(classifier)
        start = baseline_picture(self.baseline, image)
        ends = classifier.predict(np.stack([image, start]))[:, target]
        difference = float(ends[0]) - float(ends[1])
        way = image.astype(np.float64) - start  # (h, w, 3)
        best: Integral | None = None
        steps, before = self.steps, 0
        while True:
            points = spread_midpoints(steps)
            total = summed_gradients(
                gradient,
                target,
                lambda number, points=points: start + points[number] * way,  # type: ignore[misc]
                steps,
                shifted(progress, before, steps),
            )
            best = _finer(best, total, way, difference)
            yield best
            if total.spent is not None or best.within(self.gap) or steps == self.max_steps:
                return
            before += steps
            steps = min(2 * steps, self.max_steps)


def spread_midpoints(steps: int) -> Array:
    """Return the middles of `steps` equal parts of [0, 1], ordered so that the first few lie well apart.

    Van der Corput's order, by the reversed bits of the part's number: wherever a budget breaks it
    off, what was asked is a fair sample of the whole way, not its dark beginning. Every other bit is
    flipped first, or the first points would all lie at the lower ends of what they stand for.
    """
    bits = max(1, (steps - 1).bit_length())
    flipped = sum(1 << bit for bit in range(0, bits, 2))
    order = sorted(range(steps), key=lambda part: int(f"{part ^ flipped:0{bits}b}"[::-1], 2))
    return (np.array(order) + 0.5) / steps


def _finer(before: Integral | None, total: GradientSum, way: Array, difference: float) -> Integral:
    """Return the integral of the newest round, or the former where that had more points."""
    if before is not None and before.steps > total.pictures:
        return attrs.evolve(before, stopped=total.stopped)
    if not total.pictures and total.spent is not None:
        raise total.spent
    return Integral(
        attribution=way * (total.total / total.pictures),
        difference=difference,
        steps=total.pictures,
        stopped=total.stopped,
    )
