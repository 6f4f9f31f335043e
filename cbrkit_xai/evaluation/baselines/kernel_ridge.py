"""Regression of the votes on likeness to the training photos, with a Gaussian kernel."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.evaluation.baselines.baseline import Baseline, Task
from cbrkit_xai.evaluation.baselines.kernel_regression import Kernel, regress
from cbrkit_xai.evaluation.baselines.standardised import standardised
from cbrkit_xai.features import Array

WIDTHS = (0.5, 1.0, 2.0)
"""In units of the median distance between training cases."""


def _predict(task: Task) -> Array:
    """Fit each method's votes; width and penalty are chosen within the training cases."""
    from scipy.spatial.distance import cdist, pdist, squareform

    training, held_out = standardised(task)
    if len(training) < 2 or training.shape[1] == 0:
        within, across = np.zeros((len(training),) * 2), np.zeros((len(held_out), len(training)))
        median = 1.0
    else:
        between = pdist(training, "sqeuclidean")
        median = float(np.median(between)) or 1.0
        within, across = squareform(between), cdist(held_out, training, "sqeuclidean")
    kernels = [
        Kernel(
            within=np.exp(-within / (2 * median * width**2)), across=np.exp(-across / (2 * median * width**2))
        )
        for width in WIDTHS
    ]
    return regress(kernels, task.training.votes, np.array(task.training.groups))


BASELINE = Baseline(
    name="kernel-ridge",
    summary="Kernel ridge regression (Gaussian kernel) of the votes on the same features",
    source="Saunders, Gammerman & Vovk 1998",
    predict=_predict,
    needs_features=True,
)
