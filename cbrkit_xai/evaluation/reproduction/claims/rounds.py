"""Comparisons of measured times, query by query: no assumption on how they are spread."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cbrkit_xai.evaluation.reproduction.claims.implied_comparison import ImpliedComparison
from cbrkit_xai.evaluation.reproduction.timing.median_interval import median_interval
from cbrkit_xai.evaluation.reproduction.timing.timed_index import QueryTimes
from cbrkit_xai.features import Array

UNIT = "times as long"


PAIRED = "the two are compared within each turn that asked both the same, and each query counts once"


def ratios(numerator: QueryTimes, denominator: QueryTimes, k: int) -> Array:
    """Return how many times as long the one took, one ratio a query, `(queries,)`.

    Of the turns in which both took part, and were asked the same. A query that was asked in several counts
    once, by the median of its ratios: asking it again tells of the clock, not of other queries.
    """
    turns, mine, theirs = np.intersect1d(numerator.turns, denominator.turns, return_indices=True)
    found = numerator.at(k)[mine] / denominator.at(k)[theirs]  # (turns,)
    asked = numerator.queries[mine]
    if len(turns) == 0 or not np.array_equal(asked, denominator.queries[theirs]):
        return np.empty(0)
    return np.array([np.median(found[asked == query]) for query in np.unique(asked)])


def sign_p(values: Array, boundary: float) -> float:
    """Return the sign test's p of a median that is not above the boundary: P(B >= how many are above it).

    Parameters
    ----------
    values : array of shape (n,)
        Those that equal the boundary do not count.
    """
    from scipy.special import bdtrc  # on use

    above, below = int((values > boundary).sum()), int((values < boundary).sum())
    if above == 0:
        return 1.0
    return float(bdtrc(above - 1, above + below, 0.5))


def longer(about: str, values: Array, numbers: Mapping[str, float], note: str = "") -> ImpliedComparison:
    """Return the comparison that says that a ratio is above 1."""
    return _compared(about, values, numbers, sign_p(values, 1.0), sign_p(-values, -1.0), note)


def between(
    about: str, values: Array, low: float, high: float, numbers: Mapping[str, float], note: str = ""
) -> ImpliedComparison:
    """Return the comparison that says that a ratio lies between two bounds."""
    inside = max(sign_p(values, low), sign_p(-values, -high))
    outside = min(1.0, 2 * min(sign_p(-values, -low), sign_p(values, high)))
    return _compared(about, values, numbers, inside, outside, note)


def _compared(
    about: str, values: Array, numbers: Mapping[str, float], p_for: float, p_against: float, note: str
) -> ImpliedComparison:
    if len(values) == 0:
        return ImpliedComparison(
            about=about, numbers=numbers, problem="no query was asked of both in one turn"
        )
    found = median_interval(values)
    return ImpliedComparison(
        about=about,
        numbers=numbers,
        estimate=found.median,
        interval=(found.low, found.high),
        unit=UNIT,
        p_for=p_for,
        p_against=p_against,
        note=note,
    )


def median_times(k: int, first: QueryTimes, second: QueryTimes) -> dict[str, float]:
    """Return the median microseconds of the two that are compared, at k."""
    return {
        f"µs, {place}": float(np.median(one.at(k))) for place, one in (("first", first), ("second", second))
    }
