"""How well the order of the predicted votes serves whoever shows the first method, or the first two.

Methods that nobody was asked about in a case are left out of its order. Ties in a prediction count as
all orders that they leave open, averaged; a method without a prediction comes after all that have one, as
it does in a recommendation. Several methods with most votes share the win evenly.
"""

from __future__ import annotations

import numpy as np

from cbrkit_xai.evaluation.scoring.winners import margin, win_credit
from cbrkit_xai.features import Array


def top_1(predicted: Array, observed: Array) -> Array:
    """Chance that the method shown is the winner, where winners with equal votes share the win.

    Whoever guesses gets 1 / methods on average. Where w methods tie nobody gets more than 1 / w, so the
    best that can be had is what the oracle has.

    Parameters
    ----------
    predicted : array of shape (..., methods)
        Votes; NaN where nothing could be predicted.
    observed : array of shape (..., methods)
        Votes; NaN where nobody was asked. The leading axes are broadcast.

    Returns
    -------
    array of shape (...)
        NaN where there is nothing to rank: fewer than two methods were asked about, all of them got the
        same votes, or none has a prediction.
    """
    return _top(predicted, observed, 1)


def top_2(predicted: Array, observed: Array) -> Array:
    """Chance that the winner is among the two methods predicted best; see `top_1`."""
    return _top(predicted, observed, 2)


def reciprocal_rank(predicted: Array, observed: Array) -> Array:
    """1 / (place of the winner among the predicted), whose mean over cases is the MRR; see `top_1`.

    Of several winners the mean is taken, as if one were drawn.
    """
    ranks = np.arange(1, predicted.shape[-1] + 1)
    return _scored(win_credit(observed) * _at_places(1 / ranks, predicted, observed), predicted, observed)


