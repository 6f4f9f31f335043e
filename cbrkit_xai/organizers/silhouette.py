"""Silhouette score of a clustering (Rousseeuw 1987; the paper's eq. 1), from distances."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.features import Array

NOISE = -1
"""The label of a case that belongs to no cluster."""


def silhouette_score(distances: Array, labels: Array) -> float | None:
    """Return the mean silhouette coefficient of the clustered cases; noise takes no part.

    A case's coefficient is (b - a) / max(a, b), with a its mean distance from the others of its
    own cluster and b that from the nearest other cluster; 0 for the only case of a cluster.

    Parameters
    ----------
    distances : array of shape (n, n)
        Symmetric, with zeros on the diagonal.
    labels : array of shape (n,)
        Cluster numbers; -1 for noise.

    Returns
    -------
    float or None
        -1 to 1; None where it is undefined: with fewer than two clusters.
    """
    clustered = np.flatnonzero(labels != NOISE)
    _, own = np.unique(labels[clustered], return_inverse=True)
    sizes = np.bincount(own)
    if len(sizes) < 2:
        return None
    member_of = np.zeros((len(labels), len(sizes)))
    member_of[clustered, own] = 1.0
    totals = (distances @ member_of)[clustered]  # (clustered cases, clusters)
    rows = np.arange(len(own))
    inside = totals[rows, own] / np.maximum(sizes[own] - 1, 1)
    outside = totals / sizes
    outside[rows, own] = np.inf
    nearest = outside.min(axis=1)
    larger = np.maximum(inside, nearest)
    defined = (sizes[own] > 1) & (larger > 0)
    coefficients = np.where(defined, (nearest - inside) / np.where(defined, larger, 1.0), 0.0)
    return float(coefficients.mean())


def with_noise_as_one_cluster(labels: Array) -> Array:
    """Return labels in which all noise is one more cluster, as scikit-learn's score reads -1."""
    return np.where(labels == NOISE, labels.max(initial=NOISE) + 1, labels)


def with_noise_as_singletons(labels: Array) -> Array:
    """Return labels in which each noise case is a cluster of its own, of coefficient 0."""
    own = labels.max(initial=NOISE) + 1 + np.arange(len(labels))
    return np.where(labels == NOISE, own, labels)
