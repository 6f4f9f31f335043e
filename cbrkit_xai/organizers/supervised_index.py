"""An index of prototypes within winners, clustered anew without the cases that are held out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.features import Array, Features, frozen_integers, join, take
from cbrkit_xai.neighbours import Entries, Neighbours, check_k
from cbrkit_xai.organizers.competence import rows_with_votes, winners
from cbrkit_xai.organizers.distances import checked_pairwise, distances_from, distances_of_all
from cbrkit_xai.organizers.exclusion import check_exclude
from cbrkit_xai.organizers.prototypes import entries_of, id_by_first_member, members_of, prototype
from cbrkit_xai.protocols import Aggregator, Metric


@attrs.frozen(kw_only=True, eq=False)
class _Prototype:
    """One formed without held-out cases."""

    id: str
    members: tuple[str, ...]
    features: Features
    votes: Array


# `slots=False`: what only held-out cases ask for is computed when they do.
@attrs.frozen(kw_only=True, eq=False, slots=False)
class SupervisedIndex:
    """Prototypes, each of cases with one winner.

    Whose company a case keeps depends on its votes. So without a held-out case, the cases of its
    winner are clustered anew for its query, and the prototypes of this winner formed from that;
    those of other winners never knew of it. Neighbours that came about in this way stand behind the
    index's own entries in the neighbours' entries, and their ids say without whom they were formed.

    Parameters
    ----------
    cases : Cases
        n of them.
    metric : Metric
        Compares queries with prototypes.
    aggregator : Aggregator
        Applied to the members' features.
    labels_within : callable
        Maps the distances `(m, m)` of one winner's cases, in the order of their ids, to labels.
    groups : array of shape (n,)
        int64 number of each case's prototype, ascending by winner; -1 for none.
    known_distances : array of shape (n, n), optional
        Of all cases from each other; computed when a winner has to be clustered anew, unless given.
    """

    cases: Cases
    metric: Metric
    aggregator: Aggregator
    labels_within: Callable[[Array], Array] = attrs.field(repr=False)
    groups: Array = attrs.field(converter=frozen_integers)
    known_distances: Array | None = attrs.field(default=None, repr=False)
    entries: Entries = attrs.field(init=False)
    _distances: Callable[[Features], Array] = attrs.field(init=False, repr=False)

    @entries.default
    def _prototypes(self) -> Entries:
        entries = entries_of(self.cases, self.groups, self.aggregator, np.empty(0, dtype=np.int64))
        # Numbers would depend on how many prototypes other winners have: a held-out vote would decide ties.
        ids = [id_by_first_member(members, self.cases.ids) for members in entries.members]
        return attrs.evolve(entries, ids=ids)

    @_distances.default
    def _distances_from_entries(self) -> Callable[[Features], Array]:
        return distances_from(self.metric, self.entries.features)

    @cached_property
    def _distances_of_all(self) -> Array:
        known = self.known_distances
        return distances_of_all(self.metric, self.cases.features) if known is None else known

    @cached_property
    def _rows_of_winner(self) -> dict[int, Array]:
        """Rows with votes of each winner, in the order of their ids."""
        rows = rows_with_votes(self.cases)
        winner = winners(self.cases.votes[rows]).argmax(axis=1)
        return {int(method): rows[winner == method] for method in np.unique(winner)}

    @cached_property
    def _winner_of(self) -> dict[int, int]:
        return {int(row): method for method, rows in self._rows_of_winner.items() for row in rows}

    def nearest(
        self, queries: Features, k: int, exclude: Sequence[Sequence[str]] | None = None
    ) -> Neighbours:
        """Return the k nearest prototypes per query, sorted by (distance, id); fewer where there are fewer.

        `exclude` holds, per query, ids of cases that must not speak, neither as members nor by their
        part in what is clustered: the answer is that of an index organised without them.

        Raises
        ------
        ParameterError
            k is not a whole number >= 1, or `exclude` does not have one row per query.
        """
        check_k(k)
        distances = self._distances(queries)  # (queries, entries)
        if exclude is None:
            return self.entries.nearest(distances, k)
        extra: dict[str, _Prototype] = {}
        anew: dict[tuple[int, ...], tuple[Array, list[_Prototype]]] = {}
        found = []
        for query, held_out in enumerate(check_exclude(exclude, len(distances))):
            gone = self._gone(held_out)
            if gone not in anew:
                anew[gone] = self._without(gone)
            untouched, formed = anew[gone]
            one = take(queries, slice(query, query + 1))
            own = [float(checked_pairwise(self.metric, one, new.features)[0, 0]) for new in formed]
            near = [(float(distances[query, entry]), self.entries.ids[entry]) for entry in untouched]
            near += [(distance, new.id) for distance, new in zip(own, formed, strict=True)]
            found.append(sorted(near)[:k])
            chosen = {identifier for _, identifier in found[-1]}
            extra |= {new.id: new for new in formed if new.id in chosen}
        return self._laid(found, extra)

    def _gone(self, held_out: Sequence[str]) -> tuple[int, ...]:
        """Rows of those held-out cases whose votes had a say, ascending."""
        row_of = self.cases.row_of
        return tuple(sorted({row_of[one] for one in held_out if row_of.get(one) in self._winner_of}))

    def _without(self, gone: tuple[int, ...]) -> tuple[Array, list[_Prototype]]:
        """Return the entries that stay as they are, and the prototypes in place of the others."""
        stays = np.ones(len(self.entries), dtype=bool)
        formed: list[_Prototype] = []
        for method in sorted({self._winner_of[row] for row in gone}):
            rows = self._rows_of_winner[method]
            touched = np.unique(self.groups[rows])
            touched = touched[touched >= 0]
            stays[touched] = False
            left = rows[~np.isin(rows, gone)]
            if len(left):
                formed += self._formed(left, gone)
        return np.flatnonzero(stays), formed

    def _formed(self, rows: Array, gone: tuple[int, ...]) -> list[_Prototype]:
        labels = self.labels_within(self._distances_of_all[np.ix_(rows, rows)])
        without = ", ".join(self.cases.ids[row] for row in gone)
        formed = []
        for places in members_of(labels):
            rows_of_members = np.sort(rows[places])
            members = tuple(self.cases.ids[row] for row in rows_of_members)
            features, votes = prototype(self.cases, rows_of_members, self.aggregator)
            formed.append(
                _Prototype(
                    # A space comes before all that could follow in a name: the order is that of the members.
                    id=f"{id_by_first_member(members, self.cases.ids)} without {without}",
                    members=members,
                    features=features,
                    votes=votes,
                )
            )
        return formed

    def _laid(self, found: list[list[tuple[float, str]]], extra: dict[str, _Prototype]) -> Neighbours:
        """Lay the found side by side, with the extra prototypes behind the entries."""
        new = list(extra.values())
        entries = self.entries
        if new:
            entries = Entries(
                ids=[*entries.ids, *extra],
                features=join([entries.features, *(one.features for one in new)]),
                votes=np.concatenate([entries.votes, [one.votes for one in new]]),
                members=[*entries.members, *(one.members for one in new)],
                is_prototype=np.ones(len(entries) + len(new), dtype=bool),
            )
        place_of = {identifier: place for place, identifier in enumerate(entries.ids)}
        positions = [np.array([place_of[one] for _, one in row], dtype=np.int64) for row in found]
        return entries.neighbours(positions, [np.array([distance for distance, _ in row]) for row in found])

    def state(self) -> dict[str, Any]:
        """Return what the organizer's `restore` needs beside the cases, as JSON values."""
        return {"cases": list(self.cases.ids), "groups": self.groups.tolist()}
