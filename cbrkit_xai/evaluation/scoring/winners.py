"""Which methods won a case, and how they share the win."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.features import Array

LEVEL = 1e-9
"""Votes this close, as a part of the largest in their row, are level: rounding must not break a tie."""


def margin(values: Array) -> Array:
    """Return how far apart two values of a row may be and still count as level, `(..., 1)`.

    Parameters
    ----------
    values : array of shape (..., methods)
        Votes; NaN counts as nothing.
    """
    return LEVEL * np.abs(np.nan_to_num(values)).max(axis=-1, keepdims=True, initial=0.0)


def win_credit(votes: Array) -> Array:
    """Return each method's part of the win, `(..., methods)`.

    The methods with most votes share the win evenly, so that rows sum to 1 and whoever guesses gets
    1 / methods on average, however many ties there are.

    Parameters
    ----------
    votes : array of shape (..., methods)
        float64; NaN where nobody was asked.

    Returns
    -------
    array
        0 for a method that nobody was asked about; NaN throughout where no method was.
    """
    known = np.where(np.isnan(votes), -np.inf, votes)
    won = known >= known.max(axis=-1, keepdims=True) - margin(votes)  # (..., methods)
    won &= known > -np.inf
    number = won.sum(axis=-1, keepdims=True)
    return np.divide(won, number, out=np.full(won.shape, np.nan), where=number > 0)
