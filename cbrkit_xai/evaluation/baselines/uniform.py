"""The same votes for every method: what one would say who knows nothing of the methods either."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.evaluation.baselines.baseline import Baseline, Task
from cbrkit_xai.evaluation.baselines.global_mean import same_for_all
from cbrkit_xai.evaluation.results import UNIFORM
from cbrkit_xai.features import Array
from cbrkit_xai.neighbours import mean_votes


def _predict(task: Task) -> Array:
    """Predict the mean over methods of their mean votes, so that the total is that of the global mean.

    It knows how many votes a photo usually gets, and nothing else; a fixed number would be right or wrong
    with the number of voters.
    """
    means = mean_votes(task.training.votes)
    known = ~np.isnan(means)
    level = means[known].mean() if known.any() else np.nan
    return same_for_all(task, np.where(known, level, np.nan))


BASELINE = Baseline(
    name=UNIFORM,
    summary="The usual number of votes, the same for every method",
    source="principle of indifference (Laplace 1814)",
    predict=_predict,
)
