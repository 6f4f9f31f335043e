"""Asks a baseline about the held-out cases of a fold, without letting it see their votes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.errors import ParameterError, nearest_spelling
from cbrkit_xai.evaluation.baselines import (
    global_mean,
    kernel_ridge,
    majority,
    oracle,
    per_class_mean,
    random_forest,
    ridge,
    single_best_method,
    uniform,
)
from cbrkit_xai.evaluation.baselines.baseline import Baseline, Task
from cbrkit_xai.features import Array

_MODULES = (
    uniform,
    global_mean,
    majority,
    per_class_mean,
    single_best_method,
    ridge,
    kernel_ridge,
    random_forest,
    oracle,
)

BASELINES: Mapping[str, Baseline] = MappingProxyType(
    {module.BASELINE.name: module.BASELINE for module in _MODULES}
)
"""The baselines by name, in the order in which tables show them."""


def baseline_of(name: str) -> Baseline:
    """Return the baseline of that name.

    Raises
    ------
    ParameterError
        There is none; names the nearest spelling.
    """
    if name not in BASELINES:
        raise ParameterError(
            f"there is no baseline {name!r}",
            where="baseline",
            allowed=", ".join(BASELINES),
            next_step=nearest_spelling(name, BASELINES),
        )
    return BASELINES[name]


def predict_baseline(
    baseline: Baseline | str,
    training: Cases,
    held_out: Cases,
    training_classes: Sequence[str] = (),
    held_out_classes: Sequence[str] = (),
    seed: int = 0,
) -> Array:
    """Return the votes that a baseline predicts for held-out cases, float64 `(q, methods)`.

    Parameters
    ----------
    baseline : Baseline or str
        Or its name.
    training : Cases
        At least one case.
    held_out : Cases
        q cases; their votes are hidden from every baseline but the oracle.
    training_classes, held_out_classes : sequence of str, optional
        The class of each case; empty texts, or nothing at all, where none is known.
    seed : int
        Of all that is random.

    Raises
    ------
    ParameterError
        No such baseline, no training case, votes about other methods, or not one class per case.
    """
    chosen = baseline_of(baseline) if isinstance(baseline, str) else baseline
    if not len(training):
        raise ParameterError("there is no training case", where="training", allowed="at least one")
    if training.methods != held_out.methods:
        raise ParameterError(
            f"the votes are about {', '.join(held_out.methods)}",
            where="held_out",
            allowed=", ".join(training.methods),
        )
    hidden = held_out.votes if chosen.reads_held_out_votes else np.full_like(held_out.votes, np.nan)
    task = Task(
        training=training,
        held_out=attrs.evolve(held_out, votes=hidden),
        training_classes=_one_each(training_classes, training, "training_classes"),
        held_out_classes=_one_each(held_out_classes, held_out, "held_out_classes"),
        seed=seed,
    )
    return chosen.predict(task)


def _one_each(classes: Sequence[str], cases: Cases, where: str) -> tuple[str, ...]:
    found = tuple(classes) if len(classes) else ("",) * len(cases)
    if len(found) != len(cases):
        raise ParameterError(
            f"{len(found)} classes for {len(cases)} cases", where=where, allowed="one per case, or none"
        )
    return found
