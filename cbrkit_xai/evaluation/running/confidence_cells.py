"""What each configuration's recommender states about its held-out cases: computed once, and kept."""

from __future__ import annotations

import time

import attrs
import numpy as np

from cbrkit_xai.evaluation.predicting.fold_predictions import FoldPredictor
from cbrkit_xai.evaluation.predicting.measured_once import MeasuredOnce
from cbrkit_xai.evaluation.results import StatedConfidence
from cbrkit_xai.evaluation.running.finishing import Arrays
from cbrkit_xai.evaluation.running.plan import Plan
from cbrkit_xai.evaluation.scoring.stated import state_confidence
from cbrkit_xai.evaluation.working import Stop, leave_if


def state(predictor: FoldPredictor, k: int, plan: Plan, stop: Stop) -> Arrays:
    """Return the arrays of a cell: what is stated in the folds of the first repeat.

    Raises
    ------
    StoppedError
        Nobody waits for it any more.
    """
    started = time.perf_counter()
    components, cases = predictor.components, predictor.cases
    if predictor.distances is not None:
        known = MeasuredOnce(metric=components.metric, features=cases.features, distances=predictor.distances)
        components = attrs.evolve(components, metric=known)
    stated = state_confidence(
        components,
        cases,
        plan.base.effective_voters,
        plan.folds,
        k,
        progress=lambda done, total: leave_if(stop),
    )
    return {
        "k": np.array(stated.k),
        "p_best": stated.p_best,
        "in_set": stated.in_set,
        "out_of_experience": stated.out_of_experience,
        "skill": np.array(stated.skill),
        "problems": np.array(stated.problems, dtype=np.str_),
        "seconds": np.array(time.perf_counter() - started),
    }


def stated_of(cell: Arrays) -> StatedConfidence:
    """Return what was stated, from a cell."""
    return StatedConfidence(
        k=int(cell["k"]),
        p_best=cell["p_best"],
        in_set=cell["in_set"],
        out_of_experience=cell["out_of_experience"],
        skill=tuple(cell["skill"].tolist()),
        problems=cell["problems"].tolist(),
    )
