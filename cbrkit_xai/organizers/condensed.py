"""The condensed organisation: as few cases as solve all the others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.components import OrganizerPlugin
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.organizers.clustered_index import check_state_of
from cbrkit_xai.organizers.competence import agreement, refuse_without_votes, tolerated
from cbrkit_xai.organizers.selected_index import SelectedIndex, selected_index
from cbrkit_xai.protocols import Aggregator, Metric, Progress

_WHERE = "organizer condensed"


@attrs.frozen(kw_only=True)
class Condensed:
    """Keeps cases until the nearest one that is kept solves each case.

    Starts with the first case by id, and goes through them all again and again, keeping each whose
    nearest kept case, by (distance, id), does not agree with it. Cases without votes are never kept.

    A case that was not kept never had a part in what is kept: it came, was solved, and left. So a
    held-out case makes no difference unless it is an entry, and then the condensing is repeated
    without it.

    Parameters
    ----------
    tolerance : float, optional
        Votes by which two cases that agree may differ on each method that both were asked about. By
        default they agree if some method won in both.
    """

    tolerance: float | None = tolerated()

    def organize(
        self, cases: Cases, metric: Metric, aggregator: Aggregator, progress: Progress | None = None
    ) -> SelectedIndex:
        """Choose the entries; nothing is aggregated.

        Raises
        ------
        NotOrganizableError
            No case has votes.
        """
        refuse_without_votes(cases, where=_WHERE)
        return selected_index(cases, metric, self, progress)

    def chosen(self, distances: Array, votes: Array) -> Array:
        """Return the rows that are kept, by distances `(n, n)` and votes `(n, methods)`, ordered by id."""
        agrees = agreement(votes, self.tolerance)
        rows = np.arange(len(votes))
        kept = rows == 0
        nearest = np.zeros(len(votes), dtype=np.int64)
        at = 0
        while True:
            unsolved = np.flatnonzero(~agrees[rows, nearest] & ~kept)
            if len(unsolved) == 0:
                return np.flatnonzero(kept)
            # The next one on the way; after the last the way starts anew.
            at = int(unsolved[np.searchsorted(unsolved, at) % len(unsolved)])
            kept[at] = True
            known = distances[rows, nearest]
            is_nearer = (distances[at] < known) | ((distances[at] == known) & (at < nearest))
            nearest[is_nearer] = at

    def depends_on(self, gone: Collection[int], chosen: Collection[int]) -> bool:
        """Say whether a case that is gone was kept."""
        return any(row in chosen for row in gone)

    def restore(
        self, cases: Cases, metric: Metric, aggregator: Aggregator, state: Mapping[str, Any]
    ) -> SelectedIndex:
        """Return the index whose `state()` this is, without choosing anew.

        Raises
        ------
        ParameterError
            The state is of other cases.
        """
        check_state_of(cases, state, where=_WHERE)
        return SelectedIndex(cases=cases, metric=metric, selection=self, chosen=state["chosen"])


@hookimpl
def cbrkit_xai_organizers() -> Iterator[OrganizerPlugin]:
    """Register the condensed organisation."""
    yield OrganizerPlugin(
        name="condensed",
        summary="Compares a query with the few cases that are needed to solve all others",
        source="Hart 1968 (condensed nearest neighbour), with winners for classes",
        factory=Condensed,
        examples=({"tolerance": 1.0},),
        keeps="some",
        exact=True,
        incremental=False,
    )
