"""All votes to the method that wins most often: the majority class of classification."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.evaluation.baselines.baseline import Baseline, Task
from cbrkit_xai.evaluation.baselines.global_mean import same_for_all
from cbrkit_xai.evaluation.scoring.winners import win_credit
from cbrkit_xai.features import Array
from cbrkit_xai.neighbours import mean_votes


def _predict(task: Task) -> Array:
    """Give the mean total of votes to the method with most wins; methods level in wins share it.

    A case whose methods tie counts for each of them with its part of the win.
    """
    means = mean_votes(task.training.votes)
    wins = np.nansum(win_credit(task.training.votes), axis=0)
    share = win_credit(np.where(np.isnan(means), np.nan, wins))
    return same_for_all(task, np.where(np.isnan(means), np.nan, share * np.nansum(means)))


BASELINE = Baseline(
    name="majority",
    summary="All votes to the method that wins most often",
    source="majority class (ZeroR)",
    predict=_predict,
)
