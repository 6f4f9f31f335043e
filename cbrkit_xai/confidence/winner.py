"""The chance that a method gets most of the votes of one photo."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cbrkit_xai.confidence.shares import Floats

LARGEST_BALLOTS = 60
"""More ballots than this are replaced by this many with the same variance of the shares."""

_CELLS_AT_ONCE = 1_000_000


def chance_of_winning(alphas: Floats, ballots: int) -> Floats:
    r"""Return the Dirichlet-multinomial chance that each method wins, ties split evenly.

    Exact for up to `LARGEST_BALLOTS` ballots, to about 1e-12, for any number of methods and without
    drawing. A Dirichlet-multinomial is a row of independent negative binomials given their sum. With
    :math:`f_j` their probabilities, method j wins with t votes in

    .. math:: f_j(t)\,[z^{b-t}] \int_0^1 \prod_{k \ne j}\Big(\sum_{s<t} f_k(s) z^s + u f_k(t) z^t\Big)\,du

    parts of all outcomes: with r others level the integral of :math:`u^r` is the split
    :math:`1/(r+1)`. The integrand is a polynomial in u (Gauss-Legendre is exact) and in z (so is the
    discrete Fourier transform). One or two ballots need none of it: the chance is the mean share.

    Beyond `LARGEST_BALLOTS` the concentration changes so that the shares of the smaller number vary as
    much as those of the larger; tested within .02. Where the votes of a photo would say its shares more
    exactly than 60 independent ballots can, the chances come out less extreme than they should.

    Parameters
    ----------
    alphas : (q, m) array
        Concentration times mean share; a method with 0 can't win.
    ballots : int
        Number of independent votes a photo gets, 1 or more.

    Returns
    -------
    (q, m) array
        Rows sum to 1.
    """
    totals = alphas.sum(axis=1, keepdims=True)
    if ballots <= 2 or alphas.shape[1] == 1:
        return alphas / totals
    if ballots > LARGEST_BALLOTS:
        alphas = alphas / totals * _as_if_fewer(totals, ballots)
        ballots = LARGEST_BALLOTS

    # Predictions repeat (prototypes, or the overall mean): each is computed once.
    distinct, row = np.unique(alphas, axis=0, return_inverse=True)
    methods = alphas.shape[1]
    cells_per_row = methods * (ballots + 1) * (ballots * methods // 2 + 1) * max(1, methods // 4)
    rows_at_once = max(1, _CELLS_AT_ONCE // cells_per_row)
    parts = [
        _exact(distinct[start : start + rows_at_once], ballots)
        for start in range(0, len(distinct), rows_at_once)
    ]
    return np.concatenate(parts)[row.reshape(-1)] if parts else np.zeros_like(alphas)


def _as_if_fewer(concentrations: Floats, ballots: int) -> Floats:
    """Concentration at which `LARGEST_BALLOTS` ballots vary as `ballots` do at the given one."""
    # A share's variance is m (1 - m) / precision.
    precision = ballots * (concentrations + 1) / (concentrations + ballots)
    precision = np.minimum(precision, 0.999 * LARGEST_BALLOTS)
    return LARGEST_BALLOTS * (precision - 1) / (LARGEST_BALLOTS - precision)


def _exact(alphas: Floats, ballots: int) -> Floats:
    methods = alphas.shape[1]
    chances = _negative_binomials(alphas, ballots)  # (q, m, ballots + 1)
    wins = np.arange(-(-ballots // methods), ballots + 1)  # fewer votes than ballots / m never win
    roots = ballots * (methods - 1) + 1  # the others' product has a lower degree: no aliasing
    frequencies = np.arange(roots // 2 + 1)  # the rest are conjugates
    powers = np.exp(2j * np.pi / roots * (np.outer(np.arange(ballots + 1), frequencies) % roots))

    terms = chances[..., None] * powers  # (q, m, votes, frequencies)
    level = terms[:, :, wins, None, :]  # (q, m, wins, 1, frequencies)
    below = np.cumsum(terms, axis=2)[:, :, wins - 1, None, :]
    nodes, weights = np.polynomial.legendre.leggauss((methods + 1) // 2)
    factors = below + ((nodes + 1) / 2)[:, None] * level  # (q, m, wins, nodes, frequencies)

    others = _products_of_the_others(factors)
    integrated = np.einsum("qmtuf,u->qmtf", others, weights / 2)
    once = np.full(len(frequencies), 2.0)
    once[0] = 1.0
    if roots % 2 == 0:
        once[-1] = 1.0
    coefficients = np.einsum("qmtf,tf,f->qmt", integrated, powers[ballots - wins].conj(), once).real
    won = np.maximum(np.sum(chances[:, :, wins] * coefficients, axis=2), 0.0)
    return won / won.sum(axis=1, keepdims=True)


def _negative_binomials(alphas: Floats, ballots: int) -> Floats:
    """Probabilities of 0 to `ballots` votes per method, before the sum is known: (q, m, ballots + 1)."""
    odds = ballots / (ballots + alphas.sum(axis=1))[:, None, None]  # any works; this one never underflows
    votes = np.arange(1, ballots + 1)
    ratios = (alphas[:, :, None] + votes - 1) / votes * odds
    none = (1 - odds) ** alphas[:, :, None]
    return np.concatenate([none, none * np.cumprod(ratios, axis=2)], axis=2)


def _products_of_the_others(factors: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """For each j on axis 1, the product of all factors but the j-th."""
    before = np.ones_like(factors)
    after = np.ones_like(factors)
    for method in range(1, factors.shape[1]):
        before[:, method] = before[:, method - 1] * factors[:, method - 1]
        after[:, -1 - method] = after[:, -method] * factors[:, -method]
    return before * after
