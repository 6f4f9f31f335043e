"""DBSCAN (Ester et al. 1996) from a distance matrix, for many radii at the price of one."""

from __future__ import annotations

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

    Parameters
    ----------
    distances : array of shape (n, n)
        Symmetric, with zeros on the diagonal.
    core_distances : array of shape (n,)
        The smallest eps at which a case is a core point; inf if it never is.
    reaches : array of shape (n,)
        The smallest eps at which a case is in a cluster, as core or border point.
    order : array of shape (n,)
        The cases as visited.
    steps : array of shape (n,)
        Length of the step by which each of `order` was reached; inf for the first.
    """

    distances: Array
    core_distances: Array
    reaches: Array
    order: Array
    steps: Array

    def clusters(self, eps: Array) -> Array:
        """Return the number of clusters at each eps: core points, less the ways that join them."""
        return _at_most(self.core_distances, eps) - _at_most(self.steps, eps)

    def clustered(self, eps: Array) -> Array:
        """Return the number of cases that are in some cluster at each eps."""
        return _at_most(self.reaches, eps)

    def labels(self, eps: float) -> Array:
        """Return the cluster of each case, `(n,)` int64, -1 for noise; the numbers are scikit-learn's.

        Clusters are numbered by their first core point; a border point belongs to the first
        cluster that has a core point within eps of it.
        """
        n = len(self.order)
        runs = np.empty(n, dtype=np.int64)
        runs[self.order] = np.cumsum(self.steps > eps)
        core = np.flatnonzero(self.core_distances <= eps)
        border = np.flatnonzero((self.reaches <= eps) & (self.core_distances > eps))
        _, first, run_of = np.unique(runs[core], return_index=True, return_inverse=True)
        numbers = np.empty(len(first), dtype=np.int64)
        numbers[np.argsort(first)] = np.arange(len(first))
        labels = np.full(n, NOISE, dtype=np.int64)
        labels[core] = numbers[run_of]
        if len(border):
            near = self.distances[np.ix_(border, core)] <= eps  # (border points, core points)
            labels[border] = np.where(near, labels[core], n).min(axis=1)
        return labels


def density_orders(distances: Array, min_samples: list[int]) -> list[DensityOrder]:
    """Return one order for each `min_samples`, which counts the case itself as scikit-learn does.

    Takes n^2 steps and n^2 numbers of memory each.

    Parameters
    ----------
    distances : array of shape (n, n)
        Finite, symmetric, with zeros on the diagonal.
    min_samples : list of int
        At least 1 each.
    """
    n = len(distances)
    depth = min(max(min_samples), n)
    nearest = np.sort(np.partition(distances, depth - 1, axis=1)[:, :depth], axis=1) if n else distances
    return [
        _density_order(distances, nearest[:, m - 1] if m <= n else np.full(n, np.inf)) for m in min_samples
    ]


def dbscan_labels(distances: Array, eps: float, min_samples: int) -> Array:
    """Return the clusters that `sklearn.cluster.DBSCAN(metric="precomputed")` finds, number for number.

    Unlike there, eps may be 0: then a cluster is a set of equal cases.
    """
    return density_orders(distances, [min_samples])[0].labels(eps)


def _density_order(distances: Array, core_distances: Array) -> DensityOrder:
    order, steps = _walk(distances, core_distances)
    return DensityOrder(
        distances=distances,
        core_distances=core_distances,
        reaches=np.maximum(distances, core_distances).min(axis=1, initial=np.inf),
        order=order,
        steps=steps,
    )


def _walk(distances: Array, core_distances: Array) -> tuple[Array, Array]:
    """Prim's algorithm on the mutual reachability: the order of visits, and each step's length."""
    n = len(distances)
    order = np.arange(n)
    steps = np.full(n, np.inf)
    if not np.isfinite(core_distances).any():
        return order, steps  # no core points, no ways
    shortest = np.full(n, np.inf)  # from the visited cases to each of the others
    core_of_others = core_distances.copy()  # inf once visited
    case = 0
    for visit in range(n):
        order[visit] = case
        steps[visit] = shortest[case]
        core_of_others[case] = shortest[case] = np.inf
        ways = np.maximum(distances[case], core_of_others)
        np.maximum(ways, core_distances[case], out=ways)
        np.minimum(shortest, ways, out=shortest)
        case = int(shortest.argmin())
    return order, steps


def _at_most(values: Array, eps: Array) -> Array:
    """How many of `values` are at most each eps."""
    return np.searchsorted(np.sort(values), eps, side="right")
