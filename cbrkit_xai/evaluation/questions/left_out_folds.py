"""A run that was not organised in a few folds is compared on the others, and the comparison says so."""

from __future__ import annotations

import attrs
import numpy as np

from cbrkit_xai.evaluation.results import Evaluation, Run
from cbrkit_xai.evaluation.scoring.vote_errors import squared_error
from cbrkit_xai.features import Array

MOST_LEFT_OUT = 0.1
"""Up to this share of the folds may be left out where a configuration could not be organised."""


@attrs.frozen(kw_only=True)
class LeftOut:
    """Whether a run can be decided about, and what is then left out.

    Parameters
    ----------
    problem : str
        Why it cannot; empty if it can.
    note : str
        Which folds are left out; empty where none is.
    """

    problem: str = ""
    note: str = ""


def left_out(evaluation: Evaluation, run: Run, name: str = "") -> LeftOut:
    """Return what has to be left out of a comparison with this run.

    A fold in which a run was not organised has no predictions of it. Up to a tenth of the folds are left out
    of both sides of a comparison: it then says how the run does where it can be organised, and must say so.
    With more left out, or where a fold that was organised lacks a prediction, nothing is decided.

    Parameters
    ----------
    evaluation : Evaluation
        The run is one of its.
    name : str
        By which the sentences call it; by default its label.
    """
    name = name or run.label
    failed = failed_folds(run)
    number, folds = int(failed.sum()), failed.size
    told = f"{name} was not organised in {number} of {folds} folds"
    if number > MOST_LEFT_OUT * folds:
        return LeftOut(problem=told)
    if run.problems and not number:
        return LeftOut(problem=f"{name}: {run.problems[0]}")
    missing = without_prediction(evaluation, run, ~failed, name)
    if missing:
        return LeftOut(problem=missing)
    return LeftOut(note=f"{told}, which are left out." if number else "")


def incompleteness(evaluation: Evaluation, run: Run) -> str:
    """Return why a run does not predict every held-out case; empty if it does.

    Numbers of such a run are of the rest alone, and what is chosen inside folds must be there in each.

    Parameters
    ----------
    evaluation : Evaluation
        The run is one of its.
    """
    failed = failed_folds(run)
    if failed.any():
        return f"{run.label} was not organised in {int(failed.sum())} of {failed.size} folds"
    if run.problems:
        return f"{run.label}: {run.problems[0]}"
    return without_prediction(evaluation, run, ~failed, run.label)


def failed_folds(run: Run) -> Array:
    """Say of each fold whether the run was not organised there, `(repeats, folds)`.

    What has no index, such as a mean, has no entries anywhere, and no problem either.
    """
    return np.asarray(run.entries == 0) & bool(run.problems)


def without_prediction(evaluation: Evaluation, run: Run, folds: Array, name: str) -> str:
    """Return how many held-out cases of these folds `(repeats, folds)` have no prediction, if any."""
    fold_of = evaluation.folds.fold_of
    counts = (fold_of >= 0) & np.take_along_axis(folds, np.maximum(fold_of, 0), axis=1)
    due = counts & ~np.isnan(evaluation.votes).all(axis=1)  # (repeats, n)
    errors = squared_error(run.predicted, evaluation.votes[:, None])  # (repeats, n, ks)
    missing = int((np.isnan(errors).any(axis=2) & due).sum())
    return f"{name} left {missing} of {int(due.sum())} held-out cases without a prediction" if missing else ""
