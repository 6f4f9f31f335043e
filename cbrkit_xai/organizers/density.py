"""DBSCAN (Ester et al. 1996) from a distance matrix, for many radii at the price of one."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from cbrkit_xai.features import Array
from cbrkit_xai.organizers.silhouette import NOISE


@attrs.frozen(kw_only=True, eq=False)
class DensityOrder:
    """All that DBSCAN can find with one `min_samples`, whatever eps.

    Walking through the cases along the minimum spanning tree of the mutual reachability
    max(d(i, j), core(i), core(j)), always by the shortest way on, visits each cluster of every
    eps without a break; so a cluster is a run of steps of at most eps (the reachability plot
    of Ankerst et al. 1999).

    Distances and eps are only ever compared. So they may be whole numbers, such as places in a list of
    radii; `never` then is the largest of their type, which no distance has, and infinity otherwise.

    Parameters
    ----------
    core_distances : array of shape (n,)
        The smallest eps at which a case is a core point; `never` if it never is.
    reaches : array of shape (n,)
        The smallest eps at which a case is in a cluster, as core or border point.
    order : array of shape (n,)
        The cases as visited.
    steps : array of shape (n,)
        Length of the step by which each of `order` was reached; `never` for the first.
    borders, reached_from : arrays of shape (p,)
        Pairs of cases of which the first is, at some eps, no core point but within eps of the second,
        which is one.
    since : array of shape (p,)
        The smallest such eps of each pair; the largest are those below the first one's core distance.
    """

    core_distances: Array
    reaches: Array
    order: Array
    steps: Array
    borders: Array
    reached_from: Array
    since: Array

    def clusters(self, eps: Array) -> Array:
        """Return the number of clusters at each eps: core points, less the ways that join them."""
        return _at_most(self.core_distances, eps) - _at_most(self.steps, eps)

    def clustered(self, eps: Array) -> Array:
        """Return the number of cases that are in some cluster at each eps."""
        return _at_most(self.reaches, eps)

    def labels(self, eps: Any) -> Array:
        """Return the cluster of each case, `(n,)` int64, -1 for noise; the numbers are scikit-learn's.

        Clusters are numbered by their first core point; a border point belongs to the first
        cluster that has a core point within eps of it.
        """
        return self.labels_of_all(np.array([eps]))[0]

    def labels_of_all(self, eps: Array) -> Array:
        """Return `labels` of each eps, `(e, n)` int64.

        Parameters
        ----------
        eps : array of shape (e,)
            Ascending.
        """
        n, radii = len(self.order), np.arange(len(eps))[:, None]
        runs = np.empty((len(eps), n), dtype=np.int64)
        runs[:, self.order] = np.cumsum(self.steps > eps[:, None], axis=1)
        is_core = self.core_distances <= eps[:, None]
        runs[~is_core] = 0  # runs are numbered from 1
        runs += radii * (n + 1)
        first = np.full(len(eps) * (n + 1), n, dtype=np.int64)  # case of each run
        np.minimum.at(first, runs, np.broadcast_to(np.arange(n), runs.shape))
        leaders = first.take(runs) + radii * n
        leads = np.zeros((len(eps), n), dtype=bool)
        leads.put(leaders[is_core], True)
        numbers = np.cumsum(leads, axis=1) - 1
        return self._with_borders(np.where(is_core, numbers.take(leaders), NOISE), eps)

    def _with_borders(self, labels: Array, eps: Array) -> Array:
        """Add the border points to labels `(e, n)` of the core points."""
        starts = np.searchsorted(eps, self.since)
        times = np.maximum(np.searchsorted(eps, self.core_distances[self.borders]) - starts, 0)
        pair = np.repeat(np.arange(len(times)), times)
        radius = np.arange(len(pair)) + np.repeat(starts - np.cumsum(times) + times, times)
        n = labels.shape[1]
        smallest = np.full(labels.shape, n, dtype=np.int64)
        np.minimum.at(smallest, (radius, self.borders[pair]), labels[radius, self.reached_from[pair]])
        return np.where(smallest < n, smallest, labels)


def density_orders(distances: Array, min_samples: list[int]) -> list[DensityOrder]:
    """Return one order for each `min_samples`, which counts the case itself as scikit-learn does.

    Takes n^2 steps each, and a few times the memory of the distances.

    Parameters
    ----------
    distances : array of shape (n, n)
        Finite, symmetric, with zeros on the diagonal; or whole numbers, see `DensityOrder`.
    min_samples : list of int
        At least 1 each.
    """
    n = len(distances)
    depth = min(max(min_samples, default=1), n)
    # Numpy sorts short whole numbers by their digits, which takes less than finding the smallest.
    digits = distances.dtype.itemsize <= 2 or n == 0
    some = np.sort(distances, axis=1, kind="stable") if digits else np.partition(distances, depth - 1, axis=1)
    nearest = np.sort(some[:, :depth], axis=1)
    never = np.full(n, _never(distances), dtype=distances.dtype)
    cores = np.array([nearest[:, m - 1] if m <= n else never for m in min_samples]).reshape(
        len(min_samples), n
    )
    within = np.flatnonzero(distances < cores.max(axis=0, initial=0)[:, None])
    first, second = np.divmod(within, max(n, 1))
    first, second = first[first != second], second[first != second]
    apart = distances[first, second]
    orders, steps = _walks(distances, cores)
    return [
        _density_order(core, order, step, first, second, apart)
        for core, order, step in zip(cores, orders, steps, strict=True)
    ]


def dbscan_labels(distances: Array, eps: float, min_samples: int) -> Array:
    """Return the clusters that `sklearn.cluster.DBSCAN(metric="precomputed")` finds, number for number.

    Unlike there, eps may be 0: then a cluster is a set of equal cases.
    """
    return density_orders(distances, [min_samples])[0].labels(eps)


def _density_order(
    core: Array, order: Array, steps: Array, first: Array, second: Array, apart: Array
) -> DensityOrder:
    since = np.maximum(apart, core[second])
    # Within less than its core distance a case has fewer than min_samples others: these pairs are few.
    is_border = since < core[first]
    borders, since = first[is_border], since[is_border]
    reaches = core.copy()
    np.minimum.at(reaches, borders, since)
    return DensityOrder(
        core_distances=core,
        reaches=reaches,
        order=order,
        steps=steps,
        borders=borders,
        reached_from=second[is_border],
        since=since,
    )


def _walks(distances: Array, cores: Array) -> tuple[Array, Array]:
    """Prim's algorithm on the mutual reachability of each row of core distances `(m, n)`, all at once.

    Returns the orders of visits and the lengths of the steps, `(m, n)` each.
    """
    n, never = len(distances), _never(distances)
    orders = np.tile(np.arange(n), (len(cores), 1))
    steps = np.full(cores.shape, never, dtype=distances.dtype)
    walking = np.flatnonzero(~(cores == never).all(axis=1))  # without core points there are no ways
    own = cores[walking]
    others = own.copy()  # never once visited
    shortest = np.full(own.shape, never, dtype=distances.dtype)  # from the visited to each other case
    ways = np.empty_like(own)
    cases = np.zeros(len(own), dtype=np.int64)
    starts = np.arange(len(own)) * n
    visited, lengths = np.empty((n, len(own)), dtype=np.int64), np.empty((n, len(own)), dtype=own.dtype)
    for visit in range(n if len(own) else 0):
        places = starts + cases
        visited[visit], lengths[visit] = cases, shortest.take(places)
        others.put(places, never)
        shortest.put(places, never)
        distances.take(cases, axis=0, out=ways, mode="clip")  # (m, n)
        np.maximum(ways, others, out=ways)
        np.maximum(ways, own.take(places)[:, None], out=ways)
        np.minimum(shortest, ways, out=shortest)
        cases = shortest.argmin(axis=1)
    orders[walking], steps[walking] = visited.T, lengths.T
    return orders, steps


def _never(distances: Array) -> Any:
    """Return what is larger than any distance of this type."""
    return np.inf if distances.dtype.kind == "f" else np.iinfo(distances.dtype).max


def _at_most(values: Array, eps: Array) -> Array:
    """How many of `values` are at most each eps."""
    return np.searchsorted(np.sort(values), eps, side="right")
