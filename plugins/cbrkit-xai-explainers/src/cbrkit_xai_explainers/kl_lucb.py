"""KL-LUCB: finds the anchors of highest precision among many, with samples where they are needed most."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.features import Array
from cbrkit_xai_explainers.anchor_sampler import Sampler
from cbrkit_xai_explainers.anchor_samples import Counts, Samples
from cbrkit_xai_explainers.batches import BATCH
from cbrkit_xai_explainers.kl_bounds import exploration, kl_lower, kl_upper


def best_arms(
    sampler: Sampler,
    samples: Samples,
    candidates: Array,
    *,
    count: int,
    delta: float,
    epsilon: float,
    allowance: int,
) -> Array:
    """Return the most precise candidates, best first.

    In each round, half a batch is drawn for the weakest of those that lead and half for the
    strongest of the others, until no other can be better by epsilon (Kaufmann and
    Kalyanakrishnan 2013), or the allowance is used up.

    Parameters
    ----------
    sampler : Sampler
        Draws samples.
    samples : Samples
        Those drawn before, which are used, and those drawn here, which are added.
    candidates : (n, superpixels) bool array
        What to choose from.
    count : int
        How many to return, or all if there are fewer.
    delta : float
        Probability of being wrong by more than epsilon, if the allowance suffices.
    epsilon : float
        By how much precision one of the others may be better.
    allowance : int
        Most samples to draw.

    Returns
    -------
    (min(count, n),) int array
        Indices of candidates.
    """
    allowance = min(allowance, sampler.budget.left)
    round_ = 0
    while True:
        round_ += 1
        counts = samples.counts(candidates)
        order = ranked(counts)
        leaders, others = order[:count], order[count:]
        if not len(others) or allowance < BATCH:
            return leaders
        level = exploration(len(candidates), round_, delta) / np.maximum(counts.samples, 1)
        lower, upper = _bounds(counts, level)
        weakest, rival = leaders[lower[leaders].argmin()], others[upper[others].argmax()]
        if upper[rival] - lower[weakest] < epsilon:
            return leaders
        sampler.draw(candidates[np.repeat([weakest, rival], BATCH // 2)], into=samples)
        allowance -= BATCH


def ranked(counts: Counts) -> Array:
    """Return the candidates' indices, the most precise first.

    Equal precision, such as 0 of n where the hidden parts always cost the class its place, is
    ordered by the mean probability of the class, then by index.
    """
    return np.lexsort((-counts.probability, -counts.precision))


def _bounds(counts: Counts, level: Array) -> tuple[Array, Array]:
    seen = counts.samples > 0
    lower = np.where(seen, kl_lower(counts.precision, level), 0.0)
    upper = np.where(seen, kl_upper(counts.precision, level), 1.0)
    return lower, upper
