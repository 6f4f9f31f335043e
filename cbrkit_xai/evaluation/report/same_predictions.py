"""Configurations that predict the same, so that their agreement is no evidence."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.evaluation.results import Evaluation, Run

_SAME = 1e-9  # of the largest vote; distances in other units may add up in another order


def same_predictions(evaluation: Evaluation) -> tuple[tuple[str, ...], ...]:
    """Return groups of labels whose predictions are equal for every held-out case and k.

    Such are Euclidean and cosine distance on vectors of length 1: the same neighbours under two names.
    """
    groups: list[list[Run]] = []
    for run in evaluation.configurations:
        if np.isnan(run.predicted).all():
            continue
        home = next((group for group in groups if _is_same(group[0], run)), None)
        if home is None:
            groups.append([run])
        else:
            home.append(run)
    return tuple(tuple(run.label for run in group) for group in groups if len(group) > 1)


def _is_same(first: Run, second: Run) -> bool:
    if first.ks != second.ks:
        return False
    largest = max(1.0, float(np.abs(np.nan_to_num(first.predicted)).max(initial=0.0)))
    return np.allclose(first.predicted, second.predicted, rtol=0, atol=_SAME * largest, equal_nan=True)
