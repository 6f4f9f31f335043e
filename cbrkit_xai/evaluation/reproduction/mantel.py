"""The Mantel test: whether photos that are near each other are given votes that are near each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import attrs
import numpy as np

from cbrkit_xai.evaluation.reproduction.pair_permutations import permuted_sums, upper_p
from cbrkit_xai.features import Array
from cbrkit_xai.protocols import Progress

Correlation: TypeAlias = Literal["spearman", "pearson"]


@attrs.frozen(kw_only=True)
class MantelResult:
    """The correlation of two distance matrices, and what it is when votes are handed out by chance.

    Parameters
    ----------
    r : float
        -1 to 1; NaN where there is none.
    p : float
        Of a correlation above 0: (1 + draws at least as large) / (1 + draws).
    p_below : float
        Of a correlation below what is negligible: (1 + draws, moved up to there, at most as large) /
        (1 + draws).
    interval : (float, float)
        95 %: the observed less the draws' 97.5 % and 2.5 % quantiles, which takes the draws' scatter for
        that of the estimate, as is right near 0.
    chance : (float, float)
        The middle 95 % of the draws.
    draws : int
        How many.
    problem : str
        Why there is no correlation; empty if there is.
    """

    r: float
    p: float = np.nan
    p_below: float = np.nan
    interval: tuple[float, float] = (np.nan, np.nan)
    chance: tuple[float, float] = (np.nan, np.nan)
    draws: int = 0
    problem: str = ""


def mantel(
    distances: Mapping[str, Array],
    relation: Array,
    counted: Array,
    ways: Array,
    *,
    correlation: Correlation = "spearman",
    negligible: float = 0.1,
    progress: Progress | None = None,
) -> dict[str, MantelResult]:
    """Correlate each distance matrix of the photos with one of their votes.

    The p comes from permuting the votes over the photos, all pairs of a photo together: pairs are not
    independent of each other, photos are.

    Parameters
    ----------
    distances : mapping of str to array of shape (n, n)
        Symmetric; of the photos, per metric.
    relation : array of shape (n, n)
        Symmetric; of their votes. NaN, where two photos were asked about no common method, counts as the
        mean of the others.
    counted : array of shape (n, n)
        bool, symmetric: the pairs that count, such as those of two groups; every way to hand out votes
        must map them on themselves.
    ways : array of shape (draws, n)
        As `orders` gives them.
    correlation : {"spearman", "pearson"}
        Spearman's takes ranks of the distances, mean ranks where they tie: what matters is which photos
        are nearer, not by how much.
    negligible : float
        What `p_below` is about.

    References
    ----------
    Mantel, The detection of disease clustering and a generalized regression approach, Cancer Research 27
    (1967) 209-220. Dietz, Permutation tests for association between two distance matrices, Systematic
    Zoology 32 (1983) 21-26, for ranks.
    """
    names = list(distances)
    votes = _standardised(_filled(relation, counted), counted, correlation)
    photos = [_standardised(distances[name], counted, correlation) for name in names]
    problems = [_problem(one, votes) for one in photos]
    weights = np.stack([np.nan_to_num(one) for one in photos]) if photos else np.zeros((0, *relation.shape))
    observed = (weights * np.nan_to_num(votes)).sum(axis=(1, 2))
    drawn = permuted_sums(weights, np.nan_to_num(votes), ways, progress)
    p = upper_p(observed, drawn)
    below = upper_p(negligible - observed, -drawn)
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0) if len(drawn) else np.zeros((2, len(names)))
    return {
        name: MantelResult(r=np.nan, problem=problem)
        if problem
        else MantelResult(
            r=float(observed[place]),
            p=float(p[place]),
            p_below=float(below[place]),
            interval=(float(observed[place] - high[place]), float(observed[place] - low[place])),
            chance=(float(low[place]), float(high[place])),
            draws=len(drawn),
        )
        for place, (name, problem) in enumerate(zip(names, problems, strict=True))
    }


def _filled(relation: Array, counted: Array) -> Array:
    known = counted & ~np.isnan(relation)
    return np.where(np.isnan(relation), relation[known].mean() if known.any() else 0.0, relation)


def _standardised(matrix: Array, counted: Array, correlation: Correlation) -> Array:
    """Return the matrix with mean 0 and length 1 over the pairs that count, 0 elsewhere; NaN if constant."""
    values = matrix[counted].astype(np.float64)
    if correlation == "spearman":
        values = _mean_ranks(values)
    found = np.zeros(matrix.shape)
    if len(values) == 0:
        return np.full(matrix.shape, np.nan)
    centred = values - values.mean()
    length = float(np.sqrt(centred @ centred))
    largest = float(np.abs(values).max())
    constant = length <= 1e-12 * max(largest, 1e-300) * np.sqrt(len(values))
    found[counted] = np.nan if constant else centred / length
    return found


def _mean_ranks(values: Array) -> Array:
    """Return ranks from 1; those that tie share the mean of theirs."""
    _, place, number = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(number)
    return (last - (number - 1) / 2)[place]


def _problem(photos: Array, votes: Array) -> str:
    if np.isnan(votes).any():
        return "all pairs of photos have equally similar votes"
    if np.isnan(photos).any():
        return "all pairs of photos are equally far apart"
    return ""
