"""How far a probability may lie from the share of hits that was seen: bounds for Bernoulli samples."""

from __future__ import annotations

import math

import numpy as np

from cbrkit_xai.features import Array

_HALVINGS = 40
"""Steps of the bisection; it ends within 2^-40 of the bound, on the cautious side of it."""


def bernoulli_kl(p: Array, q: Array) -> Array:
    """Return the Kullback-Leibler divergence of Bernoulli(p) from Bernoulli(q), in nats; may be infinite."""
    p, q = np.broadcast_arrays(np.asarray(p, dtype=np.float64), np.asarray(q, dtype=np.float64))
    return _part(p, q) + _part(1 - p, 1 - q)


def kl_lower(means: Array, level: Array) -> Array:
    """Return the smallest q <= mean with `bernoulli_kl(mean, q) <= level`, or just below it.

    Parameters
    ----------
    means : float array
        Shares of hits, 0 to 1.
    level : float array that broadcasts with it
        log(1 / delta) / samples for a bound that fails with a probability of at most delta
        (Chernoff), and `exploration(...) / samples` where it must hold at all times at once.
    """
    return 1 - kl_upper(1 - np.asarray(means, dtype=np.float64), level)


def kl_upper(means: Array, level: Array) -> Array:
    """Return the largest q >= mean with `bernoulli_kl(mean, q) <= level`, or just above it."""
    low, level = np.broadcast_arrays(np.asarray(means, dtype=np.float64), np.asarray(level, dtype=np.float64))
    mean, high = low, np.ones_like(low)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        inside = bernoulli_kl(mean, middle) <= level
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return high


def exploration(arms: int, round_: int, delta: float) -> float:
    """Return beta(t, delta): how much evidence bounds on many arms need to hold in every round.

    Kaufmann and Kalyanakrishnan 2013, theorem 1, with the constants of Ribeiro et al. 2018:
    `log(k K t^a / delta)` plus the logarithm of itself, k = 405.5 and a = 1.1.

    Parameters
    ----------
    arms : int
        Candidates that are compared, K.
    round_ : int
        Number of the round, t, from 1 on.
    delta : float
        Probability that any bound fails in any round.
    """
    plain = math.log(405.5 * arms * round_**1.1 / delta)
    return plain + math.log(plain)


def exact_lower(hits: int, samples: int, delta: float) -> float:
    """Return the lower bound of Clopper and Pearson (1934) on a probability.

    It lies above the truth with a probability of at most delta, for any truth and any number of
    samples that was fixed beforehand.

    Parameters
    ----------
    hits, samples : int
        Successes, and tries; 0 <= hits <= samples.
    delta : float
        Between 0 and 1.
    """
    from scipy.special import betaincinv  # on use: listing plugins must not load scipy

    return float(betaincinv(hits, samples - hits + 1, delta)) if hits else 0.0


def _part(p: Array, q: Array) -> Array:
    """Return p log(p / q), which is 0 for p = 0 and infinite for q = 0 < p."""
    terms = np.zeros_like(p)
    np.divide(p, q, out=terms, where=(p > 0) & (q > 0))
    np.log(terms, out=terms, where=terms > 0)
    terms *= p
    return np.where((p > 0) & (q <= 0), np.inf, terms)
