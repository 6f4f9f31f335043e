"""Beam search for the smallest anchor that is precise enough."""

from __future__ import annotations

import math
from typing import Any

import attrs
import numpy as np
from attrs import validators

from cbrkit_xai.features import Array
from cbrkit_xai_explainers.anchor_sampler import Sampler
from cbrkit_xai_explainers.anchor_samples import Samples
from cbrkit_xai_explainers.batches import BATCH
from cbrkit_xai_explainers.kl_bounds import exploration, kl_lower
from cbrkit_xai_explainers.kl_lucb import best_arms

_share: Any = validators.and_(validators.gt(0), validators.lt(1))


@attrs.frozen(kw_only=True)
class Demands:
    """What is asked of an anchor and of the search for it; the first six are parameters of `Anchors`.

    `warm_up` is the number of samples that each anchor of a beam has before it is made larger, and
    `level_samples` the most that are drawn to choose among the larger ones; both are small, so that
    a budget of 1500 reaches a dozen superpixels. An anchor is given `proof_samples` to prove
    itself: one just at the threshold would need many hundreds, a larger one far fewer.
    """

    threshold: float = attrs.field(validator=_share)
    delta: float = attrs.field(validator=_share)
    epsilon: float = attrs.field(validator=_share)
    tolerance: float = attrs.field(validator=_share)
    beam_size: int = attrs.field(validator=validators.ge(1))
    max_size: int = attrs.field(validator=validators.ge(1))
    warm_up: int = attrs.field(default=48, validator=validators.ge(0))
    level_samples: int = attrs.field(default=48, validator=validators.ge(0))
    proof_samples: int = attrs.field(default=160, validator=validators.ge(0))


@attrs.frozen(kw_only=True, eq=False)
class Candidate:
    """An anchor with what its search knows of it.

    `lower_bound` holds with a probability of 1 - delta although the anchor was chosen among many
    and samples were drawn as needed; `precision` does not allow for that, and is optimistic.
    """

    kept: Array  # (superpixels,) bool
    precision: float
    lower_bound: float
    samples: int


class BeamSearch:
    """Grows anchors by one superpixel at a time, the most precise few of each size.

    Ends with the first size at which an anchor is precise enough, so with the highest coverage:
    an anchor of n superpixels covers 2^-n of all photos with hidden parts. Before it, the empty
    anchor is tried: where it is precise enough, nothing that is kept makes a difference.

    Parameters
    ----------
    sampler : Sampler
        Draws samples, as far as its budget reaches.
    samples : Samples
        Those drawn before with the same filling, and those drawn here, which are added.
    demands : Demands
        When an anchor is precise enough, and how wide to search.
    """

    def __init__(self, sampler: Sampler, samples: Samples, demands: Demands) -> None:
        self._sampler = sampler
        self._samples = samples
        self._demands = demands
        self._tried = np.zeros((0, samples.superpixels), dtype=bool)  # the beams of all sizes
        self._compared = 1
        self._found: Array | None = None
        self.ended_early = False
        """Whether the sampler's budget ended before an anchor was found or the largest size done."""

    def run(self) -> None:
        """Search until an anchor is found, the largest size is done, or the budget is spent.

        Raises
        ------
        BudgetSpentError
            From the classifier; `best` still answers.
        """
        empty = np.zeros((1, self._samples.superpixels), dtype=bool)
        if self._is_precise(empty[0]):
            self._found = empty[0]
            return
        beam = empty
        for _ in range(min(self._demands.max_size, self._samples.superpixels)):
            beam = self._next(beam)
            precise = [one for one in beam if self._is_precise(one)]
            if precise:
                self._found = max(precise, key=lambda one: self._known(one).lower_bound)
            self.ended_early = not precise and self._sampler.budget.left < BATCH
            if precise or self.ended_early:
                return

    def best(self) -> Candidate:
        """Return the anchor that was found, or else the most precise so far."""
        if self._found is not None:
            return self._known(self._found)
        # Before the first beam stands, what is known of single superpixels serves.
        tried = self._tried if len(self._tried) else np.eye(self._samples.superpixels, dtype=bool)
        counts = self._samples.counts(tried)
        # Some have few samples: the mean probability of the class counts as two more.
        precision = (counts.hits + 2 * counts.probability) / (counts.samples + 2)
        return self._known(tried[precision.argmax()])

    def _next(self, beam: Array) -> Array:
        """Return the best anchors that are one superpixel larger."""
        demands = self._demands
        for one in beam:
            # One in two of these serves each of its children: far cheaper than one by one.
            self._draw(one, demands.warm_up - int(self._samples.counts(one[None]).samples[0]))
        children = grown(beam)
        self._compared += len(children)
        chosen = best_arms(
            self._sampler,
            self._samples,
            children,
            count=demands.beam_size,
            delta=demands.delta,
            epsilon=demands.epsilon,
            allowance=demands.level_samples,
        )
        self._tried = np.concatenate([self._tried, children[chosen]])
        return children[chosen]

    def _is_precise(self, anchor: Array) -> bool:
        """Draw samples until the anchor is surely precise enough, or no longer looks like it."""
        demands = self._demands
        # Every candidate of this size may err, so each gets its part of delta.
        rivals = max(1, demands.beam_size * self._samples.superpixels)
        allowance = min(demands.proof_samples, self._sampler.budget.left)
        while True:
            counts = self._samples.counts(anchor[None])
            seen, precision = int(counts.samples[0]), float(counts.precision[0])
            if seen and precision < demands.threshold:
                return False
            level = math.log(rivals / demands.delta) / max(1, seen)
            lower = kl_lower(np.array(precision), np.array(level))
            if seen and lower >= demands.threshold - demands.tolerance:
                return True
            if allowance < BATCH:
                return False
            self._draw(anchor, BATCH)
            allowance -= BATCH

    def _draw(self, anchor: Array, samples: int) -> None:
        if samples > 0:
            self._sampler.draw(np.tile(anchor, (samples, 1)), into=self._samples)

    def _known(self, anchor: Array) -> Candidate:
        counts = self._samples.counts(anchor[None])
        seen, precision = int(counts.samples[0]), float(counts.precision[0])
        level = exploration(self._compared, max(1, len(self._samples)), self._demands.delta) / max(1, seen)
        lower = float(kl_lower(np.array(precision), np.array(level))) if seen else 0.0
        return Candidate(kept=anchor, precision=precision, lower_bound=lower, samples=seen)


def grown(beam: Array) -> Array:
    """Return every anchor that has one superpixel more than one of the beam, each once, in a fixed order."""
    rows = [
        anchor | (np.arange(beam.shape[1]) == superpixel)
        for anchor in beam
        for superpixel in np.flatnonzero(~anchor)
    ]
    return np.unique(np.array(rows).reshape(-1, beam.shape[1]), axis=0)
