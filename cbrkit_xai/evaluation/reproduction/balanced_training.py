"""Training cases thinned out so that all classes, or all winners, are as frequent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.configurations import Components
from cbrkit_xai.evaluation.holding_out.folds import Folds, Split
from cbrkit_xai.evaluation.predicting.fold_predictions import FoldPredictor
from cbrkit_xai.evaluation.questions.differences import differences_of
from cbrkit_xai.evaluation.scoring.vote_errors import pooled_rmse, squared_error
from cbrkit_xai.evaluation.scoring.winners import win_credit
from cbrkit_xai.features import Array, frozen_floats

By: TypeAlias = Literal["class", "winner"]


@attrs.frozen(kw_only=True, eq=False)
class Balanced:
    """What evenly frequent kinds of training cases do to one configuration.

    Parameters
    ----------
    by : {"class", "winner"}
        What was made even: the photos' classes, or the methods that won them.
    kept : (int, int)
        Least and most training cases of a fold that were left, of all.
    training : (int, int)
        Least and most that there were.
    rmse_all, rmse_random, rmse_balanced : float
        With all training cases; with as many as are left, drawn by chance; with the even ones.
    folds : array of shape (J,)
        Mean squared error with the even ones less that with as many random ones, per fold.
    test_over_training : float
        Held-out cases over training cases, before they are thinned.
    problem : str
        Why there is nothing to compare; empty if there is.
    """

    by: By
    kept: tuple[int, int] = (0, 0)
    training: tuple[int, int] = (0, 0)
    rmse_all: float = np.nan
    rmse_random: float = np.nan
    rmse_balanced: float = np.nan
    folds: Array = attrs.field(default=(), converter=frozen_floats)
    test_over_training: float = np.nan
    problem: str = ""


def winners_of(votes: Array, methods: Sequence[str]) -> tuple[str, ...]:
    """Return the winner of each case, "tie" where several share the win, empty where nobody was asked."""
    credit = win_credit(votes)
    names = []
    for row in credit:
        won = np.flatnonzero(row > 0)
        names.append(methods[won[0]] if len(won) == 1 else "tie" if len(won) else "")
    return tuple(names)


def balanced(
    components: Components,
    cases: Cases,
    distances: Array | None,
    folds: Folds,
    kinds: Sequence[str],
    *,
    by: By,
    k: int,
    seed: int,
) -> Balanced:
    """Predict held-out cases from all training cases, from evenly frequent ones, and as many random ones.

    Of each kind as many training cases are kept as there are of the rarest, drawn by chance; the random ones
    are as many of all. Thinning alone raises the error, so the even ones are compared with the random ones.

    Parameters
    ----------
    components : Components
        Of the linear organisation.
    cases : Cases
        n of them.
    distances : array of shape (n, n), optional
        As `distances_once` gives them.
    folds : Folds
        Of the n cases.
    kinds : sequence of n str
        By which they are made even; empty for a case that is of no known kind, and is left out.
    by : {"class", "winner"}
        What kinds these are.
    k : int
        Neighbours.
    seed : int
        Of what is kept.
    """
    named = np.array(kinds, dtype=object)
    if len({one for one in kinds if one}) < 2:
        return Balanced(by=by, problem=f"there are fewer than two known kinds of {by}")
    predictor = FoldPredictor(components=components, cases=cases, distances=distances, ks=(k,))
    shape = (folds.repeats, len(cases), len(cases.methods))
    ways = {name: np.full(shape, np.nan) for name in ("all", "random", "balanced")}
    kept, trained = [], []
    for split in folds.splits():
        rng = np.random.default_rng([seed, split.repeat, split.fold])
        even = _even(split.training, named, rng)
        random = np.sort(rng.choice(split.training, len(even), replace=False))
        for name, training in (("all", split.training), ("random", random), ("balanced", even)):
            thinned = Split(repeat=split.repeat, fold=split.fold, training=training, held_out=split.held_out)
            ways[name][split.repeat, split.held_out] = predictor.predict(thinned).predicted[:, 0]
        kept.append(len(even))
        trained.append(len(split.training))
    errors = {name: squared_error(predicted, cases.votes) for name, predicted in ways.items()}
    rmse = {name: float(pooled_rmse(one, cases.votes, over=(0, 1))) for name, one in ways.items()}
    return Balanced(
        by=by,
        kept=(min(kept), max(kept)),
        training=(min(trained), max(trained)),
        rmse_all=rmse["all"],
        rmse_random=rmse["random"],
        rmse_balanced=rmse["balanced"],
        folds=differences_of(errors["balanced"], errors["random"], folds).tested,
        # What learns is thinning and predicting together, and that sees all training cases.
        test_over_training=folds.test_over_training,
    )


def _even(training: Array, kinds: Array, rng: np.random.Generator) -> Array:
    """Return as many rows of each kind as there are of the rarest, ascending."""
    members: dict[str, list[int]] = {}
    for row in training.tolist():
        if kinds[row]:
            members.setdefault(kinds[row], []).append(row)
    fewest = min(len(rows) for rows in members.values()) if members else 0
    chosen = [rng.choice(members[kind], fewest, replace=False) for kind in sorted(members)]
    return np.sort(np.concatenate(chosen)).astype(np.int64) if chosen else training[:0]
