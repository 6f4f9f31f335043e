"""Whether what recommenders state about themselves comes true: P(best), conformal sets, experience.

All of it is about held-out cases, and every group of photos counts once. Where methods tie as winners each
has its part of the win, as P(best) is stated. Among methods that were asked about in a case alone somebody
can have won, so P(best) is taken among these.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs
import numpy as np

from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.evaluation.results import StatedConfidence
from cbrkit_xai.evaluation.scoring.proportions import Proportion, group_means, proportion
from cbrkit_xai.evaluation.scoring.winners import win_credit
from cbrkit_xai.features import Array

LEAST_CHANCE = 1e-9
"""A chance below this counts as this much: one winner that was held impossible must not decide alone."""

BINS = 10
"""Equal parts of 0 to 1 into which stated chances are sorted."""

_CERTAIN = 1e-9


@attrs.frozen(kw_only=True)
class Bin:
    """Cases of which about the same chance was stated.

    Parameters
    ----------
    low, high : float
        Bounds of the stated chance; the upper belongs to the bin.
    cases : int
        How many.
    stated : float
        Mean stated chance; NaN of an empty bin.
    hits : Proportion
        How often it came true.
    """

    low: float
    high: float
    cases: int
    stated: float
    hits: Proportion


def _bins(values: Iterable[Bin]) -> tuple[Bin, ...]:
    return tuple(values)


@attrs.frozen(kw_only=True)
class Calibration:
    """Stated P(best) against what happened.

    Parameters
    ----------
    cases : int
        Held-out cases with a statement and a winner.
    stated : float
        Mean P(best) of the method held likeliest.
    hits : Proportion
        How often it won.
    expected_error : float
        Mean over the bins of |stated - hit rate|, each weighing as many cases as it has (ECE). Chance
        alone keeps it above 0.
    log_score : float
        Mean log P(best) of the winner, in nats; higher is better. A proper score: nobody gains by stating
        what they do not believe.
    even_log_score : float
        That of even chances among the methods asked about.
    bins : tuple of Bin
        For the reliability curve.
    """

    cases: int
    stated: float
    hits: Proportion
    expected_error: float
    log_score: float
    even_log_score: float
    bins: tuple[Bin, ...] = attrs.field(converter=_bins)

    @property
    def overconfidence(self) -> float:
        """Mean stated chance less hit rate; above 0 is too sure."""
        return self.stated - self.hits.share


@attrs.frozen(kw_only=True)
class Coverage:
    """Conformal sets against who won.

    Parameters
    ----------
    cases : int
        Held-out cases with a set and a winner.
    covered : Proportion
        How often the winner was in the set.
    mean_size : float
        Methods in a set.
    undecided : Proportion
        How often the set was of all methods, which reads "can't tell".
    """

    cases: int
    covered: Proportion
    mean_size: float
    undecided: Proportion


def log_scores(stated: StatedConfidence, votes: Array) -> Array:
    """Return each case's log P(best) of its winner, `(n,)`; of several winners the mean.

    Parameters
    ----------
    stated : StatedConfidence
        About n cases.
    votes : array of shape (n, methods)
        NaN where nobody was asked.

    Returns
    -------
    array
        In nats; NaN where nothing was stated, or nobody won: fewer than two methods were asked about, or
        no vote was cast.
    """
    chances, credit = _among_asked(stated.p_best, votes)
    return (credit * np.log(np.maximum(chances, LEAST_CHANCE))).sum(axis=1)


def calibration(
    stated: StatedConfidence, votes: Array, groups: Groups, *, bins: int = BINS, level: float = 0.95
) -> Calibration:
    """Compare stated P(best) with how often it came true.

    Parameters
    ----------
    stated : StatedConfidence
        About n cases.
    votes : array of shape (n, methods)
        NaN where nobody was asked.
    groups : Groups
        Of n cases.
    bins : int
        Equal parts of 0 to 1.
    level : float
        Of the intervals.

    References
    ----------
    ECE: Naeini, Cooper & Hauskrecht, AAAI 2015. Log score: Good, JRSS B 14 (1952) 107-114.
    """
    chances, credit = _among_asked(stated.p_best, votes)
    top = np.where(chances >= chances.max(axis=1, keepdims=True) - _CERTAIN, 1.0, 0.0)
    top /= np.maximum(top.sum(axis=1, keepdims=True), 1)  # of equal chances any may be shown
    hit = np.where(np.isnan(chances).any(axis=1), np.nan, (top * credit).sum(axis=1))
    confidence = chances.max(axis=1)
    asked = (~np.isnan(votes)).sum(axis=1)
    even = np.where(np.isnan(hit), np.nan, -np.log(np.maximum(asked, 1)))
    curve = _curve(confidence, hit, groups, bins, level)
    cases = int(np.count_nonzero(~np.isnan(hit)))
    misses = [one.cases * abs(one.stated - one.hits.share) for one in curve if one.cases]
    return Calibration(
        cases=cases,
        stated=_mean(group_means(confidence, groups)),
        hits=proportion(hit, groups, level=level),
        expected_error=sum(misses) / cases if cases else float("nan"),
        log_score=_mean(group_means(log_scores(stated, votes), groups)),
        even_log_score=_mean(group_means(even, groups)),
        bins=curve,
    )


def coverage(stated: StatedConfidence, votes: Array, groups: Groups, *, level: float = 0.95) -> Coverage:
    """Compare conformal sets with who won.

    Of tied winners each counts with its part of the win, as if one were drawn.

    Parameters
    ----------
    stated, votes, groups, level
        As for `calibration`.
    """
    sets = stated.in_set
    credit = _credit(votes)
    known = ~np.isnan(sets).any(axis=1) & ~np.isnan(credit).any(axis=1)
    inside = np.where(known, (np.nan_to_num(sets) * np.nan_to_num(credit)).sum(axis=1), np.nan)
    size = np.where(known, np.nan_to_num(sets).sum(axis=1), np.nan)
    return Coverage(
        cases=int(np.count_nonzero(known)),
        covered=proportion(inside, groups, level=level),
        mean_size=_mean(group_means(size, groups)),
        undecided=proportion(
            np.where(known, size == sets.shape[1], np.nan).astype(np.float64), groups, level=level
        ),
    )


def out_of_experience(stated: StatedConfidence, groups: Groups, *, level: float = 0.95) -> Proportion:
    """Return the share of held-out photos that were called unlike their training cases."""
    return proportion(stated.out_of_experience, groups, level=level)


def _credit(votes: Array) -> Array:
    """Each method's part of the win, `(n, methods)`; NaN throughout where nobody can be said to have won."""
    asked = ~np.isnan(votes)
    informative = (asked.sum(axis=1) >= 2) & (np.nansum(votes, axis=1) > 0)
    return np.where(informative[:, None], win_credit(votes), np.nan)


