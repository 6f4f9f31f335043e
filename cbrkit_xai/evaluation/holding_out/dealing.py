"""Deals groups of cases into folds, evenly by the method that wins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.confidence.folds import draw, grouped_folds
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.features import Array

MIXED = ""
"""The stratum of cases without one winner, and of winners too rare to be in every fold."""


def strata_of(cases: Cases, folds: int) -> tuple[str, ...]:
    """Return for each case the method by which it is dealt: its winner, or `MIXED`.

    Parameters
    ----------
    cases : Cases
        n cases.
    folds : int
        A winner of fewer cases than this goes to the mixed stratum, as does a tie.
    """
    winners = [_winner(row, cases.methods) for row in cases.votes]
    times = Counter(winners)
    return tuple(winner if times[winner] >= folds else MIXED for winner in winners)


def _winner(votes: Array, methods: Sequence[str]) -> str:
    best = np.flatnonzero(votes == np.nanmax(votes, initial=-np.inf))
    return methods[best[0]] if len(best) == 1 else MIXED


def deal(groups: Groups, strata: Sequence[str], protocol: Protocol) -> Folds:
    """Deal whole groups into folds, or draw those that are held out.

    What falls where follows from the seed and the groups' names alone, not from the order in which the
    cases stand.

    Parameters
    ----------
    groups : Groups
        Of n cases.
    strata : sequence of n str
        As `strata_of` gives them; a group counts for the one it has most often.
    protocol : Protocol
        The scheme, how many folds, how often, and the seed.

    Raises
    ------
    ParameterError
        There are fewer than two groups, so that nothing can be held out.
    """
    if groups.number < 2:
        raise ParameterError(
            f"{len(groups.labels)} cases are {groups.number} group{'s' * (groups.number != 1)}: "
            "nothing can be held out and something be left to learn from",
            where="groups",
            allowed="at least 2 groups of photos",
            next_step="add cases; or, if different photos were joined, raise latent_cosine or lower "
            "phash_distance",
        )
    names = groups.names
    if protocol.scheme == "leave-one-group-out":
        places = {name: place for place, name in enumerate(sorted(set(names)))}
        return Folds(fold_of=[[places[name] for name in names]], notes=_of_one_deal(protocol))
    if protocol.scheme == "hold-out":
        repeats = [_drawn(names, strata, protocol, repeat) for repeat in range(protocol.repeats)]
        return Folds(fold_of=repeats)
    return _dealt(names, strata, protocol, groups.number)


def _of_one_deal(protocol: Protocol) -> tuple[str, ...]:
    if protocol.repeats == 1:
        return ()
    return ("1 repeat: leaving out each group once leaves nothing to chance",)


def _dealt(names: Sequence[str], strata: Sequence[str], protocol: Protocol, groups: int) -> Folds:
    folds = min(protocol.folds, groups)
    fold_of = np.empty((protocol.repeats, len(names)), dtype=np.int64)
    for repeat in range(protocol.repeats):
        seed = draw(protocol.seed, "repeat", str(repeat))
        for fold, rows in enumerate(grouped_folds(names, strata, folds=folds, seed=seed)):
            fold_of[repeat, rows] = fold
    notes = () if folds == protocol.folds else (f"{folds} folds, not {protocol.folds}: one for each group",)
    return Folds(fold_of=fold_of, notes=notes)


def _drawn(names: Sequence[str], strata: Sequence[str], protocol: Protocol, repeat: int) -> Array:
    """Return 0 for each held-out case, -1 for the rest: every so manieth group of a deal by stratum."""
    seed = draw(protocol.seed, "repeat", str(repeat))
    number = len(set(names))
    dealt = grouped_folds(names, strata, folds=number, seed=seed)  # a fold for each group
    # Counted in fractions: 0.29 x 100 is not 29 in floating point.
    share = Fraction(str(protocol.held_out))
    chosen = max(1, min(number - 1, round(share * number)))
    fold_of = np.full(len(names), -1, dtype=np.int64)
    for place in range(number):
        if (place + 1) * chosen // number > place * chosen // number:
            fold_of[dealt[place]] = 0
    return fold_of
