"""Prototypes of clusters around medoids: the cases from which all others are least far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import attrs
import numpy as np
from attrs import validators

from cbrkit_xai.cases import Cases
from cbrkit_xai.components import OrganizerPlugin
from cbrkit_xai.features import Array, frozen_integers
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.organizers.clustered_index import (
    MedoidOfMembers,
    natural,
    number_of_clusters,
    partition_by_ids,
    prototype_index,
    restored_index,
    seeded,
)
from cbrkit_xai.organizers.clustering import Partition
from cbrkit_xai.organizers.distances import distances_of_all
from cbrkit_xai.organizers.medoids import build, labels_of, swapped
from cbrkit_xai.organizers.prototype_index import PrototypeIndex
from cbrkit_xai.organizers.prototypes import Represent
from cbrkit_xai.protocols import Aggregator, Metric, Progress

_WHERE = "organizer k-medoids"


@attrs.frozen(kw_only=True)
class KMedoids:
    """Clusters the cases around medoids, by any metric, and lets one entry stand for each cluster.

    Parameters
    ----------
    n_clusters : int, optional
        How many; by default the root of half the number of cases.
    represent_by : {"aggregate", "medoid"}
        Whose features an entry has: the aggregator's of its members, or the medoid's own, which is
        a real case (by a metric on photos, a real photo). Votes are the members' mean either way.
        Without a held-out member, the medoid of those that are left.
    start : {"build", "random"}
        The first medoids: PAM's greedy choice, or drawn.
    seed : int
        Of the draw.
    max_swaps : int
        Swaps of a medoid for a case, at most.
    """

    n_clusters: int | None = natural(None)
    represent_by: Literal["aggregate", "medoid"] = attrs.field(
        default="aggregate", validator=validators.in_(("aggregate", "medoid"))
    )
    start: Literal["build", "random"] = attrs.field(
        default="build", validator=validators.in_(("build", "random"))
    )
    seed: int = seeded()
    max_swaps: int = natural(1000)

    def organize(
        self, cases: Cases, metric: Metric, aggregator: Aggregator, progress: Progress | None = None
    ) -> PrototypeIndex:
        """Cluster the cases and form the entries.

        Raises
        ------
        NotOrganizableError
            There are fewer cases than clusters are wanted.
        """
        number_of_clusters(self.n_clusters, len(cases), where=_WHERE)  # before the distances cost anything
        distances = distances_of_all(metric, cases.features, progress)
        partition = partition_by_ids(cases, lambda rows: self.cluster(distances[rows][:, rows]).labels)
        represent = self._represent(cases, metric, partition.labels)
        return prototype_index(cases, metric, aggregator, partition, represent=represent)

    def cluster(self, distances: Array) -> Partition:
        """Cluster cases by their distances `(n, n)`, symmetric with zeros on the diagonal.

        Raises
        ------
        NotOrganizableError
            As `organize`.
        """
        number = number_of_clusters(self.n_clusters, len(distances), where=_WHERE)
        if self.start == "build":
            first = build(distances, number)
        else:
            first = np.random.default_rng(self.seed).choice(len(distances), number, replace=False)
        return Partition(labels=labels_of(distances, swapped(distances, first, self.max_swaps)))

    def _represent(self, cases: Cases, metric: Metric, groups: Array) -> Represent | None:
        if self.represent_by == "aggregate":
            return None
        return MedoidOfMembers(cases=cases, metric=metric, groups=groups)

    def restore(
        self, cases: Cases, metric: Metric, aggregator: Aggregator, state: Mapping[str, Any]
    ) -> PrototypeIndex:
        """Return the index whose `state()` this is, without clustering anew.

        Raises
        ------
        ParameterError
            The state is of other cases.
        """
        represent = self._represent(cases, metric, frozen_integers(state["groups"]))
        return restored_index(cases, metric, aggregator, state, where=_WHERE, represent=represent)


@hookimpl
def cbrkit_xai_organizers() -> Iterator[OrganizerPlugin]:
    """Register the organisation by k-medoids."""
    yield OrganizerPlugin(
        name="k-medoids",
        summary="Compares a query with one entry per cluster around a medoid",
        source="Kaufman & Rousseeuw 1990, ch. 2 (PAM); Schubert & Rousseeuw 2021 (FastPAM1)",
        factory=KMedoids,
        examples=({"n_clusters": 2}, {"n_clusters": 3, "start": "random", "seed": 7}),
        keeps="all",
        exact=True,
        incremental=False,
    )
