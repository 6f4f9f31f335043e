"""Silhouette score of a clustering (Rousseeuw 1987; the paper's eq. 1), from distances."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cbrkit_xai.features import Array
from cbrkit_xai.organizers.cluster_totals import carried_over, totals_of

NOISE = -1
"""The label of a case that belongs to no cluster."""

_FEW_CASES = 512
"""Up to here a product for many clusterings takes less time than finding out how each differs."""

_AT_ONCE = 64
"""So many clusterings of few cases are measured together."""

_LONGEST = 32
"""So many clusterings are summed from one another: rounding is then at most some 1e-13 of a distance."""

_SMALL = 1e-3
"""Distances below this part of the largest one are not compared by sums that were carried over."""


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
    return silhouettes(distances, [_without_gaps(labels)])[0]


def silhouettes(distances: Array, labellings: Sequence[Array]) -> list[float | None]:
    """Return the silhouette score of each clustering of the same cases.

    The fewer cases have moved from one to the next, the less time it takes.

    Parameters
    ----------
    distances : array of shape (n, n)
        Symmetric, with zeros on the diagonal.
    labellings : sequence of arrays of shape (n,)
        int64 cluster numbers without gaps; -1 for noise.
    """
    defined = [labels for labels in labellings if labels.max(initial=NOISE) > 0]
    measured = _few_cases(distances, defined) if len(distances) <= _FEW_CASES else _many(distances, defined)
    scores = iter(measured)
    return [next(scores) if labels.max(initial=NOISE) > 0 else None for labels in labellings]


def silhouettes_in_every_reading(
    distances: Array, labels: Array
) -> tuple[float | None, float | None, float | None]:
    """Return the score without noise, with it as one more cluster, and with a cluster for each noise case.

    The first is that of `labels`, the others those of `with_noise_as_one_cluster(labels)` and of
    `with_noise_as_singletons(labels)`; all from the same sums.

    Parameters
    ----------
    distances : array of shape (n, n)
        Symmetric, with zeros on the diagonal.
    labels : array of shape (n,)
        int64 cluster numbers without gaps; -1 for noise.
    """
    noise, clusters = labels == NOISE, int(labels.max(initial=NOISE)) + 1
    n, unclustered = len(labels), int(noise.sum())
    as_one = with_noise_as_one_cluster(labels)
    totals = totals_of(distances, [as_one])
    alone = distances[noise].min(axis=0, initial=np.inf)
    plain = _measured(totals[:clusters], labels[None])[0][0] if clusters > 1 else None
    one = _measured(totals, as_one[None])[0][0] if clusters + (unclustered > 0) > 1 else None
    if clusters + unclustered < 2:
        return plain, one, None
    if clusters == 0:
        return plain, one, 0.0
    of_clustered = _measured(totals[:clusters], labels[None], alone)[0][0]
    return plain, one, of_clustered * (n - unclustered) / n


def _few_cases(distances: Array, labellings: Sequence[Array]) -> Iterator[float]:
    for start in range(0, len(labellings), _AT_ONCE):
        labels = np.array(labellings[start : start + _AT_ONCE])  # (labellings, n)
        yield from _measured(totals_of(distances, list(labels)), labels)[0]


def _many(distances: Array, labellings: Sequence[Array]) -> Iterator[float]:
    small = _SMALL * distances.max(initial=0.0)
    before, totals, summed = None, None, 0
    for labels in labellings:
        carried = None
        if before is not None and totals is not None and summed < _LONGEST:
            carried = carried_over(distances, totals, before, labels)
        scores, least = (None, 0.0) if carried is None else _measured(carried, labels[None])
        if carried is None or scores is None or least < small:
            totals, summed = totals_of(distances, [labels]), 0
            scores, _ = _measured(totals, labels[None])
        else:
            totals, summed = carried, summed + 1
        before = labels
        yield scores[0]


def _measured(totals: Array, labels: Array, alone: Array | float = np.inf) -> tuple[list[float], float]:
    """Return the scores of labellings, and the least number that a coefficient was divided by.

    Parameters
    ----------
    totals : array of shape (clusters of all labellings, n)
        Sums of each case's distances from the members of each cluster.
    labels : array of shape (labellings, n)
        Without gaps, some cluster in each; -1 for noise.
    alone : array of shape (n,), optional
        Distances from the nearest case that is a cluster by itself, and is not in `totals`.
    """
    clusters = labels.max(axis=1) + 1
    firsts = np.cumsum(clusters) - clusters
    clustered = labels != NOISE
    own = np.where(clustered, labels, 0) + firsts[:, None]  # rows of `totals`; of noise one that is not used
    sizes, cases = np.bincount(own[clustered]), np.arange(labels.shape[1])
    inside = totals[own, cases] / np.maximum(sizes[own] - 1, 1)
    outside = totals / sizes[:, None]
    outside[own, cases] = np.inf
    nearest = np.minimum(np.minimum.reduceat(outside, firsts, axis=0), alone)  # (labellings, n)
    larger = np.maximum(inside, nearest)
    counts = clustered & (sizes[own] > 1) & (larger > 0)
    coefficients = np.divide(nearest - inside, larger, out=np.zeros_like(larger), where=counts)
    return (coefficients.sum(axis=1) / clustered.sum(axis=1)).tolist(), float(larger[clustered].min())


def _without_gaps(labels: Array) -> Array:
    numbers = np.full(len(labels), NOISE, dtype=np.int64)
    clustered = labels != NOISE
    numbers[clustered] = np.unique(labels[clustered], return_inverse=True)[1]
    return numbers


def with_noise_as_one_cluster(labels: Array) -> Array:
    """Return labels in which all noise is one more cluster, as scikit-learn's score reads -1."""
    return np.where(labels == NOISE, labels.max(initial=NOISE) + 1, labels)


def with_noise_as_singletons(labels: Array) -> Array:
    """Return labels in which each noise case is a cluster of its own, of coefficient 0."""
    own = labels.max(initial=NOISE) + 1 + np.arange(len(labels))
    return np.where(labels == NOISE, own, labels)
