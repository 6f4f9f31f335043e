"""An index of prototypes, which leaves out the members that must not speak to a query."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.features import Array, Features, frozen_integers, take
from cbrkit_xai.neighbours import Entries, Neighbours, check_k
from cbrkit_xai.organizers.clustering import Partition
from cbrkit_xai.organizers.distances import checked_pairwise, distances_from
from cbrkit_xai.organizers.exclusion import check_exclude
from cbrkit_xai.organizers.prototypes import Represent, entries_of, members_of, prototype
from cbrkit_xai.organizers.silhouette import NOISE
from cbrkit_xai.protocols import Aggregator, Metric


@attrs.frozen(kw_only=True, eq=False)
class PrototypeIndex:
    """Prototypes of groups of cases, and cases of no group that stand for themselves.

    Parameters
    ----------
    cases : Cases
        n of them.
    metric : Metric
        Compares queries with prototypes.
    aggregator : Aggregator
        Applied to the members' features.
    clustering : Partition
        By which the groups came about; its `state()` is kept.
    groups : array of shape (n,)
        int64 number of each case's prototype; -1 for none. The clustering's labels, unless
        noise was given to the nearest prototype.
    noise : {"drop", "fallback", "singleton", "nearest"}
        Whether cases of no group are entries: never, only far from all prototypes, always;
        with `nearest` there are none.
    fallback_distance : float, optional
        With `fallback`, the distance from the nearest prototype beyond which they are entries.
    represent : callable, optional
        Gives a prototype's features in the aggregator's stead, from the rows of its members.
    """

    cases: Cases
    metric: Metric
    aggregator: Aggregator
    clustering: Partition
    groups: Array = attrs.field(converter=frozen_integers)
    noise: str
    fallback_distance: float | None = None
    represent: Represent | None = None
    entries: Entries = attrs.field(init=False)
    _members: list[Array] = attrs.field(init=False, repr=False)
    _distances: Callable[[Features], Array] = attrs.field(init=False, repr=False)
    _entry_of: Array = attrs.field(init=False, repr=False)

    @_members.default
    def _rows_of_entries(self) -> list[Array]:
        return [*members_of(self.groups), *self._single[:, None]]

    @entries.default
    def _entries(self) -> Entries:
        return entries_of(self.cases, self.groups, self.aggregator, self._single, self.represent)

    @_distances.default
    def _distances_from_entries(self) -> Callable[[Features], Array]:
        return distances_from(self.metric, self.entries.features)

    @_entry_of.default
    def _entries_by_row(self) -> Array:
        entry_of = np.full(len(self.cases), -1, dtype=np.int64)
        for entry, rows in enumerate(self._members):
            entry_of[rows] = entry
        return entry_of

    @property
    def _single(self) -> Array:
        """Rows of the cases that are entries by themselves."""
        alone = np.flatnonzero(self.groups == NOISE)
        return alone if self.noise in ("fallback", "singleton") else alone[:0]

    def nearest(
        self, queries: Features, k: int, exclude: Sequence[Sequence[str]] | None = None
    ) -> Neighbours:
        """Return the k nearest entries per query, sorted by (distance, id); fewer where there are fewer.

        `exclude` holds, per query, ids of cases that must not speak. A prototype with such a
        member is formed anew without it for that query: features, votes and size. One that
        loses all its members is no entry for that query. The clustering is not repeated.

        Raises
        ------
        ParameterError
            k is not a whole number >= 1, or `exclude` does not have one row per query.
        """
        check_k(k)
        distances = np.array(self._distances(queries), dtype=np.float64)  # (queries, entries); a copy
        allowed = np.ones(distances.shape, dtype=bool)
        votes_without: dict[tuple[int, int], tuple[Array, int]] = {}
        exclude = [()] * len(distances) if exclude is None else check_exclude(exclude, len(distances))
        for query, held_out in enumerate(exclude):
            for entry, rows in self._left(held_out):
                if len(rows) == 0:
                    allowed[query, entry] = False
                    continue
                features, votes = prototype(self.cases, rows, self.aggregator, self.represent)
                one = take(queries, slice(query, query + 1))
                distances[query, entry] = checked_pairwise(self.metric, one, features)[0, 0]
                votes_without[query, entry] = votes, len(rows)
        if self.fallback_distance is not None:
            allowed &= self._speaking(distances, allowed, self.fallback_distance)
        return _with_votes(self.entries.nearest(distances, k, allowed), votes_without)

    def _left(self, held_out: Sequence[str]) -> list[tuple[int, Array]]:
        """Entries that have a held-out member, each with the rows of the members it keeps."""
        row_of = self.cases.row_of
        gone = np.array([row_of[one] for one in held_out if one in row_of], dtype=np.int64)
        touched = np.unique(self._entry_of[gone])
        return [(int(entry), np.setdiff1d(self._members[entry], gone)) for entry in touched if entry >= 0]

    def _speaking(self, distances: Array, allowed: Array, limit: float) -> Array:
        """Which entries speak: prototypes always, noise cases where every prototype is too far."""
        present = allowed & self.entries.is_prototype
        nearest = np.where(present, distances, np.inf).min(axis=1, initial=np.inf)
        return self.entries.is_prototype | (nearest > limit)[:, None]

    def state(self) -> dict[str, Any]:
        """Return what the organizer's `restore` needs beside the cases, as JSON values."""
        return {
            "cases": list(self.cases.ids),
            "clustering": self.clustering.state(),
            "groups": self.groups.tolist(),
            "noise": self.noise,
            "fallback_distance": self.fallback_distance,
        }


def _with_votes(found: Neighbours, votes_without: dict[tuple[int, int], tuple[Array, int]]) -> Neighbours:
    """Let the prototypes that were formed anew speak with the votes of the members they kept."""
    if not votes_without:
        return found
    votes, sizes = found.votes.copy(), found.sizes.copy()
    for (query, entry), (mean, size) in votes_without.items():
        places = np.flatnonzero(found.positions[query] == entry)
        votes[query, places] = mean
        sizes[query, places] = size
    return attrs.evolve(found, votes=votes, sizes=sizes)
