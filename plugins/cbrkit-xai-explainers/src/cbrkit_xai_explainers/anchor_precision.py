"""The precision of one anchor, measured on samples that had no part in choosing it."""

from __future__ import annotations

import attrs

from cbrkit_xai_explainers.anchor_samples import Samples
from cbrkit_xai_explainers.kl_bounds import exact_lower


@attrs.frozen(kw_only=True)
class Precision:
    """How often a class stayed on top in fresh samples, and what that proves.

    Parameters
    ----------
    precision : float
        The share of the samples in which it did.
    lower_bound : float
        The true precision is at least this, with a probability of 1 - delta (Clopper and Pearson).
    samples : int
        How many there were.
    """

    precision: float
    lower_bound: float
    samples: int


def measured(fresh: Samples, delta: float) -> Precision:
    """Return what samples say that were all drawn for one anchor, after it was chosen."""
    hits, number = fresh.hits, len(fresh)
    return Precision(precision=hits / number, lower_bound=exact_lower(hits, number, delta), samples=number)
