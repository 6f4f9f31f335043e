"""The training cases' mean votes for every photo: what no predictor may be worse than."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.evaluation.baselines.baseline import Baseline, Task
from cbrkit_xai.evaluation.results import GLOBAL_MEAN
from cbrkit_xai.features import Array
from cbrkit_xai.neighbours import mean_votes


def same_for_all(task: Task, votes: Array) -> Array:
    """Return `votes`, `(methods,)`, for every held-out case: `(q, methods)`."""
    return np.tile(votes, (len(task.held_out), 1))


def _predict(task: Task) -> Array:
    return same_for_all(task, mean_votes(task.training.votes))


BASELINE = Baseline(
    name=GLOBAL_MEAN,
    summary="The mean votes of the training cases, for every photo",
    source="the mean: least squared error of all predictions that ignore the photo",
    predict=_predict,
)
