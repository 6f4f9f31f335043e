"""Sets of methods that contain the winner of most photos."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cbrkit_xai.confidence.shares import Floats

FEWEST_PHOTOS = 30
"""No set is stated from fewer groups of cases than this."""

_ROUNDING = 1e-9


def conformal_threshold(scores: Floats, groups: NDArray[np.intp], *, alpha: float = 0.1) -> float | None:
    """Return the nonconformity up to which methods belong to the set.

    A case's nonconformity is 1 - P(best) of the method that did win, stated without the case. The set
    of a new photo holds the methods whose own nonconformity isn't above the threshold: the smallest one
    that at least (1 - alpha)(g + 1) of the g photos keep to. For photos exchangeable with the base's
    the set contains the winner with a chance of 1 - alpha or more. The cases of a group (the same photo)
    share one photo's weight; which of them a new photo stands for is as good as drawn.

    Parameters
    ----------
    scores : (n,) array
        Nonconformity of each case.
    groups : (n,) int array
        Cases of the same photo, numbered from 0.
    alpha : float
        Part of photos whose winner may be missed.

    Returns
    -------
    float or None
        None below `FEWEST_PHOTOS` groups; 1, the full set, where that many photos can't carry so small
        an alpha.

    References
    ----------
    Vovk, Gammerman & Shafer, *Algorithmic Learning in a Random World*, 2005; Vovk, Cross-conformal
    predictors, Annals of Mathematics and Artificial Intelligence 74 (2015) 9-28. Groups: Dunn, Wasserman
    & Ramdas, Distribution-free prediction sets for two-layer hierarchical models, JASA 118 (2023)
    2491-2502.
    """
    sizes = np.bincount(groups)
    photos = int(np.count_nonzero(sizes))
    if photos < FEWEST_PHOTOS:
        return None
    order = np.argsort(scores, kind="stable")
    covered = np.cumsum(1.0 / sizes[groups][order])
    enough = np.flatnonzero(covered >= (1 - alpha) * (photos + 1) - _ROUNDING)
    return float(scores[order[enough[0]]]) if len(enough) else 1.0


def in_set(p_best: Floats, threshold: float) -> NDArray[np.bool_]:
    """Return which methods belong to the set of each query.

    Parameters
    ----------
    p_best : (q, m) array
        Chance of winning.
    threshold : float
        From `conformal_threshold`.

    Returns
    -------
    (q, m) bool array
        Never an empty row: the likeliest method is in it in any case.
    """
    likeliest = p_best >= p_best.max(axis=1, keepdims=True) - _ROUNDING
    return (1 - p_best <= threshold + _ROUNDING) | likeliest
