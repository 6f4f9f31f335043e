"""What hidden superpixels should show, so that hiding them tells which matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from cbrkit_xai.errors import BudgetSpentError
from cbrkit_xai_explainers.anchor_sampler import AnchorFill, Sampler, until_spent
from cbrkit_xai_explainers.anchor_samples import Counts, Samples
from cbrkit_xai_explainers.batches import BATCH

Trial: TypeAlias = tuple[Sampler, Samples]

BASE_SAMPLES = 48
"""Photos that each filling is tried on; these serve the search afterwards."""

IN_TURN: tuple[AnchorFill, ...] = ("patches", "noise", "blur", "black", "mean")
"""Fillings, first those that change most answers: a budget may end before the last is tried."""

LEAST_RATE = 0.05
"""Below this precision of the empty anchor, a filling tells too little of which superpixels matter."""


def tried_fills(samplers: Sequence[Sampler]) -> tuple[list[Trial], str]:
    """Try fillings with nothing kept.

    Returns
    -------
    (list of (Sampler, Samples), str)
        Those that were tried, in the order given, and why it ended early, or "".

    Raises
    ------
    BudgetSpentError
        The classifier's budget ended before the first was tried.
    """
    each = max(1, min(BASE_SAMPLES, samplers[0].budget.left // (2 * len(samplers))))
    trials = [(sampler, Samples(sampler.superpixels)) for sampler in samplers]

    def try_all() -> None:
        for start in range(0, each, BATCH):  # in turns, so that an early end leaves something of each
            for sampler, samples in trials:
                empty = np.zeros((min(BATCH, each - start), sampler.superpixels), dtype=bool)
                sampler.draw(empty, into=samples)

    stopped = until_spent(try_all)
    tried = [trial for trial in trials if len(trial[1])]
    if not tried:
        raise BudgetSpentError(stopped, where="anchors")
    return tried, stopped


def most_telling(tried: Sequence[Trial], threshold: float) -> Trial:
    """Return the filling that changes the answer most often, but not always.

    That is the lowest precision of the empty anchor, from `LEAST_RATE` to the threshold. Where
    there is none, it is the highest below: the class hardly ever stays on top, and the search has
    little to go by. Where there is none below the threshold either, it is the lowest: vacuous.
    """
    below = [trial for trial in tried if base_rate(trial[1]) < threshold]
    telling = [trial for trial in below if base_rate(trial[1]) >= LEAST_RATE]
    if telling or not below:
        return min(telling or tried, key=lambda trial: base_rate(trial[1]))
    return max(below, key=lambda trial: (base_rate(trial[1]), float(_of_empty(trial[1]).probability[0])))


def base_rate(samples: Samples) -> float:
    """Return the precision of the empty anchor."""
    return float(_of_empty(samples).precision[0])


def _of_empty(samples: Samples) -> Counts:
    return samples.counts(np.zeros((1, samples.superpixels), dtype=bool))
