"""An index whose clustering votes have chosen, chosen anew without the votes of held-out cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.features import Features, join, take
from cbrkit_xai.neighbours import Entries, Neighbours, check_k
from cbrkit_xai.organizers.exclusion import check_exclude
from cbrkit_xai.organizers.prototype_index import PrototypeIndex


# `slots=False`: what only held-out cases ask for is computed when they do.
@attrs.frozen(kw_only=True, eq=False, slots=False)
class ByVotesIndex:
    """The prototypes of one clustering of several.

    Without the votes of a held-out case another clustering may have been chosen; then its query is answered
    by that one. Entries that came about in this way stand behind the index's own in the neighbours' entries,
    and their ids say of which clustering they are.

    Parameters
    ----------
    cases : Cases
        n of them.
    own : PrototypeIndex
        Of the clustering that all votes choose.
    chosen_without : callable
        Maps rows whose votes must not speak to the index of the clustering that the others choose, and its
        name; an empty name where it is the index's own.
    """

    cases: Cases
    own: PrototypeIndex
    chosen_without: Callable[[tuple[int, ...]], tuple[PrototypeIndex, str]] = attrs.field(repr=False)

    @property
    def entries(self) -> Entries:
        """Prototypes, and cases that stand for themselves."""
        return self.own.entries

    @property
    def clustering(self) -> Any:
        """Which case is in which cluster, by which setting."""
        return self.own.clustering

    @cached_property
    def _without(self) -> dict[tuple[int, ...], tuple[PrototypeIndex, str]]:
        return {}

    def nearest(
        self, queries: Features, k: int, exclude: Sequence[Sequence[str]] | None = None
    ) -> Neighbours:
        """Return the k nearest entries per query, sorted by (distance, id); fewer where there are fewer.

        `exclude` holds, per query, ids of cases that must not speak, neither as members nor by their votes'
        part in which clustering was chosen.

        Raises
        ------
        ParameterError
            k is not a whole number >= 1, or `exclude` does not have one row per query.
        """
        check_k(k)
        if exclude is None:
            return self.own.nearest(queries, k)
        number = len(self.own.nearest(queries, 1))
        found = []
        for query, held_out in enumerate(check_exclude(exclude, number)):
            index, name = self._index_without(held_out)
            one = take(queries, slice(query, query + 1))
            found.append((index, name, index.nearest(one, k, [held_out])))
        return self._laid(found)

    def _index_without(self, held_out: Sequence[str]) -> tuple[PrototypeIndex, str]:
        row_of = self.cases.row_of
        gone = tuple(sorted({row_of[one] for one in held_out if one in row_of}))
        if not gone:
            return self.own, ""
        if gone not in self._without:
            self._without[gone] = self.chosen_without(gone)
        return self._without[gone]

    def _laid(self, found: list[tuple[PrototypeIndex, str, Neighbours]]) -> Neighbours:
        """Lay the found side by side, with the entries of other clusterings behind the index's own."""
        others = {name: index.entries for index, name, _ in found if name}
        starts, total = {"": 0}, len(self.entries)
        for name, entries in others.items():
            starts[name] = total
            total += len(entries)
        positions, distances, votes, sizes = [], [], [], []
        for _, name, one in found:
            there = one.positions[0] >= 0
            positions.append(one.positions[0, there] + starts[name])
            distances.append(one.distances[0, there])
            votes.append(one.votes[0, there])
            sizes.append(one.sizes[0, there])
        return _joined(self.entries, others).neighbours(positions, distances, votes, sizes)

    def state(self) -> dict[str, Any]:
        """Return what the organizer's `restore` needs beside the cases, as JSON values."""
        return self.own.state()


def _joined(own: Entries, others: dict[str, Entries]) -> Entries:
    if not others:
        return own
    every = [own, *others.values()]
    # A space comes before all that could follow in a name: the order of equally near ones stays.
    names = [f"{one} by {name}" for name, entries in others.items() for one in entries.ids]
    return Entries(
        ids=[*own.ids, *names],
        features=join([one.features for one in every]),
        votes=np.concatenate([one.votes for one in every]),
        members=[row for one in every for row in one.members],
        is_prototype=np.concatenate([one.is_prototype for one in every]),
    )
