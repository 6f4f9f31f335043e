"""Whether the votes inside a cluster differ from those outside it."""

from __future__ import annotations

import math

import attrs
import numpy as np

from cbrkit_xai.features import Array
from cbrkit_xai.neighbours import mean_votes
from cbrkit_xai.organizers.silhouette import NOISE

SHUFFLES = 2000
"""Random assignments to clusters of the same sizes that the explained share is compared with."""


@attrs.frozen(kw_only=True)
class VoteContrast:
    """Votes that one method gets inside a cluster and outside it.

    Parameters
    ----------
    method : str
        Its name.
    inside, outside : float
        Mean votes of the cluster's photos, and of all others; NaN where nobody was asked.
    low, high : float
        Interval of inside - outside; all intervals of a clustering hold together. NaN where a side has
        no photo, or the votes may have made the cluster.
    """

    method: str
    inside: float
    outside: float
    low: float
    high: float

    @property
    def difference(self) -> float:
        """Inside less outside."""
        return self.inside - self.outside

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


@attrs.frozen(kw_only=True)
class ExplainedShare:
    """How much of the variance of the votes the clusters explain.

    Parameters
    ----------
    share : float
        1 - sum of squares within clusters / in all, over all methods; NaN where it is not defined.
    by_chance : float
        Mean share of random clusters of the same sizes.
    p : float
        Chance that random clusters explain as much.
    """

    share: float
    by_chance: float
    p: float


def of_photos(votes: Array, groups: Array, labels: Array) -> tuple[Array, Array]:
    """Let each photo count once: return the mean votes, and the first label, of each group.

    Parameters
    ----------
    votes : array of shape (n, methods)
        NaN where nobody was asked.
    groups : array of shape (n,)
        int64 number of each case's group, from 0 without gaps.
    labels : array of shape (n,)
        int64 cluster of each case; -1 for noise.
    """
    rows = [np.flatnonzero(groups == group) for group in range(int(groups.max(initial=-1)) + 1)]
    means = np.array([mean_votes(votes[own]) for own in rows]).reshape(len(rows), votes.shape[1])
    return means, np.array([labels[own[0]] for own in rows], dtype=np.int64)


def vote_contrasts(
    votes: Array, labels: Array, methods: tuple[str, ...], level: float | None = 0.95
) -> list[tuple[VoteContrast, ...]]:
    """Compare each cluster's votes with all others', by Student's intervals.

    Their level is raised for their number (Bonferroni), so that all of them hold together.

    Parameters
    ----------
    votes : array of shape (g, methods)
        A row per photo.
    labels : array of shape (g,)
        int64 cluster; -1 for noise, which counts as outside of every cluster.
    level : float or None
        Of all intervals together. None where the votes may have made the clusters: an interval takes the
        clusters as given, and would be clear of 0 where photos say nothing of votes.
    """
    clusters = int(labels.max(initial=NOISE)) + 1
    each = None if level is None else 1 - (1 - level) / max(1, clusters * len(methods))
    return [
        tuple(
            _contrast(method, votes[labels == cluster, column], votes[labels != cluster, column], each)
            for column, method in enumerate(methods)
        )
        for cluster in range(clusters)
    ]


def _contrast(method: str, inside: Array, outside: Array, level: float | None) -> VoteContrast:
    inside, outside = inside[~np.isnan(inside)], outside[~np.isnan(outside)]
    low, high = (math.nan, math.nan) if level is None else _pooled_t(inside, outside, level)
    return VoteContrast(
        method=method,
        inside=float(inside.mean()) if len(inside) else math.nan,
        outside=float(outside.mean()) if len(outside) else math.nan,
        low=low,
        high=high,
    )


def _pooled_t(first: Array, second: Array, level: float) -> tuple[float, float]:
    """Return Student's interval; the spread is that of both sides together.

    Welch's would take a cluster of two photos that happen to agree for one whose votes never vary.
    """
    from scipy.special import stdtrit

    degrees = len(first) + len(second) - 2
    if min(len(first), len(second)) < 1 or degrees < 2:
        return math.nan, math.nan
    difference = float(first.mean() - second.mean())
    squares = float(((first - first.mean()) ** 2).sum() + ((second - second.mean()) ** 2).sum())
    error = math.sqrt(squares / degrees * (1 / len(first) + 1 / len(second)))
    reach = float(stdtrit(degrees, (1 + level) / 2)) * error
    return difference - reach, difference + reach


def explained_share(votes: Array, labels: Array, seed: int) -> ExplainedShare:
    """Return the share of the variance that clusters explain, and what random ones of their sizes do.

    Photos in no cluster, or with a method that nobody was asked about, are left out. The shuffled votes keep
    the clusters as they are, so it says nothing of clusters that votes have made.

    Parameters
    ----------
    votes : array of shape (g, methods)
        A row per photo.
    labels : array of shape (g,)
        int64 cluster; -1 for noise.
    seed : int
        Of the shuffles.
    """
    whole = (labels != NOISE) & ~np.isnan(votes).any(axis=1)
    votes, labels = votes[whole], labels[whole]
    if len(votes) < 3 or len(np.unique(labels)) < 2 or np.ptp(votes, axis=0).max(initial=0.0) == 0:
        return ExplainedShare(share=math.nan, by_chance=math.nan, p=math.nan)
    onehot = (labels[:, None] == np.unique(labels)).astype(np.float64)  # (photos, clusters)
    centred = votes - votes.mean(axis=0)
    share = _share(centred, onehot)
    rng = np.random.default_rng(seed)
    shuffled = np.array([_share(centred[rng.permutation(len(votes))], onehot) for _ in range(SHUFFLES)])
    as_good = int((shuffled >= share - 1e-12).sum())
    return ExplainedShare(share=share, by_chance=float(shuffled.mean()), p=(1 + as_good) / (1 + SHUFFLES))


def _share(centred: Array, onehot: Array) -> float:
    sums = onehot.T @ centred  # (clusters, methods)
    between = (sums**2 / onehot.sum(axis=0)[:, None]).sum()
    return float(between / (centred**2).sum())
