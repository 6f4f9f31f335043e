"""Whether a few photos are the nearest of so many others that errors at few neighbours go together."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cbrkit_xai.evaluation.results import Evaluation
from cbrkit_xai.features import Array

FEW_NEIGHBOURS = (2, 3)
"""With one, the variance allows for it (`clustered_variance`); with more, each photo counts too little."""

MANY = 3.0
"""Predictions that rest on the nearest photo of a prediction, that one among them, on average.

2.3 and 2.7 for the 200 photos of `coco200-auto` by their two descriptions; 1.8 for 200 random points in 2
dimensions, 2.7 in 16, 3.9 in 32, 5.2 in 64.
"""

_SHARED = (
    "At k = {k} some photos are among the nearest of many others, whose errors go together, and the interval "
    "is not widened for it: in simulated studies such a test was wrong in 7 to 8 of 100 at k = 2 and in 5 at "
    "k = 3, where 5 may be."
)


def sharing(nearest: Array) -> float:
    """Return how many predictions of a repeat rest on the same nearest photo as one does, on average.

    Parameters
    ----------
    nearest : array of shape (repeats, n)
        int64 row of each prediction's nearest case; -1 where there is none.

    Returns
    -------
    float
        At least 1, the prediction itself; 0 where no nearest case is known.
    """
    counts = [np.bincount(rows[rows >= 0]) for rows in nearest]
    predictions = sum(int(one.sum()) for one in counts)
    return sum(float((one**2).sum()) for one in counts) / predictions if predictions else 0.0


def shared_nearest(evaluation: Evaluation, compared: Iterable[tuple[str, int]]) -> tuple[str, ...]:
    """Return what must be said of comparisons of these labels, each at its k; nothing where nothing must."""
    found = []
    for label, k in compared:
        run = evaluation.runs.get(label)
        if k not in FEW_NEIGHBOURS or run is None or run.nearest is None:
            continue
        if sharing(run.nearest) >= MANY:
            found.append(_SHARED.format(k=k))
    return tuple(dict.fromkeys(found))
