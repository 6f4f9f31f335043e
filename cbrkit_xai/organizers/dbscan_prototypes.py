"""The clustered organisation: DBSCAN clusters, each represented by a prototype (the paper's section 3.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import attrs
import numpy as np
from attrs import validators

from cbrkit_xai.cases import Cases
from cbrkit_xai.components import OrganizerPlugin
from cbrkit_xai.errors import NotOrganizableError, ParameterError
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.organizers.clustering import Clustering
from cbrkit_xai.organizers.clustering_search import Demands, best_clustering, distinct_settings
from cbrkit_xai.organizers.density import dbscan_labels
from cbrkit_xai.organizers.distances import distances_of_all
from cbrkit_xai.organizers.noise import usual_distance, with_noise_joined
from cbrkit_xai.organizers.parameter_ranges import is_natural, is_radius, is_share, range_of
from cbrkit_xai.organizers.prototype_index import PrototypeIndex
from cbrkit_xai.organizers.radii import radii
from cbrkit_xai.protocols import Aggregator, Metric, Progress


@attrs.frozen(kw_only=True)
class DbscanPrototypes:
    """Clusters the cases by DBSCAN and lets a prototype stand for each cluster.

    Where `min_samples` or `eps` is not given it is searched for: the highest silhouette
    (noise left out) among the settings with enough clusters and enough cases in them. With
    both given there is no search, and one cluster is enough.

    Parameters
    ----------
    min_samples : int, optional
        Cases within eps that make a case a core point (the paper's m).
    eps : float, optional
        Radius of a neighbourhood, in units of the metric; at 0 equal cases are neighbours.
    noise : {"drop", "fallback", "singleton", "nearest"}
        What becomes of cases that are in no cluster. `drop` (the paper): they are no entries.
        `fallback`: they are entries for queries that are farther from every prototype than
        nearly all members are from their own. `singleton`: each is an entry by itself.
        `nearest`: each joins the cluster whose prototype is nearest; the prototypes are formed
        once more afterwards.
    min_clusters : int
        The search passes over settings with fewer clusters.
    min_clustered : float
        The search passes over settings with a lower share of the cases in clusters. The
        paper's own HIST-COS has 139 of 200, so its 70 % were not meant strictly; here they are.
    counts_itself : bool
        Whether `min_samples` counts the case itself, as in scikit-learn and Ester et al. (1996).
        False is how the paper's section 2 puts it: "at least m other instances".
    search_min_samples : tuple of int
        First and last `min_samples` to try.
    search_quantiles : tuple of float
        First and last quantile of the distances of all pairs to try as eps, 0 to 1.
    search_steps : int
        How many quantiles, evenly spaced.
    fallback_quantile : float
        With `fallback`, the quantile of the members' distances from their own prototypes beyond
        which a query counts as far from all of them.
    """

    min_samples: int | None = attrs.field(default=None, validator=validators.optional(is_natural))
    eps: float | None = attrs.field(default=None, validator=validators.optional(is_radius))
    noise: Literal["drop", "fallback", "singleton", "nearest"] = attrs.field(
        default="drop", validator=validators.in_(("drop", "fallback", "singleton", "nearest"))
    )
    min_clusters: int = attrs.field(default=2, validator=is_natural)
    min_clustered: float = attrs.field(default=0.7, validator=is_share)
    counts_itself: bool = attrs.field(default=True, validator=validators.instance_of(bool))
    search_min_samples: tuple[int, int] = range_of((2, 10), is_natural)
    search_quantiles: tuple[float, float] = range_of((0.005, 0.4), is_share)
    search_steps: int = attrs.field(default=30, validator=is_natural)
    fallback_quantile: float = attrs.field(default=0.95, validator=is_share)

    @property
    def facts(self) -> Mapping[str, str]:
        """Noise is in no entry where it is dropped."""
        return {"keeps": "some" if self.noise == "drop" else "all"}

    def organize(
        self, cases: Cases, metric: Metric, aggregator: Aggregator, progress: Progress | None = None
    ) -> PrototypeIndex:
        """Cluster the cases and form the prototypes.

        Takes n^2 distances and the memory for a few such matrices. `progress` is told of the
        distances, which are what takes long.

        Raises
        ------
        NotOrganizableError
            No setting fulfils the demands, or the given setting finds no cluster; says what
            came closest.
        """
        clustering = self.cluster(distances_of_all(metric, cases.features, progress))
        groups, fallback_distance = clustering.labels, None
        if self.noise == "nearest":
            groups = with_noise_joined(cases, groups, metric, aggregator)
        elif self.noise == "fallback":
            fallback_distance = usual_distance(cases, groups, metric, aggregator, self.fallback_quantile)
        return PrototypeIndex(
            cases=cases,
            metric=metric,
            aggregator=aggregator,
            clustering=clustering,
            groups=groups,
            noise=self.noise,
            fallback_distance=fallback_distance,
        )

    def cluster(self, distances: Array) -> Clustering:
        """Cluster cases by their distances `(n, n)`, symmetric with zeros on the diagonal.

        Raises
        ------
        NotOrganizableError
            As `organize`.
        """
        if self.min_samples is not None and self.eps is not None:
            return self._as_given(distances, self.min_samples, self.eps)
        return best_clustering(distances, *self._searched(distances), counts_itself=self.counts_itself)

    def settings(self, distances: Array) -> list[tuple[int, float]]:
        """Return what the search chooses among: `min_samples` and eps that fulfil the demands.

        Of those that give the same clusters, the first is there.

        Raises
        ------
        NotOrganizableError
            No setting fulfils them; says what came closest.
        """
        searched = self._searched(distances)
        found = distinct_settings(distances, *searched, counts_itself=self.counts_itself)
        if not found:
            best_clustering(distances, *searched, counts_itself=self.counts_itself)
        return found

    def _searched(self, distances: Array) -> tuple[list[int], Array, Demands]:
        """Return each `min_samples` and each eps that is tried, and what a clustering must fulfil."""
        if len(distances) < 2:
            raise NotOrganizableError(
                f"there are {len(distances)} cases, and no distances to find eps among",
                where="organizer dbscan-prototypes",
                allowed="at least 2 cases",
                next_step="add cases, or choose the organizer 'linear'",
            )
        first, last = self.search_min_samples
        eps = radii(distances, self.search_quantiles, self.search_steps)
        return (
            list(range(first, last + 1)) if self.min_samples is None else [self.min_samples],
            eps if self.eps is None else np.array([self.eps], dtype=np.float64),
            Demands(min_clusters=self.min_clusters, min_clustered=self.min_clustered),
        )

    def _as_given(self, distances: Array, min_samples: int, eps: float) -> Clustering:
        needed = min_samples if self.counts_itself else min_samples + 1
        clustering = Clustering.measured(
            distances, dbscan_labels(distances, eps, needed), min_samples=min_samples, eps=eps
        )
        if clustering.clusters == 0:
            n = len(distances)
            least = np.partition(distances, needed - 1, axis=1)[:, needed - 1].min() if needed <= n else None
            raise NotOrganizableError(
                f"with min_samples={min_samples} and eps={eps:g} all {n} cases are noise",
                where="organizer dbscan-prototypes",
                allowed="at least one cluster",
                next_step="add cases or lower min_samples"
                if least is None
                else f"the first cluster appears at eps={least:.6g}; leave eps out to search for it",
            )
        return clustering

    def restore(
        self, cases: Cases, metric: Metric, aggregator: Aggregator, state: Mapping[str, Any]
    ) -> PrototypeIndex:
        """Return the index whose `state()` this is, without clustering anew.

        Raises
        ------
        ParameterError
            The state is of other cases, or of another way with noise.
        """
        if tuple(state["cases"]) != cases.ids or state["noise"] != self.noise:
            raise ParameterError(
                f"the state is of {len(state['cases'])} cases with noise={state['noise']!r}",
                where="organizer dbscan-prototypes",
                allowed=f"the state of exactly these {len(cases)} cases with noise={self.noise!r}",
                next_step="organize the cases anew",
            )
        return PrototypeIndex(
            cases=cases,
            metric=metric,
            aggregator=aggregator,
            clustering=Clustering.from_state(state["clustering"]),
            groups=state["groups"],
            noise=state["noise"],
            fallback_distance=state["fallback_distance"],
        )


@hookimpl
def cbrkit_xai_organizers() -> Iterator[OrganizerPlugin]:
    """Register the organisation by DBSCAN prototypes.

    It is not declared exact: with `noise="fallback"` entries that stand for single cases are passed
    over near a prototype, though they may be nearer.
    """
    yield OrganizerPlugin(
        name="dbscan-prototypes",
        summary="Compares a query with one prototype per DBSCAN cluster",
        source="Brito-Borges et al. 2022, section 3.4 and eq. 3; Ester et al. 1996; Rousseeuw 1987",
        factory=DbscanPrototypes,
        examples=({"noise": "fallback"}, {"noise": "singleton"}, {"noise": "nearest"}),
        keeps="some",
        exact=False,
        incremental=False,
    )
