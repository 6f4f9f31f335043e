"""What retrieval works on and gives back: entries of an index, and the nearest of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.features import Array, Features, count, frozen, frozen_flags, frozen_floats, read_only
from cbrkit_xai.freezing import rows_of_texts, texts


def mean_votes(votes: Array) -> Array:
    """Mean over cases of votes `(n, methods)`, leaving out NaN; NaN where nobody was asked (eq. 3)."""
    asked = ~np.isnan(votes)
    asked_count = asked.sum(axis=0)
    total = np.where(asked, votes, 0.0).sum(axis=0)
    return np.where(asked_count > 0, total / np.maximum(asked_count, 1), np.nan)


def weighted_mean(values: Array, weights: Array) -> Array:
    """Mean over neighbours of `(q, k, methods)` by weights `(q, k)`, leaving out NaN.

    NaN where no neighbour with weight was asked.
    """
    counted = np.where(np.isnan(values), 0.0, weights[:, :, None])  # (queries, k, methods)
    total = counted.sum(axis=1)
    summed = (counted * np.where(np.isnan(values), 0.0, values)).sum(axis=1)
    return np.divide(summed, total, out=np.full_like(total, np.nan), where=total > 0)


def _ranks(ids: Sequence[str]) -> Array:
    """Place of each id in alphabetical order, by which equal distances are told apart."""
    ranks = np.empty(len(ids), dtype=np.int64)
    ranks[sorted(range(len(ids)), key=ids.__getitem__)] = np.arange(len(ids))
    return ranks


@attrs.frozen(kw_only=True, eq=False)
class Entries:
    """What an index holds: e cases or prototypes.

    Parameters
    ----------
    ids : tuple of str
        Unique names of the entries.
    features : array or mapping of arrays
        First axis e.
    votes : array of shape (e, methods)
        float64, NaN where nobody was asked; a prototype's are the mean of its members' (eq. 3).
    members : tuple of tuples of str
        The ids of the cases that each entry stands for; a case stands for itself.
    is_prototype : array of shape (e,)
        bool.
    """

    ids: tuple[str, ...] = attrs.field(converter=texts)
    features: Features = attrs.field(converter=read_only)
    votes: Array = attrs.field(converter=frozen_floats)
    members: tuple[tuple[str, ...], ...] = attrs.field(converter=rows_of_texts)
    is_prototype: Array = attrs.field(converter=frozen_flags)
    sizes: Array = attrs.field(
        init=False,
        default=attrs.Factory(
            lambda self: frozen(np.array([len(rows) for rows in self.members], dtype=np.int64)),
            takes_self=True,
        ),
    )
    ranks: Array = attrs.field(
        init=False, default=attrs.Factory(lambda self: frozen(_ranks(self.ids)), takes_self=True)
    )

    def __attrs_post_init__(self) -> None:
        rows = {
            len(self.ids),
            len(self.votes),
            len(self.members),
            len(self.is_prototype),
            count(self.features),
        }
        if len(rows) != 1:
            raise ValueError("ids, votes, members, flags and features of the entries differ in number")
        if len(set(self.ids)) != len(self.ids):
            raise ValueError("the entries' ids must be unique")

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def of_cases(cls, cases: Cases) -> Entries:
        """Let every case stand for itself."""
        return cls(
            ids=cases.ids,
            features=cases.features,
            votes=cases.votes,
            members=[(identifier,) for identifier in cases.ids],
            is_prototype=np.zeros(len(cases), dtype=bool),
        )

    def nearest(self, distances: Array, k: int, allowed: Array | None = None) -> Neighbours:
        """Return the k nearest entries per query, given all distances.

        Parameters
        ----------
        distances : array of shape (q, e)
            float64.
        k : int
            At least 1; more than there are entries means all of them.
        allowed : array of shape (q, e), optional
            bool; False keeps an entry out for that query.
        """
        check_k(k)
        chosen = [
            self._nearest_to_one(row, k, None if allowed is None else allowed[query])
            for query, row in enumerate(distances)
        ]
        return self.neighbours(chosen, [row[places] for row, places in zip(distances, chosen, strict=True)])

    def _nearest_to_one(self, distances: Array, k: int, allowed: Array | None) -> Array:
        places = np.arange(len(self)) if allowed is None else np.flatnonzero(allowed)
        if 0 < k < len(places):
            # All ties with the k-th must stay in until the ids have been compared.
            bound = np.partition(distances[places], k - 1)[k - 1]
            places = places[distances[places] <= bound]
        order = np.lexsort((self.ranks[places], distances[places]))
        chosen: Array = places[order[:k]]
        return chosen

    def neighbours(
        self,
        positions: Sequence[Array],
        distances: Sequence[Array],
        votes: Sequence[Array] | None = None,
        sizes: Sequence[Array] | None = None,
    ) -> Neighbours:
        """Lay the chosen entries of each query side by side, padded where some have fewer."""
        width = max((len(row) for row in positions), default=0)
        shape = (len(positions), width)
        laid = np.full(shape, -1, dtype=np.int64)
        far = np.full(shape, np.inf)
        chosen_votes = np.full((*shape, self.votes.shape[1]), np.nan)
        chosen_sizes = np.zeros(shape, dtype=np.int64)
        for query, (places, values) in enumerate(zip(positions, distances, strict=True)):
            n = len(places)
            laid[query, :n] = places
            far[query, :n] = values
            chosen_votes[query, :n] = self.votes[places] if votes is None else votes[query]
            chosen_sizes[query, :n] = self.sizes[places] if sizes is None else sizes[query]
        return Neighbours(entries=self, positions=laid, distances=far, votes=chosen_votes, sizes=chosen_sizes)


@attrs.frozen(kw_only=True, eq=False)
class Neighbours:
    """The nearest entries of q queries, sorted by (distance, id).

    Parameters
    ----------
    entries : Entries
        What was searched.
    positions : array of shape (q, k)
        int64 places in `entries`; -1 where a query has fewer neighbours than another.
    distances : array of shape (q, k)
        float64; inf where `positions` is -1.
    votes : array of shape (q, k, methods)
        float64; NaN where nobody was asked, or where `positions` is -1.
    sizes : array of shape (q, k)
        int64 number of members; 0 where `positions` is -1.

    `sizes` and `votes` belong to the query: a prototype that had to leave out a held-out
    member counts, and speaks, without it.
    """

    entries: Entries
    positions: Array = attrs.field(converter=frozen)
    distances: Array = attrs.field(converter=frozen)
    votes: Array = attrs.field(converter=frozen)
    sizes: Array = attrs.field(converter=frozen)

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def k_eff(self) -> Array:
        """How many entries each query really got, `(q,)`."""
        return (self.positions >= 0).sum(axis=1)

    def ids(self, query: int) -> tuple[str, ...]:
        """Return the ids of one query's neighbours, nearest first."""
        return tuple(self.entries.ids[place] for place in self.positions[query] if place >= 0)

    def take(self, queries: Any) -> Neighbours:
        """Return the chosen queries only."""
        return attrs.evolve(
            self,
            positions=self.positions[queries],
            distances=self.distances[queries],
            votes=self.votes[queries],
            sizes=self.sizes[queries],
        )

    def first(self, k: int) -> Neighbours:
        """Return the k nearest only."""
        check_k(k)
        return attrs.evolve(
            self,
            positions=self.positions[:, :k],
            distances=self.distances[:, :k],
            votes=self.votes[:, :k],
            sizes=self.sizes[:, :k],
        )


def check_k(k: Any) -> int:
    """Return `k` if it is a whole number of at least 1.

    Raises
    ------
    ParameterError
        It is not.
    """
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise ParameterError(f"k is {k!r}", where="k", allowed="a whole number of at least 1")
    return int(k)
