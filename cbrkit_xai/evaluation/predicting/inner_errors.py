"""Errors inside each fold's training cases, by which k or a configuration is chosen honestly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import TypeAlias

import numpy as np

from cbrkit_xai.evaluation.holding_out.folds import Folds, Split
from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.evaluation.scoring.vote_errors import squared_error
from cbrkit_xai.features import Array
from cbrkit_xai.protocols import Progress

Predict: TypeAlias = Callable[[Split], Array]
"""From a split to the votes predicted for its held-out cases, `(held out, ks, methods)`."""

INNER_FOLDS = 4
"""Where a repeat's other folds cannot serve as inner folds, the training cases are dealt into so many."""

MOST_FOLDS_PAIRED = 10
"""Up to so many folds a repeat, its other folds are the inner folds."""


def inner_errors(
    predict: Predict,
    folds: Folds,
    groups: Groups,
    votes: Array,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> Array:
    """Return the mean squared error in an inner cross-validation of each fold's training cases.

    With few folds a repeat, the inner folds of one are the others, so that they keep groups and strata;
    and what has learnt from all but two folds serves both: predicting the one it tells about the inside
    of the other. That takes f (f - 1) / 2 organisations a repeat, not f (f - 1).

    Parameters
    ----------
    predict : callable
        What learns from the training cases of a split alone.
    folds : Folds
        The outer folds.
    groups : Groups
        Which are held out together, inside too.
    votes : array of shape (n, methods)
        NaN where nobody was asked.
    seed : int
        Of the dealing, where training cases are dealt anew.
    progress : callable, optional
        Called with (repeats done, repeats).

    Returns
    -------
    array of shape (repeats, folds, ks)
        Mean over the inner folds of each one's mean; NaN where one of them could not be predicted.
    """
    found = []
    for repeat in range(folds.repeats):
        of_fold: list[list[Array]] = [[] for _ in range(folds.per_repeat)]
        for split, serves in splits_inside(folds, groups, repeat, seed):
            observed = votes[split.held_out]
            errors = squared_error(predict(split), observed[:, None])  # (held out, ks)
            for fold, inside in serves:
                of_fold[fold].append(_mean(errors[inside], observed[inside]))
        found.append(np.stack([_over_inner_folds(errors) for errors in of_fold]))
        if progress is not None:
            progress(repeat + 1, folds.repeats)
    return np.stack(found)


def splits_inside(
    folds: Folds, groups: Groups, repeat: int, seed: int = 0
) -> Iterator[tuple[Split, tuple[tuple[int, Array], ...]]]:
    """Give what has to be organised to know errors inside the training cases of each fold of a repeat.

    Parameters
    ----------
    folds : Folds
        The outer folds.
    groups : Groups
        Which are held out together, inside too.
    repeat : int
    seed : int
        Of the dealing, where training cases are dealt anew.

    Yields
    ------
    Split
        Its training cases are of all the folds that it serves.
    tuple of (int, array of shape (held out,))
        For each of these folds, which of the split's held-out cases are among its training cases.
    """
    if not 3 <= folds.per_repeat <= MOST_FOLDS_PAIRED:
        for fold in range(folds.per_repeat):
            for split in inner_splits(folds.split(repeat, fold), groups, seed):
                yield split, ((fold, np.ones(len(split.held_out), dtype=bool)),)
        return
    fold_of = folds.fold_of[repeat]
    for first, second in combinations(range(folds.per_repeat), 2):
        both = (fold_of == first) | (fold_of == second)
        held_out = np.flatnonzero(both)
        split = Split(repeat=repeat, fold=first, training=np.flatnonzero(~both), held_out=held_out)
        # Neither fold was learnt from: each is an inner fold of the other.
        yield split, ((first, fold_of[held_out] == second), (second, fold_of[held_out] == first))


def inner_splits(outer: Split, groups: Groups, seed: int = 0) -> Iterator[Split]:
    """Deal the training cases of a fold into inner folds, by whole groups.

    Parameters
    ----------
    outer : Split
        Its held-out cases are in none of what is given.
    groups : Groups
        Of all cases.
    seed : int
        With repeat and fold, of the shuffle.
    """
    present = np.unique(groups.labels[outer.training])
    shuffled = np.random.default_rng([seed, outer.repeat, outer.fold]).permutation(present)
    number = min(INNER_FOLDS, len(shuffled))
    for inner in range(number):
        inside = np.isin(groups.labels[outer.training], shuffled[inner::number])
        yield Split(
            repeat=outer.repeat,
            fold=outer.fold,
            training=outer.training[~inside],
            held_out=outer.training[inside],
        )


def _mean(errors: Array, votes: Array) -> Array:
    """Mean over the cases with votes, `(cases, ks) -> (ks,)`; inf without any, NaN without a prediction."""
    voted = ~np.isnan(votes).all(axis=1)
    return errors[voted].mean(axis=0) if voted.any() else np.full(errors.shape[1], np.inf)


def _over_inner_folds(errors: list[Array]) -> Array:
    """Mean over the inner folds in which somebody voted; NaN where there is none."""
    there = [one for one in errors if not np.isinf(one).any()]
    return np.mean(there, axis=0) if there else np.full(len(errors[0]), np.nan)
