"""The plain gradient: how much the probability changes with each pixel."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.random import Generator

from cbrkit_xai.explaining.explanation import Explanation
from cbrkit_xai.features import Array
from cbrkit_xai.protocols import Classifier, Progress
from cbrkit_xai_explainers.gradient_sums import gradient_of


@attrs.frozen(kw_only=True)
class PlainGradient:
    """The largest absolute derivative over a pixel's channels (Simonyan, Vedaldi and Zisserman 2014).

    It tells where a small change would matter, in either direction: never below 0, and no share of
    the probability.
    """

    def explain(
        self,
        image: Array,
        classifier: Classifier,
        target: int,
        rng: Generator,
        progress: Progress | None = None,
    ) -> Explanation:
        """Return an attribution `(h, w)`, probability per grey level, at least 0; one call.

        Raises
        ------
        NotApplicableError
            The classifier has no gradient.
        BudgetSpentError
            The budget does not reach for one call.
        """
        found = gradient_of(classifier)(image[None].astype(np.float64), target)[0]  # (h, w, 3)
        return Explanation(attribution=np.abs(found).max(axis=2))
