"""The footprint: cases that cover what the whole base can solve, the most competent first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.components import OrganizerPlugin
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.organizers.clustered_index import check_state_of, natural
from cbrkit_xai.organizers.competence import agreement, refuse_without_votes, tolerated
from cbrkit_xai.organizers.selected_index import SelectedIndex, selected_index
from cbrkit_xai.protocols import Aggregator, Metric, Progress

_WHERE = "organizer footprint"

_DIGITS = 9
"""Relative coverages that agree so far are a tie: a third three times is not always 1."""


@attrs.frozen(kw_only=True)
class Footprint:
    """Keeps the cases that reach, between them, every case; those first that others need most.

    A case solves another if it is among its nearest and agrees with it. Its coverage set is what it
    solves, itself included; a case's reachability set is what it is solved by. Relative coverage is
    the sum, over the coverage set, of 1 over the size of each member's reachability set. In its
    descending order (ties by id), each case that no kept one solves is kept. Cases without votes
    have no part in it and are never kept.

    A held-out case has a part in the relative coverage of its neighbourhood whether it is kept or
    not. So for its query all this is repeated without it, from the distances that are known: n * n
    steps for each query with a held-out case.

    Parameters
    ----------
    retrieved : int
        How many of a case's nearest others, by (distance, id), can solve it.
    tolerance : float, optional
        Votes by which two cases that agree may differ on each method that both were asked about. By
        default they agree if some method won in both.
    """

    retrieved: int = natural(5)
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
        solves = self.solves(distances, votes)
        order = np.argsort(-np.round(relative_coverage(solves), _DIGITS), kind="stable")
        solved = np.zeros(len(votes), dtype=bool)
        kept = []
        for case in order:
            if not solved[case]:
                kept.append(case)
                solved |= solves[case]
        return np.array(kept, dtype=np.int64)

    def solves(self, distances: Array, votes: Array) -> Array:
        """Return which case (first axis) solves which (second axis), `(n, n)` bool; each solves itself."""
        n = len(votes)
        others = distances.copy()
        np.fill_diagonal(others, np.inf)
        nearest = np.argsort(others, axis=1, kind="stable")[:, : min(self.retrieved, n - 1)]
        is_near = np.zeros((n, n), dtype=bool)  # (solving, solved)
        is_near[nearest, np.arange(n)[:, None]] = True
        solves = is_near & agreement(votes, self.tolerance)
        np.fill_diagonal(solves, True)
        return solves

    def depends_on(self, gone: Collection[int], chosen: Collection[int]) -> bool:
        """Say yes: each case has a part in relative coverage, and in who is nearest to whom."""
        return True

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


def relative_coverage(solves: Array) -> Array:
    """Return each case's relative coverage, `(n,)`, 0 < c <= n (Smyth & McKenna 1999, definition 4)."""
    reached_by = solves.sum(axis=0)
    return (solves / reached_by).sum(axis=1)


@hookimpl
def cbrkit_xai_organizers() -> Iterator[OrganizerPlugin]:
    """Register the organisation by footprint."""
    yield OrganizerPlugin(
        name="footprint",
        summary="Compares a query with the footprint: the most competent cases that solve all others",
        source="Smyth & McKenna 1998 (competence); 1999 (footprint-based retrieval, CNN-FP)",
        factory=Footprint,
        examples=({"retrieved": 2}, {"tolerance": 1.0}),
        keeps="some",
        exact=True,
        incremental=False,
    )
