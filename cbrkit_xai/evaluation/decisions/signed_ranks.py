"""Wilcoxon's signed ranks over single cases: a line beside the answer, about another quantity."""

from __future__ import annotations

import attrs
import numpy as np

from cbrkit_xai.evaluation.decisions.comparison import untested
from cbrkit_xai.features import Array

MOST_CASES_PAIRED = 2000
"""Up to so many differences the pseudo-median is exact: the median of all their pairwise means."""

MOST_CASES_EXACT = 50
"""Up to so many differences all signs are counted; 2^50 still is a whole number in float64."""


@attrs.frozen(kw_only=True)
class SignedRanks:
    """What signed ranks say.

    Parameters
    ----------
    pseudo_median : float
        Median of the means of all pairs of differences (Hodges-Lehmann), which is what is tested; it
        may have another sign than the mean difference where a few cases differ much.
    p : float
        Two-sided; NaN where nothing could be tested.
    cases : int
        Differences that are not 0.
    problem : str
        "cannot be tested: ..." with the reason; empty where it could.
    """

    pseudo_median: float = np.nan
    p: float = np.nan
    cases: int
    problem: str = ""


def signed_ranks(differences: Array) -> SignedRanks:
    """Test whether per-case differences lie symmetrically about 0.

    The cases' held-out errors share training cases, which this test knows nothing of; it is a sensitivity
    line and decides nothing.

    Parameters
    ----------
    differences : array of shape (cases,)
        One number a case (or a group of copies), such as its mean over the repeats; NaN are left out.

    References
    ----------
    Wilcoxon, Individual comparisons by ranking methods, Biometrics Bulletin 1 (1945) 80-83; exact up to 50
    differences, with ties. Hodges & Lehmann, Estimates of location based on rank tests, Annals of
    Mathematical Statistics 34 (1963) 598-611.
    """
    values = np.asarray(differences, dtype=np.float64).ravel()
    values = values[~np.isnan(values)]
    moved = int(np.count_nonzero(values))
    if moved == 0:
        return SignedRanks(cases=0, problem=untested(f"all {len(values)} differences are 0"))
    if moved < 6:  # the smallest two-sided p of five is 1/16
        return SignedRanks(
            pseudo_median=_pseudo_median(values),
            cases=moved,
            problem=untested(f"only {moved} cases differ; of fewer than 6 no p is below 0.05"),
        )
    p = _two_sided_p(values[values != 0])
    return SignedRanks(pseudo_median=_pseudo_median(values), p=p, cases=moved)


def _two_sided_p(values: Array) -> float:
    _, place, times = np.unique(np.abs(values), return_inverse=True, return_counts=True)
    doubled = (2 * np.cumsum(times) - times + 1)[place]  # twice the mean rank of equal ones: a whole number
    observed = int(doubled[values > 0].sum())
    if len(values) <= MOST_CASES_EXACT:
        return _exact_p(doubled, observed)
    from scipy.special import ndtr  # on use

    # The sum of the ranks with random signs has mean sum / 2 and variance sum of squares / 4, ties or not.
    score = (observed - doubled.sum() / 2) / np.sqrt(np.sum(doubled.astype(float) ** 2) / 4)
    return float(2 * ndtr(-abs(score)))


def _exact_p(doubled: Array, observed: int) -> float:
    """Count the ways to give the ranks their signs that lie as far out."""
    ways = np.zeros(int(doubled.sum()) + 1)
    ways[0] = 1
    for rank in doubled:
        ways[rank:] = ways[rank:] + ways[:-rank]
    tail = min(ways[: observed + 1].sum(), ways[observed:].sum())
    return min(float(2 * tail / 2.0 ** len(doubled)), 1.0)


def _pseudo_median(values: Array) -> float:
    if len(values) > MOST_CASES_PAIRED:  # pairs grow with the square; evenly spaced quantiles stand for all
        values = np.quantile(values, (np.arange(MOST_CASES_PAIRED) + 0.5) / MOST_CASES_PAIRED)
    first, second = np.triu_indices(len(values))
    return float(np.median((values[first] + values[second]) / 2))
