"""Prototypes of clusters that come of joining the nearest clusters again and again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import attrs
import numpy as np
from attrs import validators

from cbrkit_xai.cases import Cases
from cbrkit_xai.components import OrganizerPlugin
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.organizers.clustered_index import (
    natural,
    number_of_clusters,
    partition_by_ids,
    prototype_index,
    restored_index,
)
from cbrkit_xai.organizers.clustering import Partition
from cbrkit_xai.organizers.distances import distances_of_all
from cbrkit_xai.organizers.prototype_index import PrototypeIndex
from cbrkit_xai.protocols import Aggregator, Metric, Progress

_WHERE = "organizer agglomerative-prototypes"


@attrs.frozen(kw_only=True)
class AgglomerativePrototypes:
    """Clusters the cases bottom up and lets a prototype stand for each cluster.

    Parameters
    ----------
    n_clusters : int, optional
        How many clusters are left; by default the root of half the number of cases.
    linkage : {"average", "complete", "single"}
        Distance of two clusters: the mean, the largest or the least of their members' distances.
    """

    n_clusters: int | None = natural(None)
    linkage: Literal["average", "complete", "single"] = attrs.field(
        default="average", validator=validators.in_(("average", "complete", "single"))
    )

    def organize(
        self, cases: Cases, metric: Metric, aggregator: Aggregator, progress: Progress | None = None
    ) -> PrototypeIndex:
        """Cluster the cases and form the prototypes.

        Raises
        ------
        NotOrganizableError
            There are fewer cases than clusters are wanted.
        """
        number_of_clusters(self.n_clusters, len(cases), where=_WHERE)  # before the distances cost anything
        distances = distances_of_all(metric, cases.features, progress)
        partition = partition_by_ids(cases, lambda rows: self.cluster(distances[rows][:, rows]).labels)
        return prototype_index(cases, metric, aggregator, partition)

    def cluster(self, distances: Array) -> Partition:
        """Cluster cases by their distances `(n, n)`, symmetric with zeros on the diagonal.

        Raises
        ------
        NotOrganizableError
            As `organize`.
        """
        from sklearn.cluster import AgglomerativeClustering

        number = number_of_clusters(self.n_clusters, len(distances), where=_WHERE)
        if len(distances) == 1:  # of which scikit-learn makes no cluster
            return Partition(labels=np.zeros(1))
        found = AgglomerativeClustering(n_clusters=number, metric="precomputed", linkage=self.linkage)
        return Partition(labels=found.fit(distances).labels_)

    def restore(
        self, cases: Cases, metric: Metric, aggregator: Aggregator, state: Mapping[str, Any]
    ) -> PrototypeIndex:
        """Return the index whose `state()` this is, without clustering anew.

        Raises
        ------
        ParameterError
            The state is of other cases.
        """
        return restored_index(cases, metric, aggregator, state, where=_WHERE)


@hookimpl
def cbrkit_xai_organizers() -> Iterator[OrganizerPlugin]:
    """Register the organisation by agglomerative prototypes."""
    yield OrganizerPlugin(
        name="agglomerative-prototypes",
        summary="Compares a query with one prototype per cluster of a hierarchy",
        source="Sokal & Michener 1958; Everitt et al. 2011, ch. 4; sklearn.cluster.AgglomerativeClustering",
        factory=AgglomerativePrototypes,
        needs=("scikit-learn",),
        examples=({"n_clusters": 2, "linkage": "complete"}, {"n_clusters": 3, "linkage": "single"}),
        keeps="all",
        exact=True,
        incremental=False,
    )
