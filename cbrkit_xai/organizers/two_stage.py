"""The two-stage organisation: the nearest prototypes first, then their members one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.components import OrganizerPlugin
from cbrkit_xai.errors import NotOrganizableError
from cbrkit_xai.features import Array, Features, count, take
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.neighbours import Entries, Neighbours, check_k
from cbrkit_xai.organizers.clustered_index import check_state_of, natural
from cbrkit_xai.organizers.distances import checked_pairwise
from cbrkit_xai.organizers.exclusion import check_exclude
from cbrkit_xai.organizers.k_medoids import KMedoids
from cbrkit_xai.protocols import Aggregator, Index, Metric, Organizer, Progress

_WHERE = "organizer two-stage"


@attrs.frozen(kw_only=True)
class TwoStage:
    """Compares a query with prototypes, and then with the members of the nearest ones.

    Approximate: a near case whose prototype is far is passed over.

    Parameters
    ----------
    prototypes : Organizer
        Makes the prototypes, such as k-medoids or dbscan-prototypes. Cases that it drops as noise are
        no entries.
    n_clusters : int
        How many of the nearest prototypes are opened; where these have fewer members than are asked
        for, there are fewer neighbours.
    """

    prototypes: Organizer = attrs.field(factory=KMedoids)
    n_clusters: int = natural(3)

    @property
    def facts(self) -> Mapping[str, str]:
        """The entries are the members of the prototypes, which may leave cases out."""
        return {"keeps": getattr(self.prototypes, "facts", {}).get("keeps", "all")}

    def organize(
        self, cases: Cases, metric: Metric, aggregator: Aggregator, progress: Progress | None = None
    ) -> TwoStageIndex:
        """Organise the prototypes; the entries are their members.

        Raises
        ------
        NotOrganizableError
            The inner organizer finds no organisation, or makes no prototypes.
        """
        inner = self.prototypes.organize(cases, metric, aggregator, progress)
        return self._over(cases, metric, inner)

    def _over(self, cases: Cases, metric: Metric, inner: Index) -> TwoStageIndex:
        if not inner.entries.is_prototype.any():
            raise NotOrganizableError(
                f"{type(self.prototypes).__name__} makes no prototypes to go by",
                where=_WHERE,
                allowed="an organizer of prototypes, such as k-medoids",
            )
        return TwoStageIndex(cases=cases, metric=metric, prototypes=inner, n_clusters=self.n_clusters)

    def restore(
        self, cases: Cases, metric: Metric, aggregator: Aggregator, state: Mapping[str, Any]
    ) -> TwoStageIndex:
        """Return the index whose `state()` this is; prototypes that kept no state are organised anew.

        Raises
        ------
        ParameterError
            The state is of other cases.
        """
        check_state_of(cases, state, where=_WHERE)
        restore = getattr(self.prototypes, "restore", None)
        if restore is None or state["prototypes"] is None:
            return self.organize(cases, metric, aggregator)
        return self._over(cases, metric, restore(cases, metric, aggregator, state["prototypes"]))


@attrs.frozen(kw_only=True, eq=False)
class TwoStageIndex:
    """The cases that some prototype stands for, and the index of these prototypes.

    Parameters
    ----------
    cases : Cases
        n of them.
    metric : Metric
        Compares queries with cases.
    prototypes : Index
        Of the same cases.
    n_clusters : int
        How many of the nearest prototypes are opened.
    """

    cases: Cases
    metric: Metric
    prototypes: Index
    n_clusters: int
    entries: Entries = attrs.field(init=False)
    _place_of: dict[str, int] = attrs.field(init=False, repr=False)

    @entries.default
    def _members(self) -> Entries:
        members = {one for entry in self.prototypes.entries.members for one in entry}
        rows = [row for row, identifier in enumerate(self.cases.ids) if identifier in members]
        return Entries.of_cases(self.cases.take(np.array(rows, dtype=np.int64)))

    @_place_of.default
    def _places(self) -> dict[str, int]:
        return {identifier: place for place, identifier in enumerate(self.entries.ids)}

    def nearest(
        self, queries: Features, k: int, exclude: Sequence[Sequence[str]] | None = None
    ) -> Neighbours:
        """Return k near cases per query, sorted by (distance, id).

        There are fewer where the opened prototypes have fewer members. `exclude` holds, per query, ids of
        cases that must not speak: neither as entries, nor as members of the prototypes compared first.

        Raises
        ------
        ParameterError
            k is not a whole number >= 1, or `exclude` does not have one row per query.
        """
        check_k(k)
        queried = count(queries)
        held_out = [()] * queried if exclude is None else check_exclude(exclude, queried)
        clusters = self.prototypes.nearest(queries, self.n_clusters, exclude)
        positions, distances = [], []
        for query in range(queried):
            places = self._candidates(clusters, query, held_out[query])
            one = take(queries, slice(query, query + 1))
            own = checked_pairwise(self.metric, one, take(self.entries.features, places))[0]
            order = np.lexsort((self.entries.ranks[places], own))[:k]
            positions.append(places[order])
            distances.append(own[order])
        return self.entries.neighbours(positions, distances)

    def _candidates(self, clusters: Neighbours, query: int, held_out: Sequence[str]) -> Array:
        """Return places of the entries to compare: the members of the nearest prototypes."""
        opened = clusters.positions[query, : clusters.k_eff[query]]
        ids = {one for place in opened for one in clusters.entries.members[place]} - set(held_out)
        places = [self._place_of[one] for one in ids if one in self._place_of]
        return np.array(sorted(places), dtype=np.int64)

    def state(self) -> dict[str, Any]:
        """Return what the organizer's `restore` needs beside the cases, as JSON values."""
        state = getattr(self.prototypes, "state", None)
        return {"cases": list(self.cases.ids), "prototypes": None if state is None else state()}


@hookimpl
def cbrkit_xai_organizers() -> Iterator[OrganizerPlugin]:
    """Register the two-stage organisation."""
    yield OrganizerPlugin(
        name="two-stage",
        summary="Compares a query with prototypes, then with the members of the nearest",
        source="Jegou, Douze & Schmid 2011, section IV (inverted lists); Smyth & McKenna 1999",
        factory=TwoStage,
        examples=(
            {"prototypes": {"use": "k-medoids", "n_clusters": 3}, "n_clusters": 1},
            {"prototypes": {"use": "supervised-prototypes"}, "n_clusters": 2},
        ),
        keeps="all",
        exact=False,
        incremental=False,
    )
