"""Sums of distances from the members of each cluster, of one clustering after another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cbrkit_xai.features import Array

_MOST_MOVED = 0.25
"""A clustering of which more of the cases have moved is summed anew."""

_LEAST_KEPT = 0.875
"""So much of a cluster must be in one cluster of the next clustering for its sums to be carried over."""


def totals_of(distances: Array, labellings: Sequence[Array]) -> Array:
    """Return the sum of each case's distances from the members of each cluster, `(clusters, n)`.

    Parameters
    ----------
    distances : array of shape (n, n)
        Symmetric.
    labellings : sequence of arrays of shape (n,)
        Cluster numbers without gaps; -1 for cases of no cluster. The clusters of all of them follow one
        another.
    """
    labels = np.asarray(labellings)  # (labellings, n)
    clusters = labels.max(axis=1, initial=-1) + 1
    rows = labels + (np.cumsum(clusters) - clusters)[:, None]
    is_clustered = labels >= 0
    rows, cases = rows[is_clustered], np.nonzero(is_clustered)[1]
    members = np.zeros((clusters.sum(), len(distances)))
    members[rows, cases] = 1.0
    alone = np.bincount(rows, minlength=len(members)) == 1
    if not alone.any():
        return members @ distances
    totals = np.empty_like(members)
    totals[~alone] = members[~alone] @ distances
    totals[alone] = distances[members[alone].argmax(axis=1)]  # the sum over one is no sum
    return totals


def carried_over(distances: Array, totals: Array, before: Array, labels: Array) -> Array | None:
    """Return `totals_of` a clustering that differs little from the one before; None if it differs much.

    It takes as many rows of distances as there are cases that have moved.

    Parameters
    ----------
    distances : array of shape (n, n)
        Symmetric.
    totals : array of shape (clusters, n)
        Of the clustering before.
    before, labels : arrays of shape (n,)
        int64 cluster numbers without gaps, of the clustering before and of this one; -1 for noise.
    """
    n, old, new = len(labels), len(totals), int(labels.max(initial=-1)) + 1
    table = np.bincount((before + 1) * (new + 1) + labels + 1, minlength=(old + 1) * (new + 1))
    table = table.reshape(old + 1, new + 1)[1:]  # (old clusters, noise and new clusters)
    goes_to = table.argmax(axis=1) - 1
    goes_to[table.max(axis=1) < _LEAST_KEPT * table.sum(axis=1)] = -1
    counted_in = np.append(goes_to, -1)[before]  # noise is the last
    moved = np.flatnonzero(counted_in != labels)
    if len(moved) > _MOST_MOVED * n:
        return None
    found = np.zeros((new, n))
    for cluster in np.flatnonzero(goes_to >= 0):
        found[goes_to[cluster]] += totals[cluster]
    changes = np.zeros((new + 1, len(moved)))  # the last row is for noise
    changes[labels[moved], np.arange(len(moved))] += 1.0
    changes[counted_in[moved], np.arange(len(moved))] -= 1.0
    found += changes[:new] @ distances[moved]
    return found
