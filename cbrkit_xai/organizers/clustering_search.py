"""The search for the DBSCAN setting with the highest silhouette (the paper's section 3.4)."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np

from cbrkit_xai.errors import NotOrganizableError
from cbrkit_xai.features import Array
from cbrkit_xai.organizers.clustering import Clustering
from cbrkit_xai.organizers.density import DensityOrder, density_orders
from cbrkit_xai.organizers.silhouette import silhouette_score

_SAME = 1e-12
"""Silhouettes nearer to each other than this are a tie: sums round differently."""


@attrs.frozen(kw_only=True)
class Demands:
    """What a clustering must fulfil to be chosen.

    Parameters
    ----------
    min_clusters : int
        At least so many clusters.
    min_clustered : float
        At least this share of the cases in some cluster, 0 to 1.
    """

    min_clusters: int
    min_clustered: float

    def lacks(self, clusters: Array, clustered: Array, n: int) -> Array:
        """How much is missing, in parts of what is demanded; 0 where all is fulfilled."""
        missing_clusters = np.maximum(self.min_clusters - clusters, 0) / self.min_clusters
        # A quotient of whole numbers is rounded as its decimal is: 63 / 90 is exactly 0.7.
        missing_cases = np.maximum(self.min_clustered - clustered / n, 0.0) / (self.min_clustered or 1.0)
        return missing_clusters + missing_cases

    def __str__(self) -> str:
        share = _percent(self.min_clustered)
        return f"at least {self.min_clusters} clusters with at least {share} of the cases"


@attrs.frozen(kw_only=True, eq=False)
class _Setting:
    min_samples: int
    eps: float
    clusters: int
    lacks: float
    order: DensityOrder


def radii(distances: Array, quantiles: tuple[float, float], steps: int) -> Array:
    """Return the eps to try: evenly spaced quantiles of the distances of all pairs, each once.

    Parameters
    ----------
    distances : array of shape (n, n)
        n >= 2; the upper triangle is used.
    quantiles : tuple of float
        The first and the last, 0 to 1.
    steps : int
        How many.
    """
    pairs = distances[np.triu_indices(len(distances), 1)]
    return np.unique(np.quantile(pairs, np.linspace(*quantiles, steps)))


def best_clustering(
    distances: Array, min_samples: list[int], eps: Array, demands: Demands, *, counts_itself: bool = True
) -> Clustering:
    """Return the clustering with the highest silhouette among those that fulfil the demands.

    The silhouette leaves out noise. Of settings whose silhouettes tie (to 1e-12), the one with
    the least `min_samples` is taken, and of these the one with the least eps.

    Parameters
    ----------
    distances : array of shape (n, n)
        Finite, symmetric, with zeros on the diagonal.
    min_samples : list of int
        To be tried, ascending.
    eps : array of shape (e,)
        To be tried, ascending.
    demands : Demands
        A setting that does not fulfil them is passed over, whatever its silhouette.
    counts_itself : bool
        Whether `min_samples` counts the case itself.

    Raises
    ------
    NotOrganizableError
        No setting fulfils the demands; says which came closest, and in what it failed.
    """
    best, best_score = None, -np.inf
    closest = None
    known: dict[bytes, float] = {}  # neighbouring settings often give the same labels
    for setting in _settings(distances, min_samples, eps, demands, counts_itself):
        if closest is None or setting.lacks < closest.lacks:
            closest = setting
        if setting.lacks > 0:
            continue
        labels = setting.order.labels(setting.eps)
        key = labels.tobytes()
        if key not in known:
            score = silhouette_score(distances, labels)
            known[key] = -1.0 if score is None else score  # one cluster is never better than two
        if known[key] > best_score + _SAME:
            best, best_score = setting, known[key]
    if best is None:
        failure = _failure(distances, closest, demands)
        raise NotOrganizableError(
            f"DBSCAN finds no clustering of these {len(distances)} cases; {failure}",
            where="organizer dbscan-prototypes",
            allowed=str(demands),
            next_step="lower min_clustered or min_clusters, or choose the organizer 'linear'",
        )
    labels = best.order.labels(best.eps)
    return Clustering.measured(distances, labels, min_samples=best.min_samples, eps=best.eps)


def _settings(
    distances: Array, min_samples: list[int], eps: Array, demands: Demands, counts_itself: bool
) -> Iterator[_Setting]:
    itself = 0 if counts_itself else 1
    orders = density_orders(distances, [m + itself for m in min_samples])
    for m, order in zip(min_samples, orders, strict=True):
        clusters = order.clusters(eps)
        lacks = demands.lacks(clusters, order.clustered(eps), len(distances))
        for place, radius in enumerate(eps):
            yield _Setting(
                min_samples=m,
                eps=float(radius),
                clusters=int(clusters[place]),
                lacks=float(lacks[place]),
                order=order,
            )


def _failure(distances: Array, closest: _Setting | None, demands: Demands) -> str:
    """Say which setting came closest, and what it lacks."""
    if closest is None:
        return "there are no settings to try"
    labels = closest.order.labels(closest.eps)
    n, clustered, score = len(labels), int((labels >= 0).sum()), silhouette_score(distances, labels)
    found = f"{closest.clusters} cluster{'' if closest.clusters == 1 else 's'}"
    if closest.clusters < demands.min_clusters:
        found += f" ({demands.min_clusters} needed)"
    share = f"{_percent(clustered / n)} of {n} cases clustered"
    if clustered / n < demands.min_clustered:
        share += f" ({_percent(demands.min_clustered)} needed)"
    silhouette = "undefined" if score is None else f"{score:.2f}"
    setting = f"min_samples={closest.min_samples}, eps={closest.eps:.4g}"
    return f"closest: {setting}: {found}, {share}, silhouette {silhouette}"


def _percent(share: float) -> str:
    return f"{100 * share:.4g} %"
