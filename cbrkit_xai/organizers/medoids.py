"""Partitioning around medoids (PAM), from a distance matrix."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.features import Array

_SAME = 1e-12
"""A swap must lower the sum of distances by more than this part of it: sums round differently."""


def build(distances: Array, number: int) -> Array:
    """Return the rows of a greedy start (Kaufman & Rousseeuw 1990, ch. 2, BUILD).

    The first medoid has the least sum of distances; each further one lowers the sum most, and of
    equal ones the first row is taken.

    Parameters
    ----------
    distances : array of shape (n, n)
        Symmetric, with zeros on the diagonal.
    number : int
        How many, 1 to n.
    """
    chosen = [int(distances.sum(axis=0).argmin())]
    nearest = distances[chosen[0]].copy()
    while len(chosen) < number:
        gains = np.maximum(nearest[:, None] - distances, 0.0).sum(axis=0)
        gains[chosen] = -1.0
        chosen.append(int(gains.argmax()))
        np.minimum(nearest, distances[chosen[-1]], out=nearest)
    return np.array(chosen, dtype=np.int64)


def swapped(distances: Array, medoids: Array, max_swaps: int) -> Array:
    """Swap a medoid for a case for as long as that lowers the sum of distances from the nearest medoid.

    Each time the best of all swaps is made. The change by each of the k (n - k) swaps is added up at
    once from each case's distance from its nearest and second nearest medoid (FastPAM1: Schubert &
    Rousseeuw 2021, algorithm 2), in n * n steps instead of k * n * n.

    Parameters
    ----------
    distances : array of shape (n, n)
        Symmetric, with zeros on the diagonal.
    medoids : array of shape (k,)
        int64 rows of the start, all different.
    max_swaps : int
        At most so many.
    """
    medoids = medoids.copy()
    for _ in range(max_swaps):
        changes = swap_changes(distances, medoids)  # (medoids, cases)
        leaving, entering = np.unravel_index(changes.argmin(), changes.shape)
        total = distances[medoids].min(axis=0).sum()
        if changes[leaving, entering] >= -_SAME * total:
            break
        medoids[leaving] = entering
    return medoids


def swap_changes(distances: Array, medoids: Array) -> Array:
    """Return by how much each swap of a medoid for a case changes the sum of distances, `(k, n)`."""
    from_medoids = distances[medoids]  # (medoids, cases)
    own = from_medoids.argmin(axis=0)
    cases = np.arange(len(distances))
    nearest = from_medoids[own, cases]
    if len(medoids) > 1:
        from_medoids[own, cases] = np.inf
        second = from_medoids.min(axis=0)
    else:
        second = np.full(len(distances), np.inf)
    joining = np.minimum(distances - nearest[:, None], 0.0)  # (cases, candidates): the medoid stays
    losing = np.minimum(distances, second[:, None]) - nearest[:, None]  # the case's own medoid leaves
    losing -= joining
    changes = np.empty((len(medoids), len(distances)))
    shared = joining.sum(axis=0)
    for medoid in range(len(medoids)):
        changes[medoid] = shared + losing[own == medoid].sum(axis=0)
    return changes


def labels_of(distances: Array, medoids: Array) -> Array:
    """Return each case's nearest medoid, `(n,)`; of equally near ones the first, but a medoid's its own."""
    labels = distances[medoids].argmin(axis=0)
    labels[medoids] = np.arange(len(medoids))
    return labels
