"""The mean votes of training photos of the same class: similarity by name alone."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.evaluation.baselines.baseline import Baseline, Task
from cbrkit_xai.features import Array
from cbrkit_xai.neighbours import mean_votes


def _predict(task: Task) -> Array:
    """Predict the class's mean where the class occurs in training, otherwise the global mean.

    So too for a single method that was asked about in no training case of the class.
    """
    overall = mean_votes(task.training.votes)
    classes = np.array(task.training_classes)
    found = np.tile(overall, (len(task.held_out), 1))
    for row, name in enumerate(task.held_out_classes):
        same = classes == name if name else np.zeros(len(classes), dtype=bool)
        if same.any():
            means = mean_votes(task.training.votes[same])
            found[row] = np.where(np.isnan(means), overall, means)
    return found


BASELINE = Baseline(
    name="per-class-mean",
    summary="The mean votes of training photos of the same class; of a new class the global mean",
    source="group means",
    predict=_predict,
    needs_classes=True,
)
