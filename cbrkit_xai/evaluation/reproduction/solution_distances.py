"""How unlike the votes of two photos are."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.confidence import shares
from cbrkit_xai.evaluation.scoring.winners import win_credit
from cbrkit_xai.features import Array


def winner_disagreement(votes: Array) -> Array:
    """Return the chance that two photos have different best methods, ties drawn by lot, `(n, n)`.

    The hypothesis "similar images have the same optimal explanation method" to the letter.

    Parameters
    ----------
    votes : array of shape (n, methods)
        NaN where nobody was asked.

    Returns
    -------
    array of shape (n, n)
        0 to 1; with itself a photo that has a tie disagrees too. NaN where nobody was asked about a photo.
    """
    agreed = np.zeros((len(votes), len(votes)))
    for credit in win_credit(votes).T:  # method by method: equal pairs must be equal to the last bit
        agreed += credit[:, None] * credit
    return np.maximum(1.0 - agreed, 0.0)


def shares_apart(votes: Array) -> Array:
    """Return the root mean squared difference of two photos' vote shares, `(n, n)`.

    Shares, not votes: how many voters a photo had is no opinion of theirs.

    Parameters
    ----------
    votes : array of shape (n, methods)
        NaN where nobody was asked.

    Returns
    -------
    array of shape (n, n)
        Over the methods that both were asked about; NaN where there are none.
    """
    total = np.zeros((len(votes), len(votes)))
    number = np.zeros(total.shape)
    for share in shares(votes).T:  # method by method: equal shares must be exactly 0 apart
        square = (share[:, None] - share) ** 2
        asked = ~np.isnan(square)
        total += np.where(asked, square, 0.0)
        number += asked
    mean = np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)
    return np.sqrt(mean)
