"""The votes themselves: a bound that nothing can pass, and no predictor."""

from __future__ import annotations

from cbrkit_xai.evaluation.baselines.baseline import Baseline, Task
from cbrkit_xai.features import Array


def _predict(task: Task) -> Array:
    return task.held_out.votes.copy()


BASELINE = Baseline(
    name="oracle",
    summary="The held-out votes themselves: a bound, not a predictor",
    source="virtual best solver",
    predict=_predict,
    reads_held_out_votes=True,
)
