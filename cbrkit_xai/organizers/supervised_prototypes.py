"""Prototypes of clusters within each winning method."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.components import OrganizerPlugin
from cbrkit_xai.errors import NotOrganizableError, ParameterError
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.organizers.agglomerative_prototypes import AgglomerativePrototypes
from cbrkit_xai.organizers.clustered_index import check_state_of, numbered_by_first
from cbrkit_xai.organizers.competence import refuse_without_votes, rows_with_votes, winners
from cbrkit_xai.organizers.distances import distances_of_all
from cbrkit_xai.organizers.k_medoids import KMedoids
from cbrkit_xai.organizers.silhouette import NOISE
from cbrkit_xai.organizers.supervised_index import SupervisedIndex
from cbrkit_xai.protocols import Aggregator, Metric, Organizer, Progress

_WHERE = "organizer supervised-prototypes"


def _clusters_distances(instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not callable(getattr(value, "cluster", None)):
        raise ParameterError(
            f"{type(value).__name__} does not cluster by distances",
            where=attribute.name,
            allowed="k-medoids, agglomerative-prototypes, dbscan-prototypes, hdbscan-prototypes, "
            "or an organizer with cluster(distances)",
        )


@attrs.frozen(kw_only=True)
class SupervisedPrototypes:
    """Clusters the cases of each winner by themselves, so that no prototype mixes winners.

    Of methods that won together, the first in the order of the methods counts. Cases without votes
    are in no cluster. A winner whose cases cannot be clustered as asked, since they are too few or
    all noise, gets one prototype.

    Parameters
    ----------
    within : Organizer
        Clusters the cases of one winner by their distances; its number of clusters is one a winner.
    """

    within: Organizer = attrs.field(factory=lambda: KMedoids(n_clusters=3), validator=_clusters_distances)

    @property
    def facts(self) -> Mapping[str, str]:
        """What the clustering takes for noise is in no prototype."""
        has_no_noise = isinstance(self.within, KMedoids | AgglomerativePrototypes)
        return {"keeps": "all" if has_no_noise else "some"}

    def organize(
        self, cases: Cases, metric: Metric, aggregator: Aggregator, progress: Progress | None = None
    ) -> SupervisedIndex:
        """Cluster the cases of each winner and form the prototypes.

        Raises
        ------
        NotOrganizableError
            No case has votes.
        """
        refuse_without_votes(cases, where=_WHERE)
        distances = distances_of_all(metric, cases.features, progress)
        return SupervisedIndex(
            cases=cases,
            metric=metric,
            aggregator=aggregator,
            labels_within=self.labels_within,
            groups=self._groups(cases, distances),
            known_distances=distances,
        )

    def _groups(self, cases: Cases, distances: Array) -> Array:
        """Return clusters numbered by winner, and within a winner by their first member by id."""
        rows = rows_with_votes(cases)
        winner = winners(cases.votes[rows]).argmax(axis=1)
        groups = np.full(len(cases), NOISE, dtype=np.int64)
        for method in np.unique(winner):
            own = rows[winner == method]
            labels = self.labels_within(distances[np.ix_(own, own)])
            groups[own] = np.where(labels == NOISE, NOISE, labels + groups.max() + 1)
        return groups

    def labels_within(self, distances: Array) -> Array:
        """Cluster the cases of one winner, given in the order of their ids, by distances `(n, n)`."""
        try:
            labels = np.asarray(self.within.cluster(distances).labels)  # type: ignore[attr-defined]
        except NotOrganizableError:
            return np.zeros(len(distances), dtype=np.int64)
        return numbered_by_first(labels) if (labels != NOISE).any() else np.zeros_like(labels)

    def restore(
        self, cases: Cases, metric: Metric, aggregator: Aggregator, state: Mapping[str, Any]
    ) -> SupervisedIndex:
        """Return the index whose `state()` this is, without clustering anew.

        Raises
        ------
        ParameterError
            The state is of other cases.
        """
        check_state_of(cases, state, where=_WHERE)
        return SupervisedIndex(
            cases=cases,
            metric=metric,
            aggregator=aggregator,
            labels_within=self.labels_within,
            groups=state["groups"],
        )


@hookimpl
def cbrkit_xai_organizers() -> Iterator[OrganizerPlugin]:
    """Register the organisation by prototypes of each winner."""
    yield OrganizerPlugin(
        name="supervised-prototypes",
        summary="Compares a query with prototypes formed within each winning method",
        source="Hastie, Tibshirani & Friedman 2009, section 13.2.1 (prototypes per class)",
        factory=SupervisedPrototypes,
        examples=(
            {"within": {"use": "k-medoids", "n_clusters": 1}},
            {"within": {"use": "agglomerative-prototypes", "n_clusters": 2}},
        ),
        keeps="all",
        exact=True,
        incremental=False,
    )
