"""Features of any kind as standardised vectors, by the training cases' means and spreads alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cbrkit_xai.evaluation.baselines.baseline import Task
from cbrkit_xai.features import Array, Features

_CONSTANT = 1e-12  # of the largest magnitude in a column: what rounding makes of no spread


def standardised(task: Task) -> tuple[Array, Array]:
    """Return the training cases' and the held-out cases' features, `(n, d)` and `(q, d)` float64.

    Each column has mean 0 and variance 1 over the training cases; one that is constant there says nothing
    and is left out. Pixels are laid out in a row, several representations side by side.
    """
    training, held_out = as_rows(task.training.features), as_rows(task.held_out.features)
    mean, spread = training.mean(axis=0), training.std(axis=0)
    varies = spread > _CONSTANT * np.abs(training).max(axis=0, initial=0.0)
    return tuple((rows[:, varies] - mean[varies]) / spread[varies] for rows in (training, held_out))


def as_rows(features: Features) -> Array:
    """Return features as vectors, `(n, d)` float64."""
    if isinstance(features, Mapping):
        return np.concatenate([as_rows(features[name]) for name in sorted(features)], axis=1)
    return np.reshape(features, (len(features), -1)).astype(np.float64)
