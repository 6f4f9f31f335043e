"""How much better than the base's overall shares the neighbours predict votes, with an interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cbrkit_xai.confidence.shares import Floats

_NO_ERROR = 1e-20  # what rounding leaves of none


def squared_errors(predicted: Floats, observed: Floats) -> Floats:
    """Return each case's squared error, summed over the methods that its voters were asked about.

    Parameters
    ----------
    predicted : (n, m) array
        Predicted shares; renormalised over the methods asked.
    observed : (n, m) array
        Shares of the votes; NaN where nobody was asked.

    Returns
    -------
    (n,) array
    """
    asked = ~np.isnan(observed)
    among = np.where(asked, predicted, 0.0)
    totals = among.sum(axis=1, keepdims=True)
    even = asked / asked.sum(axis=1, keepdims=True)
    expected = np.divide(among, totals, out=even.copy(), where=totals > 0)
    return np.sum(np.where(asked, observed - expected, 0.0) ** 2, axis=1)


def skill_with_interval(
    errors: Floats, reference_errors: Floats, groups: NDArray[np.intp], *, level: float = 0.95
) -> tuple[float, tuple[float, float]]:
    """Return 1 - MSE / MSE(reference), and its interval.

    The interval leaves out one group of cases at a time (jackknife of a ratio, Student's t), so that cases
    of one photo count once and each case's two errors are compared with each other. Held-out errors of
    different folds share training cases, for which no unbiased variance exists; what decides is how often
    the lower bound is above 0 where similarity says nothing. In 800 simulated bases of 40 and 200 cases
    that was .3 to 1.0 % (2.5 % nominal): fitting lambda to noise makes held-out predictions slightly worse,
    not better. The corrected t over five folds has 4 degrees of freedom only.

    Parameters
    ----------
    errors, reference_errors : (n,) arrays
        Squared errors of the same held-out cases.
    groups : (n,) int array
        Cases that stand or fall together, numbered from 0.
    level : float
        Of the two-sided interval.

    Returns
    -------
    skill : float
        0 where the reference makes no error at all.
    interval : (float, float)

    References
    ----------
    Efron, *The Jackknife, the Bootstrap and Other Resampling Plans*, 1982, chapter 3. Bengio &
    Grandvalet, No unbiased estimator of the variance of k-fold cross-validation, JMLR 5 (2004) 1089-1105.
    Nadeau & Bengio, Inference for the generalization error, Machine Learning 52 (2003) 239-281.
    """
    from scipy.special import stdtrit  # on use; scipy.stats would take half a second to import

    mine = np.bincount(groups, weights=errors)  # (groups,)
    theirs = np.bincount(groups, weights=reference_errors)
    count = len(mine)
    if theirs.sum() <= _NO_ERROR * count or count < 2:
        return 0.0, (0.0, 0.0)
    skill = 1 - float(mine.sum() / theirs.sum())
    rest = theirs.sum() - theirs
    without = np.where(rest > 0, 1 - (mine.sum() - mine) / np.where(rest > 0, rest, 1.0), skill)
    spread = np.sqrt((count - 1) / count * np.sum((without - without.mean()) ** 2))
    reach = float(stdtrit(count - 1, (1 + level) / 2) * spread)
    return skill, (skill - reach, skill + reach)
