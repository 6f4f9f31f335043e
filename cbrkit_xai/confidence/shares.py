"""Vote shares of cases, and the shares of a whole base."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cbrkit_xai.errors import ParameterError, VotesError

Floats: TypeAlias = NDArray[np.float64]

_ITERATIONS = 1000
_TOLERANCE = 1e-12


def shares(votes: ArrayLike) -> Floats:
    """Return each case's votes as parts of one.

    Parameters
    ----------
    votes : (n, m) array
        Votes per case and method, whole or fractional; NaN where nobody was asked about the method.

    Returns
    -------
    (n, m) array
        Rows that sum to 1 over the methods that were asked, NaN elsewhere. A row without any vote
        carries no information and is NaN throughout.

    Raises
    ------
    VotesError
        A vote is negative or infinite.
    """
    table = np.atleast_2d(np.asarray(votes, dtype=np.float64))
    wrong = (table < 0) | np.isinf(table)
    if wrong.any():
        row, method = np.argwhere(wrong)[0]
        raise VotesError(
            f"a vote is {table[row, method]:g}",
            where=f"case {row}, method {method}",
            allowed="numbers from 0 up, or NaN where nobody was asked",
        )
    totals = np.nansum(table, axis=1, keepdims=True)  # (n, 1)
    return np.divide(table, totals, out=np.full_like(table, np.nan), where=totals > 0)


def informative(case_shares: Floats, effective: Floats | None = None) -> NDArray[np.bool_]:
    """Return which cases say something: votes were cast, with two methods or more to choose from.

    Parameters
    ----------
    case_shares : (n, m) array
        What `shares` returned.
    effective : (n,) array, optional
        Effective numbers of voters; a case with 0 says nothing.
    """
    choice = np.sum(~np.isnan(case_shares), axis=1) >= 2
    return choice if effective is None else choice & (effective > 0)


def overall_shares(votes: ArrayLike, *, imaginary_cases: float = 0.0) -> Floats:
    """Return the base's shares: the mean of the cases' shares, every case counting once.

    Where some methods were not asked everywhere, the mean per method would favour methods that were
    asked against few others. So the shares are those of Luce's choice model, in which the shares of a
    subset are the overall shares, renormalised (the rule that the likelihood uses as well), found by
    Hunter's MM iteration; where every case was asked about the same methods that *is* the mean.

    Parameters
    ----------
    votes : (n, m) array
        Votes, or shares; NaN where nobody was asked.
    imaginary_cases : float
        Weight of an additional case whose votes are spread evenly over the methods that were asked
        somewhere (the rule of succession). A predictor uses 1, so that one real case doesn't claim that
        the other methods never win.

    Returns
    -------
    (m,) array
        Sums to 1. A method that was asked nowhere gets 0: the base can't say anything for it. Where no
        case has votes, all methods have equal shares.

    References
    ----------
    Luce, *Individual Choice Behavior*, 1959. Hunter, MM algorithms for generalized Bradley-Terry models,
    Annals of Statistics 32 (2004) 384-406.
    """
    table = shares(votes)
    nobody = np.zeros(len(table), dtype=np.intp) - 1
    return _luce(table, nobody, 1, imaginary_cases)[0]


def overall_shares_without(
    votes: ArrayLike, groups: NDArray[np.intp], *, imaginary_cases: float = 0.0
) -> Floats:
    """Return, for every case, the base's shares without that case's group.

    Parameters
    ----------
    votes : (n, m) array
        Votes, or shares; NaN where nobody was asked.
    groups : (n,) int array
        Group of each case, numbered from 0.
    imaginary_cases : float
        As in `overall_shares`.

    Returns
    -------
    (n, m) array
        The same row for all cases of a group.
    """
    table = shares(votes)
    if not len(table):
        return table
    return _luce(table, groups, int(groups.max()) + 1, imaginary_cases)[groups]


def group_numbers(groups: ArrayLike, cases: int) -> NDArray[np.intp]:
    """Return group labels as numbers from 0.

    Raises
    ------
    ParameterError
        There isn't one label per case.
    """
    labels = np.asarray(groups)
    if labels.shape != (cases,):
        raise ParameterError(
            f"groups has the shape {labels.shape}", allowed=f"one label per case, ({cases},)"
        )
    return np.unique(labels, return_inverse=True)[1].astype(np.intp)


def _luce(table: Floats, left_out: NDArray[np.intp], variants: int, imaginary_cases: float) -> Floats:
    """Fit Luce shares `variants` times, variant v without the cases whose `left_out` is v: (variants, m)."""
    methods = table.shape[1]
    useful = ~np.isnan(table).all(axis=1)
    table, left_out = table[useful], left_out[useful]
    asked = ~np.isnan(table)
    somewhere = np.asarray(asked.any(axis=0) if len(table) else np.ones(methods, dtype=bool))
    even = somewhere / somewhere.sum()
    filled = np.where(asked, table, 0.0)

    # The sums that the iteration needs: per variant and method, and per variant and pattern of methods asked.
    patterns, pattern = np.unique(np.vstack([asked, somewhere]), axis=0, return_inverse=True)
    pattern = pattern.reshape(-1)
    won = np.tile(filled.sum(axis=0) + imaginary_cases * even, (variants, 1))  # (variants, m)
    cases = np.tile(np.bincount(pattern[:-1], minlength=len(patterns)).astype(np.float64), (variants, 1))
    cases[:, pattern[-1]] += imaginary_cases
    inside = left_out >= 0
    np.subtract.at(won, left_out[inside], filled[inside])
    np.subtract.at(cases, (left_out[inside], pattern[:-1][inside]), 1.0)
    won = np.where(won > 1e-12, won, 0.0)  # what subtracting left of a zero

    together = patterns.astype(np.float64)  # (patterns, m)
    weights = _normalised(won, even)
    for _ in range(_ITERATIONS if len(patterns) > 1 else 0):
        inverse = _divided(cases, weights @ together.T)  # (variants, patterns)
        updated = _normalised(_divided(won, inverse @ together), even)
        change = np.abs(updated - weights).max()
        weights = updated
        if change < _TOLERANCE:
            break
    return weights


def _divided(numerator: Floats, denominator: Floats) -> Floats:
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)


def _normalised(rows: Floats, otherwise: Floats) -> Floats:
    totals = rows.sum(axis=1, keepdims=True)
    return np.where(totals > 0, _divided(rows, np.broadcast_to(totals, rows.shape)), otherwise)
