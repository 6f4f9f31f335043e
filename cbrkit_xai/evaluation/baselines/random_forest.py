"""Regression trees on resampled training cases, averaged."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.evaluation.baselines.baseline import Baseline, Task
from cbrkit_xai.evaluation.baselines.standardised import as_rows
from cbrkit_xai.features import Array

TREES = 100
LEAST_IN_LEAF = 5
"""Breiman's for regression: votes are noisy, and a leaf of one photo repeats its noise."""


def _predict(task: Task) -> Array:
    """Fit one forest for all methods that the same cases were asked about.

    Nothing is chosen by the data. Each split looks at the root of the number of features: on the bundled
    base a third of them took four times as long and erred alike (.980 against .984 votes with a network's
    features, .987 against .986 with histograms), and so did twice the trees (.981 and .984).
    """
    from sklearn.ensemble import RandomForestRegressor

    votes = task.training.votes
    training, held_out = as_rows(task.training.features), as_rows(task.held_out.features)
    predicted = np.full((len(held_out), votes.shape[1]), np.nan)
    patterns, pattern = np.unique(~np.isnan(votes), axis=1, return_inverse=True)
    for place, rows in enumerate(patterns.T):
        methods = np.flatnonzero(pattern.reshape(-1) == place)
        if not rows.any() or not len(held_out):
            continue
        forest = RandomForestRegressor(
            n_estimators=TREES,
            min_samples_leaf=LEAST_IN_LEAF,
            max_features="sqrt",
            random_state=task.seed % 2**32,
            n_jobs=1,
        )
        wanted = votes[np.ix_(rows, methods)]
        forest.fit(training[rows], wanted[:, 0] if len(methods) == 1 else wanted)
        predicted[:, methods] = forest.predict(held_out).reshape(len(held_out), -1)
    return predicted


BASELINE = Baseline(
    name="random-forest",
    summary=f"Random forest of {TREES} trees on the same features",
    source="Breiman 2001; sklearn.ensemble.RandomForestRegressor",
    predict=_predict,
    needs_features=True,
)
