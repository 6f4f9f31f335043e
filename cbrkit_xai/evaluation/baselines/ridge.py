"""Linear regression of the votes on the features, with a penalty."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.evaluation.baselines.baseline import Baseline, Task
from cbrkit_xai.evaluation.baselines.kernel_regression import Kernel, regress
from cbrkit_xai.evaluation.baselines.standardised import standardised
from cbrkit_xai.features import Array


def _predict(task: Task) -> Array:
    """Fit each method's votes on the standardised features; the penalty is chosen within the training cases.

    In terms of the products of the cases, which is the same fit and, with more features than cases, a
    smaller problem.
    """
    training, held_out = standardised(task)
    linear = Kernel(within=training @ training.T, across=held_out @ training.T)
    return regress([linear], task.training.votes, np.array(task.training.groups))


BASELINE = Baseline(
    name="ridge",
    summary="Ridge regression of the votes on the same features",
    source="Hoerl & Kennard 1970",
    predict=_predict,
    needs_features=True,
)
