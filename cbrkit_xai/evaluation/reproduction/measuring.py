"""Measures the times of a reproduction, and decides the claims about them."""

from __future__ import annotations

import attrs
import numpy as np

from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.evaluation.holding_out.folds import Split
from cbrkit_xai.evaluation.predicting.described_once import described_once
from cbrkit_xai.evaluation.questions.own_k import own_k
from cbrkit_xai.evaluation.reproduction.claims.all_claims import claims_about_times
from cbrkit_xai.evaluation.reproduction.claims.claim import Claim
from cbrkit_xai.evaluation.reproduction.papers_configurations import representations_of
from cbrkit_xai.evaluation.reproduction.reproduction import Reproduction
from cbrkit_xai.evaluation.reproduction.timing.times import Times, measure_times
from cbrkit_xai.protocols import Progress


def measured(
    reproduction: Reproduction, base: CaseBase, progress: Progress | None = None
) -> tuple[Times, tuple[Claim, ...]]:
    """Time single queries against the configurations of one fold.

    Parameters
    ----------
    reproduction : Reproduction
        Of this base.
    base : CaseBase
        With the pixels of its photos, if they are asked for.
    progress : callable, optional
        Called with (parts done, parts).
    """
    evaluation, runs = reproduction.evaluation, reproduction.runs
    at_hand = described_once(base, representations_of(reproduction.configurations))
    applicable = [
        (one, at_hand.columns(one.components.representation), reproduction.distances.get(one.name))
        for one in reproduction.applicable
        if one.components is not None
    ]
    first = runs.linear[0][1]
    times = measure_times(
        applicable,
        _typical_fold(reproduction),
        first.ks,
        own_k(first),
        seed=evaluation.protocol.seed,
        progress=progress,
    )
    missing = tuple(one for one in reproduction.configurations if one.missing)
    times = attrs.evolve(times, missing=missing)
    return times, claims_about_times(times)


def _typical_fold(reproduction: Reproduction) -> Split:
    """Return the first fold in which all that can be clustered was."""
    folds = reproduction.evaluation.folds
    organised = np.ones((folds.repeats, folds.per_repeat), dtype=bool)
    for _, run in reproduction.runs.clustered:
        organised &= run.entries > 0
    repeat, fold = np.argwhere(organised)[0] if organised.any() else (0, 0)
    return folds.split(int(repeat), int(fold))