def _among_asked(p_best: Array, votes: Array) -> tuple[Array, Array]:
    """Return P(best) among the methods asked about and the winners' credit, NaN throughout without either."""
    credit = _credit(votes)
    asked = ~np.isnan(votes)
    chances = np.where(asked, p_best, 0.0)
    total = chances.sum(axis=1, keepdims=True)
    even = asked / np.maximum(asked.sum(axis=1, keepdims=True), 1)
    among = np.divide(chances, total, out=even, where=(total > 0) | np.isnan(total))
    known = ~np.isnan(among).any(axis=1) & ~np.isnan(credit).any(axis=1)
    return np.where(known[:, None], among, np.nan), np.where(known[:, None], credit, np.nan)


def _curve(confidence: Array, hit: Array, groups: Groups, bins: int, level: float) -> list[Bin]:
    edges = np.linspace(0.0, 1.0, bins + 1)
    # A chance on an edge belongs to the bin below, but 0, of which there is none.
    place = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    found = []
    for one in range(bins):
        inside = (place == one) & ~np.isnan(hit)
        found.append(
            Bin(
                low=float(edges[one]),
                high=float(edges[one + 1]),
                cases=int(np.count_nonzero(inside)),
                stated=_mean(confidence[inside]),
                hits=proportion(np.where(inside, hit, np.nan), groups, level=level),
            )
        )
    return found


def _mean(values: Array) -> float:
    return float(values.mean()) if len(values) else float("nan")
