"""Errors by how often a photo's class is in the case base."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import attrs
import numpy as np

from cbrkit_xai.evaluation.decisions.bootstrap import Resampled, bca
from cbrkit_xai.evaluation.questions.differences import case_errors, over_repeats
from cbrkit_xai.evaluation.questions.own_k import own_k
from cbrkit_xai.evaluation.results import GLOBAL_MEAN, Evaluation, Run
from cbrkit_xai.features import Array

DRAWS = 1999
"""Resamples of an interval."""


@attrs.frozen(kw_only=True)
class OfFrequency:
    """The errors of the photos whose class is about as frequent.

    Parameters
    ----------
    least, most : int
        Cases of their class.
    cases, classes : int
        How many there are.
    rmse : dict of str to Resampled
        By label, at its own k; the baseline's under its own name.
    """

    least: int
    most: int
    cases: int
    classes: int
    rmse: dict[str, Resampled]

    @property
    def words(self) -> str:
        """Which classes these are."""
        if self.least == self.most:
            return "once" if self.least == 1 else f"{self.least} times"
        return f"{self.least} to {self.most} times"


def errors_by_frequency(evaluation: Evaluation, runs: Sequence[Run]) -> tuple[OfFrequency, ...]:
    """Return the RMSE by class frequency; empty where the classes are not known or all as frequent.

    The frequencies are cut into three parts with about as many cases. Intervals are BCa, by group.

    Parameters
    ----------
    runs : sequence of Run
        Beside which the global mean stands, if it was evaluated.
    """
    known = np.array([bool(one) for one in evaluation.classes])
    if not known.any():
        return ()
    counts = Counter(one for one in evaluation.classes if one)
    frequency = np.array([counts[one] for one in evaluation.classes])
    mean = [evaluation.run(GLOBAL_MEAN)] if GLOBAL_MEAN in evaluation.runs else []
    found = []
    for low, high in _parts(frequency[known]):
        chosen = known & (frequency >= low) & (frequency <= high)
        classes = {name for name, count in counts.items() if low <= count <= high}
        found.append(
            OfFrequency(
                least=int(frequency[chosen].min()),
                most=int(frequency[chosen].max()),
                cases=int(chosen.sum()),
                classes=len(classes),
                rmse={run.label: _rmse(evaluation, run, chosen) for run in (*runs, *mean)},
            )
        )
    return tuple(found) if len(found) > 1 else ()


def _parts(frequency: Array) -> list[tuple[int, int]]:
    """Return bounds of up to three parts of the frequencies, each with about a third of the cases."""
    bounds = np.unique(np.quantile(frequency, (1 / 3, 2 / 3), method="inverted_cdf"))
    lower = [int(frequency.min()), *(int(bound) + 1 for bound in bounds)]
    upper = [*(int(bound) for bound in bounds), int(frequency.max())]
    return [
        (low, high)
        for low, high in zip(lower, upper, strict=True)
        if (frequency >= low).any() and low <= high
    ]


def _rmse(evaluation: Evaluation, run: Run, chosen: Array) -> Resampled:
    errors = over_repeats(case_errors(evaluation, run.label, own_k(run)))
    counted = chosen & ~np.isnan(errors)
    if not counted.any():
        return Resampled(estimate=np.nan, level=0.95, groups=0, problem="nobody voted on these photos")
    return bca(
        errors[counted],
        evaluation.groups.labels[counted],
        lambda means: np.sqrt(means[..., 0]),
        seed=evaluation.protocol.seed,
        draws=DRAWS,
    )
