"""Always the one method that people like best on average, and nothing else told apart."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.evaluation.baselines.baseline import Baseline, Task
from cbrkit_xai.evaluation.baselines.global_mean import same_for_all
from cbrkit_xai.evaluation.scoring.winners import win_credit
from cbrkit_xai.features import Array
from cbrkit_xai.neighbours import mean_votes


def _predict(task: Task) -> Array:
    """Give the method with most votes on average its mean, and all others the mean of theirs.

    It shows what the global mean would show, so its regret is what CBR has to beat; it orders nothing
    else, so that scores of the whole ranking give it no credit for the second and third method.
    """
    means = mean_votes(task.training.votes)
    best = np.nan_to_num(win_credit(means)) > 0  # several where they are level
    rest = means[~best & ~np.isnan(means)]
    others = rest.mean() if len(rest) else np.nan
    return same_for_all(task, np.where(np.isnan(means), np.nan, np.where(best, means, others)))


BASELINE = Baseline(
    name="single-best-method",
    summary="The method with most votes on average first, the others alike",
    source="single best solver (Rice 1976; Xu et al. 2012)",
    predict=_predict,
)
