"""How far predicted votes lie from those that were cast."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.features import Array


def squared_error(predicted: Array, observed: Array) -> Array:
    """Mean over the methods asked of (predicted - observed) squared.

    Parameters
    ----------
    predicted : array of shape (..., methods)
        Votes; NaN where nothing could be predicted.
    observed : array of shape (..., methods)
        Votes; NaN where nobody was asked. The leading axes are broadcast.

    Returns
    -------
    array of shape (...)
        NaN where nobody was asked at all, and where a method that was asked about has no prediction:
        a mean over the methods that happened to be predicted would let a predictor pass over what is
        hard, and two predictors would be compared on different votes.
    """
    asked = ~np.isnan(observed)
    missed = np.where(asked, predicted - observed, 0.0)
    return _mean_of_asked((missed * missed).sum(axis=-1), asked)


def rmse_per_case(predicted: Array, observed: Array) -> Array:
    """Root of `squared_error`: the paper's RMSE between two vectors of votes."""
    return np.sqrt(squared_error(predicted, observed))


def squared_error_of_shares(predicted: Array, observed: Array) -> Array:
    """`squared_error` after each vector was divided by its sum over the methods asked.

    Photos with many voters count no more than photos with few. A predicted vote below 0 counts as
    none, and a prediction of no votes at all as even shares.

    Returns
    -------
    array of shape (...)
        NaN as for `squared_error`, and where no vote was cast.
    """
    asked = ~np.isnan(observed)
    even = asked / np.maximum(asked.sum(axis=-1, keepdims=True), 1)
    expected = _shares(np.where(asked, np.maximum(predicted, 0.0), 0.0), even)
    cast = _shares(np.where(asked, observed, 0.0), np.array(np.nan))
    return squared_error(expected, np.where(asked, cast, np.nan))


def pooled_rmse(predicted: Array, observed: Array, *, over: int | tuple[int, ...]) -> Array:
    """Root of the mean over all asked (case, method) pairs of the squared error.

    Parameters
    ----------
    predicted, observed : array of shape (..., methods)
        As for `squared_error`; of an evaluation's run `run.predicted` and `votes[:, None]`.
    over : int or tuple of int
        Axes of `(...)` that count cases; of a run `(0, 1)`, which leaves one value per k.

    Returns
    -------
    array
        Over the cases that have a squared error; NaN where none has.
    """
    errors = squared_error(predicted, observed)  # (...)
    asked = np.broadcast_to((~np.isnan(observed)).sum(axis=-1), errors.shape)
    pairs = np.where(np.isnan(errors), 0, asked)
    total = (np.nan_to_num(errors) * pairs).sum(axis=over)
    number = pairs.sum(axis=over)
    return np.sqrt(np.divide(total, number, out=np.full(np.shape(total), np.nan), where=number > 0))


def _mean_of_asked(total: Array, asked: Array) -> Array:
    number = np.broadcast_to(asked.sum(axis=-1), total.shape)
    return np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)


def _shares(votes: Array, otherwise: Array) -> Array:
    total = votes.sum(axis=-1, keepdims=True)
    # A missing prediction makes its total NaN, and must stay missing.
    known = np.broadcast_to((total > 0) | np.isnan(total), votes.shape)
    return np.divide(
        votes, total, out=np.broadcast_to(otherwise, votes.shape).astype(np.float64), where=known
    )
