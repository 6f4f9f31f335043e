"""Prototypes of HDBSCAN clusters: density clusters without a radius to choose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import attrs
from attrs import validators

from cbrkit_xai.cases import Cases
from cbrkit_xai.components import OrganizerPlugin
from cbrkit_xai.errors import NotOrganizableError
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.organizers.clustered_index import natural, partition_by_ids, prototype_index, restored_index
from cbrkit_xai.organizers.clustering import Partition
from cbrkit_xai.organizers.distances import distances_of_all
from cbrkit_xai.organizers.parameter_ranges import is_share
from cbrkit_xai.organizers.prototype_index import PrototypeIndex
from cbrkit_xai.protocols import Aggregator, Metric, Progress

_WHERE = "organizer hdbscan-prototypes"


def _is_at_least_two(instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 2:
        raise ValueError(f"'{attribute.name}' must be a whole number of at least 2: {value!r}")


@attrs.frozen(kw_only=True)
class HdbscanPrototypes:
    """Clusters the cases by HDBSCAN and lets a prototype stand for each cluster.

    Parameters
    ----------
    min_cluster_size : int
        Fewer cases than this are no cluster, at least 2.
    min_samples : int, optional
        Cases, itself counted, within the core distance of a case; by default `min_cluster_size`.
    allow_single_cluster : bool
        Whether one cluster is an answer.
    noise : {"drop", "fallback", "singleton", "nearest"}
        What becomes of cases in no cluster, as in dbscan-prototypes.
    fallback_quantile : float
        With `fallback`, the quantile of the members' distances from their own prototypes beyond
        which a query counts as far from all of them.
    """

    min_cluster_size: int = attrs.field(default=5, validator=_is_at_least_two)
    min_samples: int | None = natural(None)
    allow_single_cluster: bool = attrs.field(default=False, validator=validators.instance_of(bool))
    noise: Literal["drop", "fallback", "singleton", "nearest"] = attrs.field(
        default="drop", validator=validators.in_(("drop", "fallback", "singleton", "nearest"))
    )
    fallback_quantile: float = attrs.field(default=0.95, validator=is_share)

    @property
    def facts(self) -> Mapping[str, str]:
        """Noise is in no entry where it is dropped."""
        return {"keeps": "some" if self.noise == "drop" else "all"}

    def organize(
        self, cases: Cases, metric: Metric, aggregator: Aggregator, progress: Progress | None = None
    ) -> PrototypeIndex:
        """Cluster the cases and form the prototypes.

        Raises
        ------
        NotOrganizableError
            All cases are noise.
        """
        distances = distances_of_all(metric, cases.features, progress)
        partition = partition_by_ids(cases, lambda rows: self.cluster(distances[rows][:, rows]).labels)
        return prototype_index(
            cases,
            metric,
            aggregator,
            partition,
            noise=self.noise,
            fallback_quantile=self.fallback_quantile,
        )

    def cluster(self, distances: Array) -> Partition:
        """Cluster cases by their distances `(n, n)`, symmetric with zeros on the diagonal.

        Raises
        ------
        NotOrganizableError
            All cases are noise, or too few for one cluster.
        """
        from sklearn.cluster import HDBSCAN

        n = len(distances)
        needed = max(self.min_cluster_size, self.min_samples or 1)
        if n < needed:
            raise NotOrganizableError(
                f"there are {n} cases, fewer than min_cluster_size or min_samples",
                where=_WHERE,
                allowed=f"at least {needed} cases",
                next_step="add cases, lower the parameter, or choose the organizer 'linear'",
            )
        found = HDBSCAN(
            min_cluster_size=self.min_cluster_size,
            min_samples=self.min_samples,
            metric="precomputed",
            allow_single_cluster=self.allow_single_cluster,
            copy=True,
        ).fit(distances)
        partition = Partition(labels=found.labels_)
        if partition.clusters == 0:
            raise NotOrganizableError(
                f"with min_cluster_size={self.min_cluster_size} and min_samples={self.min_samples} "
                f"all {n} cases are noise",
                where=_WHERE,
                allowed="at least one cluster",
                next_step="lower min_cluster_size or min_samples, or allow_single_cluster",
            )
        return partition

    def restore(
        self, cases: Cases, metric: Metric, aggregator: Aggregator, state: Mapping[str, Any]
    ) -> PrototypeIndex:
        """Return the index whose `state()` this is, without clustering anew.

        Raises
        ------
        ParameterError
            The state is of other cases, or of another way with noise.
        """
        return restored_index(cases, metric, aggregator, state, where=_WHERE, noise=self.noise)


@hookimpl
def cbrkit_xai_organizers() -> Iterator[OrganizerPlugin]:
    """Register the organisation by HDBSCAN prototypes.

    Like dbscan-prototypes it is not declared exact: with `noise="fallback"` entries are passed over.
    """
    yield OrganizerPlugin(
        name="hdbscan-prototypes",
        summary="Compares a query with one prototype per HDBSCAN cluster",
        source="Campello et al. 2013; McInnes et al. 2017; sklearn.cluster.HDBSCAN",
        factory=HdbscanPrototypes,
        needs=("scikit-learn",),
        examples=(
            {"min_cluster_size": 2, "allow_single_cluster": True, "noise": "singleton"},
            {"min_cluster_size": 2, "allow_single_cluster": True, "noise": "nearest"},
        ),
        keeps="some",
        exact=False,
        incremental=False,
    )
