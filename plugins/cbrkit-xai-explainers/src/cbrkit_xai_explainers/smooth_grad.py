"""SmoothGrad: the gradient, averaged over noisy copies of the photo."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.random import Generator

from cbrkit_xai.explaining.explanation import Explanation
from cbrkit_xai.features import Array
from cbrkit_xai.protocols import Classifier, Progress
from cbrkit_xai_explainers.gradient_sums import gradient_of, summed_gradients

_WHITE = 255.0


@attrs.frozen(kw_only=True)
class SmoothGrad:
    """The largest absolute mean derivative over a pixel's channels (Smilkov et al. 2017).

    The gradient is averaged first, signs and all, so that what is noise cancels; then its size is
    taken as for the plain gradient, so it is never below 0.

    Parameters
    ----------
    samples : int
        Noisy copies, one call each.
    noise : float
        Standard deviation of the noise, as a share of the range of the pixels (0 to 255); the noisy
        copies are not clipped to that range, as in the paper.
    """

    samples: int = attrs.field(default=50, validator=attrs.validators.ge(1))
    noise: float = attrs.field(
        default=0.1, validator=attrs.validators.and_(attrs.validators.ge(0), attrs.validators.le(1))
    )

    def explain(
        self,
        image: Array,
        classifier: Classifier,
        target: int,
        rng: Generator,
        progress: Progress | None = None,
    ) -> Explanation:
        """Return an attribution `(h, w)`, probability per grey level, at least 0.

        Raises
        ------
        NotApplicableError
            The classifier has no gradient.
        BudgetSpentError
            The budget does not reach for one noisy copy.
        """
        photo = image.astype(np.float64)
        # A generator for each copy: it is the same copy in whatever batch it is asked about.
        seeds = rng.integers(2**63, size=self.samples)

        def noisy(number: int) -> Array:
            noise = np.random.default_rng(seeds[number]).standard_normal(photo.shape)
            return photo + self.noise * _WHITE * noise

        report = None if progress is None else lambda done: progress(done, self.samples)
        found = summed_gradients(gradient_of(classifier), target, noisy, self.samples, report)
        if not found.pictures and found.spent is not None:
            raise found.spent
        return Explanation(
            attribution=np.abs(found.total / found.pictures).max(axis=2),
            details={"samples": found.pictures, "noise": self.noise},
            stopped=found.stopped,
        )
