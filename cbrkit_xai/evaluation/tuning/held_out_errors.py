"""Per-case errors outside, on the cases that a fold holds out, and inside, within those it learns from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

import numpy as np

from cbrkit_xai.evaluation.holding_out.folds import Folds, Split
from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.evaluation.predicting.inner_errors import splits_inside
from cbrkit_xai.evaluation.running.finishing import Arrays
from cbrkit_xai.evaluation.scoring.vote_errors import squared_error
from cbrkit_xai.features import Array

ROUNDING = 1e-12
"""A prediction that is off by so many parts of a case's largest vote is off by nothing but rounding."""


class Predicted(NamedTuple):
    """Votes predicted for the held-out cases of a split, and why there are none.

    Parameters
    ----------
    votes : array of shape (held out, ks, methods)
        NaN where nothing could be predicted.
    problem : str
        Empty where there is none.
    """

    votes: Array
    problem: str = ""


Predict: TypeAlias = Callable[[Split], Predicted]
"""What learns from the training cases of a split alone."""


def errors_of_repeat(
    predict: Predict, folds: Folds, groups: Groups, repeat: int, votes: Array, *, ks: int, seed: int
) -> Arrays:
    """Return squared errors of every case, outside and inside each fold of a repeat.

    Inner folds are those of `splits_inside`: with few folds a repeat the others, so that they keep groups and
    strata; otherwise the training cases are dealt anew.

    Parameters
    ----------
    predict : callable
        For every k at once.
    folds : Folds
        The outer folds.
    groups : Groups
        Which are held out together, inside too.
    votes : array of shape (n, methods)
        NaN where nobody was asked.
    ks : int
        How many numbers of neighbours there are.
    seed : int
        Of the dealing, where training cases are dealt anew.

    Returns
    -------
    mapping of arrays
        `outer` (n, ks); `inner` (folds, n, ks), of a fold only its training cases; `problems` (folds,), why
        something was not organised outside or inside a fold, empty where everything was. NaN where there is
        no error.
    """
    outer = np.full((len(votes), ks), np.nan)
    inner = np.full((folds.per_repeat, len(votes), ks), np.nan)
    problems = [""] * folds.per_repeat
    for split, serves in _splits(folds, groups, repeat, seed):
        found = predict(split)
        errors = errors_beyond_rounding(found.votes, votes[split.held_out])  # (held out, ks)
        for fold, inside in serves:
            into = outer if inside is None else inner[fold]
            taken = slice(None) if inside is None else inside
            into[split.held_out[taken]] = errors[taken]
            problems[fold] = problems[fold] or found.problem
    return {"outer": outer, "inner": inner, "problems": np.array(problems, dtype=np.str_)}


_Serves: TypeAlias = tuple[tuple[int, Array | None], ...]
"""For which fold a split is organised, and which of its held-out cases lie inside; None for outside."""


def _splits(folds: Folds, groups: Groups, repeat: int, seed: int) -> Iterator[tuple[Split, _Serves]]:
    for fold in range(folds.per_repeat):
        yield folds.split(repeat, fold), ((fold, None),)
    yield from splits_inside(folds, groups, repeat, seed)


def errors_beyond_rounding(predicted: Array, observed: Array) -> Array:
    """Return the squared error of each case, `(q, ks)`; what is nothing but rounding is 0.

    Parameters
    ----------
    predicted : array of shape (q, ks, methods)
        Votes.
    observed : array of shape (q, methods)
        Votes; NaN where nobody was asked.
    """
    errors = squared_error(predicted, observed[:, None])
    largest = np.nanmax(np.abs(observed), axis=1, initial=0.0)  # (q,)
    return np.where(errors <= (ROUNDING * largest[:, None]) ** 2, 0.0, errors)
