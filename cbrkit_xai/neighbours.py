"""What retrieval works on and gives back: entries of an index, and the nearest of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.cases import Cases, check_unique
from cbrkit_xai.errors import ParameterError, PluginError
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


@attrs.frozen(kw_only=True, eq=False, repr=False)
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
            raise ParameterError(
                f"{len(self.ids)} ids differ in number from {len(self.votes)} rows of votes, "
                f"{len(self.members)} of members, {len(self.is_prototype)} flags or "
                f"{count(self.features)} rows of features",
                where="Entries",
                allowed="one of each per entry",
            )
        check_unique(self.ids, where="Entries.ids")

    def __repr__(self) -> str:
        return f"<Entries: {len(self)}, of which prototypes {int(self.is_prototype.sum())}>"

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

        Raises
        ------
        PluginError
            The distances have another shape, or one of an allowed entry is NaN, infinite or negative.
        ParameterError
            k is not a whole number >= 1.
        """
        check_k(k)
        distances = check_distances(distances, (None, len(self)), where="distances", counted=allowed)
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
        return places[order[:k]]

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


@attrs.frozen(kw_only=True, eq=False, repr=False)
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

    def __repr__(self) -> str:
        return f"<Neighbours: {len(self)} queries, up to {self.positions.shape[1]} entries each>"

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


def check_distances(
    distances: Any, shape: tuple[int | None, int], *, where: str, counted: Array | None = None
) -> Array:
    """Return distances if they have that shape and all are finite and at least 0.

    Parameters
    ----------
    distances : array of shape (q, n)
        As a metric gave them.
    shape : tuple of int
        (q, n); None for any q.
    where : str
        What gave them.
    counted : array of shape (q, n), optional
        bool; those that are False may be anything.

    Raises
    ------
    PluginError
        They have not; names the shape or the value.
    """
    found = check_shape(distances, shape, where=where)
    if counted is not None:
        check_shape(counted, found.shape, where="allowed")
    # NaN is neither >= 0 nor < inf, and no array of flags is made where all is well.
    if found.size == 0 or (found.min() >= 0 and found.max() < np.inf):
        return found
    broken = ~((found >= 0) & (found < np.inf))
    if counted is not None:
        broken &= counted
    if broken.any():
        raise PluginError(
            f"a distance is {found[broken][0]}",
            where=where,
            allowed="finite numbers >= 0",
            next_step="tell the author of the metric",
        )
    return found


def check_shape(distances: Any, shape: tuple[int | None, ...], *, where: str) -> Array:
    """Return distances as an array if they are numbers in that shape.

    Raises
    ------
    PluginError
        They are not.
    """
    try:
        found = np.asarray(distances)
    except ValueError:  # rows of different lengths
        found = np.empty(0, dtype=object)
    rows = len(found) if shape[0] is None and found.ndim else shape[0]
    if found.dtype.kind not in "biuf" or found.shape != (rows, *shape[1:]):
        wanted = ", ".join("q" if size is None else str(size) for size in shape)
        raise PluginError(
            f"gives {found.dtype} of shape {found.shape}",
            where=where,
            allowed=f"numbers of shape ({wanted}): a row per query, a column per entry",
            next_step="tell the author of the metric",
        )
    return found


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
