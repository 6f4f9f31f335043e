"""A median and its interval, without assuming how times are spread."""

from __future__ import annotations

import attrs
import numpy as np

from cbrkit_xai.features import Array


@attrs.frozen(kw_only=True)
class MedianInterval:
    """A median with an interval between two of the measurements.

    Parameters
    ----------
    median : float
        NaN without measurements.
    low, high : float
        At least 95 % for independent measurements of one distribution, whichever it is; infinite where there
        are fewer than six, which are too few for that.
    number : int
        Of measurements.
    """

    median: float
    low: float
    high: float
    number: int


def median_interval(values: Array, level: float = 0.95) -> MedianInterval:
    """Return the median with its order-statistic interval.

    The k-th smallest and the k-th largest of n bound the median with chance 1 - 2 P(B < k), B binomial with
    n trials and chance 1/2; k is the largest with which that is at least `level`.

    Parameters
    ----------
    values : array of shape (n,)
        Finite.
    level : float
        Of the interval, at least.

    References
    ----------
    David & Nagaraja, Order Statistics, 3rd ed. 2003, section 7.1.
    """
    from scipy.special import bdtr  # on use

    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = len(ordered)
    if n == 0:
        return MedianInterval(median=np.nan, low=np.nan, high=np.nan, number=0)
    within = 0  # how many places from either end
    while within < n // 2 and 1 - 2 * float(bdtr(within, n, 0.5)) >= level:
        within += 1
    low, high = (ordered[within - 1], ordered[n - within]) if within else (-np.inf, np.inf)
    return MedianInterval(median=float(np.median(ordered)), low=float(low), high=float(high), number=n)
