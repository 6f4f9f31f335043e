"""An index of some of the cases, chosen by their votes, and chosen anew without those held out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from typing import Any, Protocol

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.features import Array, Features, count, frozen_integers
from cbrkit_xai.neighbours import Entries, Neighbours, check_k
from cbrkit_xai.organizers.competence import rows_with_votes
from cbrkit_xai.organizers.distances import distances_from, distances_of_all
from cbrkit_xai.organizers.exclusion import check_exclude
from cbrkit_xai.protocols import Metric, Progress


class Selection(Protocol):
    """A way of choosing the cases that are worth comparing with."""

    def chosen(self, distances: Array, votes: Array) -> Array:
        """Return which of n cases are chosen, by distances `(n, n)` and votes `(n, methods)`.

        The cases come in the order of their ids, and somebody was asked about each.
        """

    def depends_on(self, gone: Collection[int], chosen: Collection[int]) -> bool:
        """Say whether the choice may come out otherwise without the cases `gone`, at least one."""


# `slots=False`: what only held-out cases ask for is computed when they do.
@attrs.frozen(kw_only=True, eq=False, slots=False)
class SelectedIndex:
    """Some of the cases, each standing for itself.

    Which they are depends on votes. So a held-out case that may have had a part in it is not merely
    hidden: for its query the choice is made anew from the others, and neighbours can then be cases
    that are no `entries` of this index. They stand behind them in the neighbours' own entries.

    Parameters
    ----------
    cases : Cases
        n of them.
    metric : Metric
        Compares queries with entries.
    selection : Selection
        The way of choosing.
    chosen : array of shape (e,)
        int64 rows of the entries.
    known_distances : array of shape (n, n), optional
        Of all cases from each other; computed when a choice has to be made anew, unless given.
    """

    cases: Cases
    metric: Metric
    selection: Selection
    chosen: Array = attrs.field(converter=frozen_integers)
    known_distances: Array | None = attrs.field(default=None, repr=False)
    entries: Entries = attrs.field(init=False)
    _distances: Callable[[Features], Array] = attrs.field(init=False, repr=False)

    @entries.default
    def _chosen_cases(self) -> Entries:
        return Entries.of_cases(self.cases.take(self.chosen))

    @_distances.default
    def _distances_from_entries(self) -> Callable[[Features], Array]:
        return distances_from(self.metric, self.entries.features)

    @cached_property
    def _chosen(self) -> frozenset[int]:
        return frozenset(self.chosen.tolist())

    @cached_property
    def _with_votes(self) -> Array:
        return rows_with_votes(self.cases)

    @cached_property
    def _rows(self) -> Array:
        """Rows of all cases, those of the entries first."""
        others = np.setdiff1d(np.arange(len(self.cases)), self.chosen)
        return np.concatenate([self.chosen, others])

    @cached_property
    def _all(self) -> Entries:
        return Entries.of_cases(self.cases.take(self._rows))

    @cached_property
    def _distances_from_all(self) -> Callable[[Features], Array]:
        return distances_from(self.metric, self._all.features)

    @cached_property
    def _distances_of_all(self) -> Array:
        known = self.known_distances
        return distances_of_all(self.metric, self.cases.features) if known is None else known

    def nearest(
        self, queries: Features, k: int, exclude: Sequence[Sequence[str]] | None = None
    ) -> Neighbours:
        """Return the k nearest entries per query, sorted by (distance, id); fewer where there are fewer.

        `exclude` holds, per query, ids of cases that must not speak, neither as entries nor by their
        part in what the entries are: the answer is that of an index organised without them.

        Raises
        ------
        ParameterError
            k is not a whole number >= 1, or `exclude` does not have one row per query.
        """
        check_k(k)
        held_out = [()] * count(queries) if exclude is None else check_exclude(exclude, count(queries))
        anew: dict[tuple[int, ...], Array] = {}
        asked = [self._gone(ids) for ids in held_out]
        for gone in set(asked):
            if gone and self.selection.depends_on(gone, self._chosen):
                anew[gone] = self._chosen_without(gone)
        if not anew:
            return self.entries.nearest(self._distances(queries), k)
        distances = self._distances_from_all(queries)  # (queries, cases)
        place_of = np.argsort(self._rows)
        allowed = np.zeros(distances.shape, dtype=bool)
        for query, gone in enumerate(asked):
            allowed[query, place_of[anew.get(gone, self.chosen)]] = True
        return self._all.nearest(distances, k, allowed)

    def _gone(self, held_out: Sequence[str]) -> tuple[int, ...]:
        """Rows of those held-out cases whose votes had a say, ascending."""
        row_of = self.cases.row_of
        known = {row_of[one] for one in held_out if one in row_of}
        return tuple(sorted(known.intersection(self._with_votes.tolist())))

    def _chosen_without(self, gone: tuple[int, ...]) -> Array:
        left = self._with_votes[~np.isin(self._with_votes, gone)]
        return chosen_among(self.cases, left, self._distances_of_all, self.selection)

    def state(self) -> dict[str, Any]:
        """Return what the organizer's `restore` needs beside the cases, as JSON values."""
        return {"cases": list(self.cases.ids), "chosen": self.chosen.tolist()}


def chosen_among(cases: Cases, rows: Array, distances: Array, selection: Selection) -> Array:
    """Return the rows that are chosen among `rows`, ascending.

    Parameters
    ----------
    cases : Cases
        n of them.
    rows : array
        Of cases with votes, in the order of their ids.
    distances : array of shape (n, n)
        Of all cases, whether among `rows` or not.
    selection : Selection
        The way of choosing.
    """
    if len(rows) == 0:
        return rows
    return np.sort(rows[selection.chosen(distances[np.ix_(rows, rows)], cases.votes[rows])])


def selected_index(
    cases: Cases, metric: Metric, selection: Selection, progress: Progress | None
) -> SelectedIndex:
    """Return an index of the cases chosen among those with votes, of which there is at least one."""
    distances = distances_of_all(metric, cases.features, progress)
    return SelectedIndex(
        cases=cases,
        metric=metric,
        selection=selection,
        chosen=chosen_among(cases, rows_with_votes(cases), distances, selection),
        known_distances=distances,
    )
