"""Applies the one-standard-error rule to all cases, and to the training cases of each fold alone."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.errors import first_sentence
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.evaluation.running.plan import Plan
from cbrkit_xai.evaluation.tuning.candidates import Candidate
from cbrkit_xai.evaluation.tuning.measuring import Measured
from cbrkit_xai.evaluation.tuning.one_standard_error import Chosen, simplest_within_one_standard_error
from cbrkit_xai.evaluation.tuning.tuned import FoldChoice
from cbrkit_xai.features import Array
from cbrkit_xai.learning import organize


def chosen_in_folds(found: Measured, folds: Folds, groups: Groups) -> tuple[FoldChoice, ...]:
    """Return the choice of each fold, by errors inside its training cases.

    Of its held-out cases counts only for which of them a candidate has a prediction at all, never their
    votes.
    """
    usable = ~has_gaps(found, folds)  # (candidates, repeats, folds)
    choices = []
    for split in folds.splits():
        inside = found.inner[:, split.repeat, split.fold, split.training]  # (candidates, training)
        inside = np.where(usable[:, split.repeat, split.fold, None], inside, np.nan)
        chosen = simplest_within_one_standard_error(inside, groups.labels[split.training])
        choices.append(FoldChoice(repeat=split.repeat, fold=split.fold, chosen=chosen))
    return tuple(choices)


def has_gaps(found: Measured, folds: Folds) -> Array:
    """Say of each candidate in which folds it was not organised, or leaves a held-out case out.

    Returns
    -------
    array of shape (candidates, repeats, folds)
        bool.
    """
    gaps = found.problems != ""
    missing = np.isnan(found.outer) & ~np.isnan(found.outer[0])  # (candidates, repeats, n)
    for split in folds.splits():
        gaps[:, split.repeat, split.fold] |= missing[:, split.repeat, split.held_out].any(axis=1)
    return gaps


def chosen_by_all(
    found: Measured, points: tuple[Candidate, ...], plan: Plan
) -> tuple[Chosen, tuple[str, ...]]:
    """Return the choice by the held-out errors of all cases, and a sentence for each that fell out.

    Whoever wins is organised once more with all cases; one that cannot be falls out.
    """
    errors = _over_repeats(found.outer)
    fell_out: list[str] = []
    while True:
        chosen = simplest_within_one_standard_error(errors, plan.groups.labels)
        problem = _problem_with_all(points[chosen.chosen], plan)
        if not problem:
            return chosen, tuple(fell_out)
        fell_out.append(f"{points[chosen.chosen].name} is not chosen: {problem}")
        errors[chosen.chosen] = np.nan


def _over_repeats(outer: Array) -> Array:
    """Mean over the repeats in which the global mean has an error; NaN where another then has none."""
    known = ~np.isnan(outer[0])  # (repeats, n)
    number = known.sum(axis=0)
    total = np.where(known, outer, 0.0).sum(axis=1)  # (candidates, n)
    return np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)


def _problem_with_all(candidate: Candidate, plan: Plan) -> str:
    """Return why a candidate cannot be organised with all cases; empty if it can."""
    if candidate.planned is None:
        return ""
    components = candidate.planned.components
    try:
        organize(components, plan.cases(components.representation))
    except Exception as error:  # a stranger's component may raise anything
        return " ".join(str(error).split()) or first_sentence(error)
    return ""
