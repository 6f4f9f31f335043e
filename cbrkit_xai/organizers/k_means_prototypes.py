"""Prototypes of k-means clusters, found where the metric is Euclidean."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

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
    seeded,
)
from cbrkit_xai.organizers.embedding import embedded, refuse_without_embedding
from cbrkit_xai.organizers.prototype_index import PrototypeIndex
from cbrkit_xai.protocols import Aggregator, Metric, Progress

_WHERE = "organizer k-means-prototypes"


@attrs.frozen(kw_only=True)
class KMeansPrototypes:
    """Clusters the embedded cases by k-means and lets a prototype stand for each cluster.

    The prototype is the aggregator's of the members' features, as with every clustering, not the
    cluster's centre in the embedding.

    Parameters
    ----------
    n_clusters : int, optional
        How many; by default the root of half the number of cases. Cases of fewer different
        features give fewer.
    seed : int
        Of the k-means++ starts.
    n_init : int
        Starts, of which the one with the least inertia is taken.
    """

    n_clusters: int | None = natural(None)
    seed: int = seeded()
    n_init: int = natural(10)

    def organize(
        self, cases: Cases, metric: Metric, aggregator: Aggregator, progress: Progress | None = None
    ) -> PrototypeIndex:
        """Cluster the cases and form the prototypes.

        Raises
        ------
        ParameterError
            The metric has no `embed`.
        NotOrganizableError
            There are fewer cases than clusters are wanted.
        """
        refuse_without_embedding(metric, where=_WHERE)
        number = number_of_clusters(self.n_clusters, len(cases), where=_WHERE)
        rows = embedded(metric, cases.features)
        partition = partition_by_ids(cases, lambda order: self._labels(rows[order], number))
        return prototype_index(cases, metric, aggregator, partition)

    def _labels(self, rows: Array, number: int) -> Array:
        from sklearn.cluster import KMeans
        from sklearn.exceptions import ConvergenceWarning
        from threadpoolctl import threadpool_limits

        found = KMeans(n_clusters=number, n_init=self.n_init, random_state=self.seed)
        # Threads add up their parts in the order in which they happen to finish.
        with threadpool_limits(limits=1), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # equal cases: there are fewer clusters
            labels: Array = found.fit(rows).labels_
        return labels

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
    """Register the organisation by k-means prototypes."""
    yield OrganizerPlugin(
        name="k-means-prototypes",
        summary="Compares a query with one prototype per k-means cluster",
        source="Lloyd 1982; Arthur & Vassilvitskii 2007; sklearn.cluster.KMeans",
        factory=KMeansPrototypes,
        needs=("scikit-learn", "threadpoolctl"),
        examples=({"n_clusters": 2}, {"n_clusters": 3, "seed": 7, "n_init": 1}),
        keeps="all",
        exact=True,
        incremental=False,
        needs_embedding=True,
    )
