"""Prototypes: one entry for the many cases of a cluster (the paper's eq. 3)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeAlias

import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.features import Array, Features, aggregate, join, take
from cbrkit_xai.neighbours import Entries, mean_votes
from cbrkit_xai.organizers.silhouette import NOISE
from cbrkit_xai.protocols import Aggregator

Represent: TypeAlias = "Callable[[Array], Features]"
"""Gives the features `(1, ...)` that stand for the cases in some rows, at least one."""


def prototype(
    cases: Cases, rows: Array, aggregator: Aggregator, represent: Represent | None = None
) -> tuple[Features, Array]:
    """Return features `(1, ...)` and mean votes `(methods,)` of the cases in `rows`, at least one."""
    features = aggregate(aggregator, take(cases.features, rows)) if represent is None else represent(rows)
    return features, mean_votes(cases.votes[rows])


def members_of(groups: Array) -> list[Array]:
    """Return the rows of each group, in the order of their numbers; noise is none."""
    return [np.flatnonzero(groups == group) for group in range(int(groups.max(initial=NOISE)) + 1)]


def prototype_ids(number: int, taken: Collection[str]) -> tuple[str, ...]:
    """Name prototypes so that alphabetical order is that of their numbers, and no case has such a name."""
    width = max(2, len(str(number - 1)))
    stem = _stem(taken)
    return tuple(f"{stem}-{place:0{width}d}" for place in range(number))


def id_by_first_member(members: Collection[str], taken: Collection[str]) -> str:
    """Name a prototype by its first member in alphabetical order: a name that no number of others changes."""
    return f"{_stem(taken)}-of-{min(members)}"


def _stem(taken: Collection[str]) -> str:
    stem = "prototype"
    while any(identifier.startswith(f"{stem}-") for identifier in taken):
        stem += "_"
    return stem


def entries_of(
    cases: Cases, groups: Array, aggregator: Aggregator, alone: Array, represent: Represent | None = None
) -> Entries:
    """Let a prototype stand for each group, and the cases `alone` for themselves, after them.

    Parameters
    ----------
    cases : Cases
        n of them.
    groups : array of shape (n,)
        Number of each case's group, 0 and up without gaps; -1 for none.
    aggregator : Aggregator
        Applied to the members' features; votes are always their mean.
    alone : array of shape (a,)
        int64 rows of cases that are entries by themselves.
    represent : callable, optional
        Gives a prototype's features in the aggregator's stead.
    """
    members = members_of(groups)
    formed = [prototype(cases, rows, aggregator, represent) for rows in members]
    own_features = [take(cases.features, alone)] if len(alone) or not formed else []
    group_votes = np.reshape([votes for _, votes in formed], (-1, len(cases.methods)))
    return Entries(
        ids=(*prototype_ids(len(members), cases.ids), *(cases.ids[row] for row in alone)),
        features=join([*(features for features, _ in formed), *own_features]),
        votes=np.concatenate([group_votes, cases.votes[alone]]),
        members=[[cases.ids[row] for row in rows] for rows in (*members, *alone[:, None])],
        is_prototype=np.arange(len(members) + len(alone)) < len(members),
    )
