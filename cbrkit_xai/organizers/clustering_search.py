"""The search for the DBSCAN setting with the highest silhouette (the paper's section 3.4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs
import numpy as np

from cbrkit_xai.errors import NotOrganizableError
from cbrkit_xai.features import Array
from cbrkit_xai.organizers.clustering import Clustering
from cbrkit_xai.organizers.density import DensityOrder, density_orders
from cbrkit_xai.organizers.radii import places_among
from cbrkit_xai.organizers.radii import radii as radii  # it is asked for here
from cbrkit_xai.organizers.silhouette import silhouette_score, silhouettes

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
class _Settings:
    """Every combination of `min_samples` and eps, in this order.

    Parameters
    ----------
    min_samples : list of int
        m of them.
    eps : array of shape (e,)
        The radii.
    orders : list of DensityOrder
        One for each `min_samples`; of places in `eps`, not of distances.
    clusters, lacks : arrays of shape (m, e)
        What each finds, and what it lacks of what is demanded.
    """

    min_samples: list[int]
    eps: Array
    orders: list[DensityOrder]
    clusters: Array
    lacks: Array

    def labels(self, setting: int) -> Array:
        """Return the labels that one of them gives, `(n,)`."""
        order, place = divmod(setting, len(self.eps))
        return self.orders[order].labels(place)

    def named(self, setting: int) -> tuple[int, float]:
        """Return the `min_samples` and the eps of one of them."""
        order, place = divmod(setting, len(self.eps))
        return self.min_samples[order], float(self.eps[place])


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
    settings = _settings(distances, min_samples, eps, demands, counts_itself)
    scores = _scores(distances, settings)
    best, best_score = None, -np.inf
    for setting in np.flatnonzero(settings.lacks == 0):
        if scores.flat[setting] > best_score + _SAME:
            best, best_score = int(setting), scores.flat[setting]
    if best is None:
        raise NotOrganizableError(
            f"DBSCAN finds no clustering of these {len(distances)} cases; "
            f"{_failure(distances, settings, demands)}",
            where="organizer dbscan-prototypes",
            allowed=str(demands),
            next_step="lower min_clustered or min_clusters, or choose the organizer 'linear'",
        )
    chosen, radius = settings.named(best)
    return Clustering.measured(distances, settings.labels(best), min_samples=chosen, eps=radius)


def distinct_settings(
    distances: Array, min_samples: list[int], eps: Array, demands: Demands, *, counts_itself: bool = True
) -> list[tuple[int, float]]:
    """Return each `min_samples` and eps that fulfil the demands, of those with equal labels the first.

    Parameters
    ----------
    distances, min_samples, eps, demands, counts_itself
        As `best_clustering` takes them, which says what came closest where this gives nothing.
    """
    settings = _settings(distances, min_samples, eps, demands, counts_itself)
    feasible = np.flatnonzero(settings.lacks == 0).tolist()
    first: dict[bytes, int] = {}
    for setting in feasible:
        first.setdefault(settings.labels(setting).tobytes(), setting)
    return [settings.named(setting) for setting in first.values()]


def _settings(
    distances: Array, min_samples: list[int], eps: Array, demands: Demands, counts_itself: bool
) -> _Settings:
    itself = 0 if counts_itself else 1
    orders = density_orders(places_among(eps, distances), [m + itself for m in min_samples])
    places = np.arange(len(eps))
    shape = len(orders), len(eps)
    clusters = np.reshape([order.clusters(places) for order in orders], shape)
    clustered = np.reshape([order.clustered(places) for order in orders], shape)
    return _Settings(
        min_samples=min_samples,
        eps=eps,
        orders=orders,
        clusters=clusters,
        lacks=demands.lacks(clusters, clustered, len(distances)),
    )


def _scores(distances: Array, settings: _Settings) -> Array:
    """Return the silhouette of each setting that lacks nothing, `(m, e)`; -inf for the others."""
    feasible = settings.lacks == 0
    scores = silhouettes_of(distances, settings.orders, np.arange(len(settings.eps)), feasible)
    # One cluster is never better than two.
    return np.where(feasible, np.where(np.isnan(scores), -1.0, scores), -np.inf)


def silhouettes_of(distances: Array, orders: Sequence[DensityOrder], eps: Array, wanted: Array) -> Array:
    """Return the silhouettes of many settings, noise left out, `(m, e)`; NaN where there is none.

    Parameters
    ----------
    distances : array of shape (n, n)
        Symmetric, with zeros on the diagonal.
    orders : sequence of m DensityOrder
        Of these cases, one for each `min_samples`.
    eps : array of shape (e,)
        Ascending; distances, or places, as the orders have them.
    wanted : array of shape (m, e)
        bool; the others are NaN.
    """
    found: dict[tuple[int, int], Array] = {}
    for row, order in enumerate(orders):
        places = np.flatnonzero(wanted[row])
        found |= {
            (row, int(place)): labels
            for place, labels in zip(places, order.labels_of_all(eps[places]), strict=True)
        }
    scores = np.full(wanted.shape, np.nan)
    distinct: dict[bytes, tuple[int, Array]] = {}  # neighbouring settings often give the same labels
    which = {
        setting: distinct.setdefault(found[setting].tobytes(), (len(distinct), found[setting]))[0]
        for setting in _to_and_fro(wanted)
    }
    measured = silhouettes(distances, [labels for _, labels in distinct.values()])
    for setting, number in which.items():
        score = measured[number]
        scores[setting] = np.nan if score is None else score
    return scores


def _to_and_fro(wanted: Array) -> Iterator[tuple[int, int]]:
    """Yield the wanted settings so that each gives nearly the labels of the one before.

    Along `min_samples` few cases move from one to the next, along eps many more.
    """
    for place in range(wanted.shape[1]):
        rows = np.flatnonzero(wanted[:, place]).tolist()
        yield from ((row, place) for row in (rows if place % 2 == 0 else reversed(rows)))


def _failure(distances: Array, settings: _Settings, demands: Demands) -> str:
    """Say which setting came closest, and what it lacks."""
    if settings.lacks.size == 0:
        return "there are no settings to try"
    closest = int(settings.lacks.argmin())
    min_samples, eps = settings.named(closest)
    clusters, labels = int(settings.clusters.flat[closest]), settings.labels(closest)
    n, clustered, score = len(labels), int((labels >= 0).sum()), silhouette_score(distances, labels)
    found = f"{clusters} cluster{'' if clusters == 1 else 's'}"
    if clusters < demands.min_clusters:
        found += f" ({demands.min_clusters} needed)"
    share = f"{_percent(clustered / n)} of {n} cases clustered"
    if clustered / n < demands.min_clustered:
        share += f" ({_percent(demands.min_clustered)} needed)"
    silhouette = "undefined" if score is None else f"{score:.2f}"
    return f"closest: min_samples={min_samples}, eps={eps:.4g}: {found}, {share}, silhouette {silhouette}"


def _percent(share: float) -> str:
    return f"{100 * share:.4g} %"
