"""Holm's correction: the more questions are asked, the more it takes to answer one."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.features import Array


def holm(p: Array) -> Array:
    """Return Holm's adjusted p-values.

    The i-th smallest of m is multiplied by m - i + 1, and none may be smaller than one before it. Rejecting
    what is then at most alpha keeps the chance of any false rejection at most alpha, whatever the
    dependence.

    Parameters
    ----------
    p : array of shape (questions,)
        NaN for a question that could not be tested. It was asked and counts among the m: which can be
        tested may depend on the data.

    Returns
    -------
    array of shape (questions,)
        At most 1; NaN where p is.

    References
    ----------
    Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6
    (1979) 65-70.
    """
    p = np.asarray(p, dtype=np.float64)
    order = np.argsort(np.where(np.isnan(p), np.inf, p), kind="stable")
    stepped = np.where(np.isnan(p), 1.0, p)[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return np.where(np.isnan(p), np.nan, adjusted)