def ndcg(predicted: Array, observed: Array) -> Array:
    """Votes in the predicted order, discounted by log2(place + 1), as a part of those in the best order.

    An NDCG says something only if the gains are the votes cast for this very case, the order is the
    predictor's, the ideal is this case's own, and ties in the prediction are not broken by the order in
    which methods happen to stand. Gains taken from the prediction or from the neighbours, or an order that
    the votes themselves had a say in, make it 1 or nearly 1 whatever was predicted. Even so its floor is
    high: a prediction without any order gets .7 to .9 on usual votes, so it must be read beside that of
    the `uniform` baseline.

    Parameters
    ----------
    predicted, observed : array of shape (..., methods)
        As for `top_1`.

    Returns
    -------
    array of shape (...)
        0 to 1; NaN as for `top_1`.

    References
    ----------
    Järvelin & Kekäläinen, ACM TOIS 20 (2002) 422-446; ties: McSherry & Najork, ECIR 2008, 414-421.
    """
    discounts = 1 / np.log2(np.arange(2, predicted.shape[-1] + 2))
    gains = np.nan_to_num(observed)
    ideal = (gains * _at_places(discounts, observed, observed)).sum(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore"):  # nobody got a vote: there is no order either
        parts = gains / ideal
    return _scored(parts * _at_places(discounts, predicted, observed), predicted, observed)


def kendall_tau_b(predicted: Array, observed: Array) -> Array:
    """Concordant less discordant pairs of methods, over the root of the pairs untied in either.

    Parameters
    ----------
    predicted, observed : array of shape (..., methods)
        As for `top_1`.

    Returns
    -------
    array of shape (...)
        -1 to 1; NaN as for `top_1`, and where all predicted votes are equal.

    References
    ----------
    Kendall, Biometrika 33 (1945) 239-251.
    """
    first, second = np.triu_indices(predicted.shape[-1], k=1)
    asked = np.broadcast_to(~np.isnan(observed), _shape(predicted, observed))
    both = asked[..., first] & asked[..., second]
    by_prediction = _signs(_filled(predicted, asked), first, second) * both
    by_votes = _signs(np.where(np.isnan(observed), 0.0, observed), first, second) * both
    agreeing = (by_prediction * by_votes).sum(axis=-1)
    untied = np.sqrt((by_prediction != 0).sum(axis=-1) * (by_votes != 0).sum(axis=-1))
    tau = np.divide(agreeing, untied, out=np.full(agreeing.shape, np.nan), where=untied > 0)
    return np.where(_is_ranked(predicted, observed), tau, np.nan)


def regret(predicted: Array, observed: Array) -> Array:
    """Votes of the best method less votes of the method shown; of tied predictions the mean.

    Parameters
    ----------
    predicted, observed : array of shape (..., methods)
        As for `top_1`.

    Returns
    -------
    array of shape (...)
        Votes, at least 0. Where all methods got the same votes nothing can be lost: 0. NaN where nobody
        was asked, or none of the methods asked about has a prediction.
    """
    most = np.where(np.isnan(observed), -np.inf, observed).max(axis=-1)
    shown = (np.nan_to_num(observed) * _at_places(_first(1, predicted), predicted, observed)).sum(axis=-1)
    with np.errstate(invalid="ignore"):
        lost = np.maximum(most - shown, 0.0)
    return np.where(_has_prediction(predicted, observed), lost, np.nan)


def regret_against(predicted: Array, reference: Array, observed: Array) -> Array:
    """Regret less that of a reference, such as always showing the single best method; below 0 is better."""
    return regret(predicted, observed) - regret(reference, observed)


def _top(predicted: Array, observed: Array, number: int) -> Array:
    places = _at_places(_first(number, predicted), predicted, observed)
    return _scored(win_credit(observed) * places, predicted, observed)


def _first(number: int, predicted: Array) -> Array:
    return (np.arange(predicted.shape[-1]) < number).astype(np.float64)


def _scored(parts: Array, predicted: Array, observed: Array) -> Array:
    return np.where(_is_ranked(predicted, observed), parts.sum(axis=-1), np.nan)


def _at_places(worth: Array, predicted: Array, observed: Array) -> Array:
    """Mean worth, over the orders left open, of the place that each method gets: `(..., methods)`.

    Parameters
    ----------
    worth : array of shape (methods,)
        Of the first place, the second, and so on.
    """
    asked = np.broadcast_to(~np.isnan(observed), _shape(predicted, observed))
    values = _filled(predicted, asked)
    apart = margin(values)[..., 0]
    # Methods are few and cases are many: with the cases innermost this is ten times as fast.
    values, among = (np.ascontiguousarray(np.moveaxis(one, -1, 0)) for one in (values, asked))
    better = np.zeros(values.shape, dtype=np.int64)  # (methods, ...)
    level = np.zeros(values.shape, dtype=np.int64)
    for method, other in np.ndindex(len(values), len(values)):
        ahead = values[other] - values[method]
        better[method] += (ahead > apart) & among[other]
        level[method] += (np.abs(ahead) <= apart) & among[other]
    level = np.maximum(level, 1)  # a method that nobody was asked about has no place at all
    summed = np.concatenate([[0.0], np.cumsum(worth)])
    last = np.minimum(better + level, len(worth))
    found = np.where(among, (summed[last] - summed[better]) / level, 0.0)
    return np.ascontiguousarray(np.moveaxis(found, 0, -1))


def _filled(predicted: Array, asked: Array) -> Array:
    """Predicted votes, with a missing one below all others and 0 where nobody was asked."""
    known = np.where(asked, predicted, np.nan)
    there = ~np.isnan(known)
    lowest = np.where(there, known, np.inf).min(axis=-1, keepdims=True)
    below = np.where(np.isfinite(lowest), lowest, 0.0) - 1.0
    return np.where(there, known, np.where(asked, below, 0.0))


def _signs(values: Array, first: Array, second: Array) -> Array:
    apart = values[..., first] - values[..., second]
    return np.where(np.abs(apart) <= margin(values), 0.0, np.sign(apart))


def _has_prediction(predicted: Array, observed: Array) -> Array:
    return np.any(~np.isnan(predicted) & ~np.isnan(observed), axis=-1)


def _is_ranked(predicted: Array, observed: Array) -> Array:
    known = ~np.isnan(observed)
    most = np.where(known, observed, -np.inf).max(axis=-1)
    least = np.where(known, observed, np.inf).min(axis=-1)
    with np.errstate(invalid="ignore"):
        unequal = most - least > margin(observed)[..., 0]
    ranked: Array = (known.sum(axis=-1) >= 2) & unequal & _has_prediction(predicted, observed)
    return ranked


def _shape(predicted: Array, observed: Array) -> tuple[int, ...]:
    return np.broadcast_shapes(predicted.shape, observed.shape)
