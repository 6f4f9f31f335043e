"""How a simulated photo is voted on, and how far such votes vary."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cbrkit_xai.features import Array

if TYPE_CHECKING:
    from cbrkit_xai.evaluation.simulation.world import World


def chances_of_a_vote(world: World, honest: Array) -> Array:
    """Return the chance of each method for any vote, `(n, methods)`: adversaries cast some of them.

    Parameters
    ----------
    world : World
        Its share of adversaries, and their kind.
    honest : array of shape (n, methods)
        Chances for the others' votes; rows sum to 1, NaN where nobody is asked.
    """
    return _with_adversaries(world, honest, honest)


def cast(world: World, honest: Array, rng: np.random.Generator) -> tuple[Array, Array | None]:
    """Draw the votes of each photo.

    Parameters
    ----------
    honest : array of shape (n, methods)
        As in `chances_of_a_vote`; the photos' own chances scatter around them.

    Returns
    -------
    votes : array of shape (n, methods)
        float64 counts; NaN where nobody is asked.
    choices : array of shape (n, voters), or None
        int64 method of each judge; None for people, of whom the counts alone are kept.
    """
    asked = ~np.isnan(honest)
    own = np.nan_to_num(honest)
    if world.scatter is not None:
        gammas = rng.standard_gamma(world.scatter * own)
        own = gammas / gammas.sum(axis=1, keepdims=True)
    chances = np.nan_to_num(_with_adversaries(world, np.where(asked, own, np.nan), honest))
    chances /= chances.sum(axis=1, keepdims=True)
    if not world.families:
        return np.where(asked, rng.multinomial(world.voters, chances), np.nan), None
    choices = _judges_choices(world, chances, rng)
    counts = np.stack([(choices == method).sum(axis=1) for method in range(chances.shape[1])], axis=1)
    return np.where(asked, counts, np.nan), choices


def variances(world: World, honest: Array) -> Array:
    """Return the variance of each photo's number of votes, `(n, methods)`; NaN where nobody is asked.

    Two votes for a method go together where the photo's own chance of it is high or low by scatter, whose
    variance is p (1 - p) / (concentration + 1), and where two judges repeat their family's one vote.
    """
    chances = chances_of_a_vote(world, honest)
    single = chances * (1 - chances)
    by_scatter = np.zeros_like(single)
    if world.scatter is not None:
        by_scatter = (1 - world.adversarial) ** 2 * honest * (1 - honest) / (world.scatter + 1)
    together, apart = _pairs(world)
    both_repeat = world.agreement**2
    in_one_family = both_repeat * single + (1 - both_repeat) * by_scatter
    return world.voters * single + together * in_one_family + apart * by_scatter


def _with_adversaries(world: World, own: Array, honest: Array) -> Array:
    if world.adversarial == 0:
        return own
    asked = ~np.isnan(honest)
    places = np.arange(honest.shape[1])
    if world.adversary == "worst":
        taken = places == np.nanargmin(honest, axis=1)[:, None]
    elif world.adversary == "constant":
        taken = places == np.where(asked, places, -1).max(axis=1)[:, None]
    else:
        taken = asked
    theirs = taken / taken.sum(axis=1, keepdims=True)
    return (1 - world.adversarial) * own + world.adversarial * theirs


def _judges_choices(world: World, chances: Array, rng: np.random.Generator) -> Array:
    """Let each family cast one vote, which its judges repeat or not, `(n, voters)`."""
    n = len(chances)
    of_families = _choose(chances, rng.random((n, world.families)))
    of_their_own = _choose(chances, rng.random((n, world.voters)))
    repeats = rng.random((n, world.voters)) < world.agreement
    return np.where(repeats, of_families[:, _family_of_each(world)], of_their_own)


def _choose(chances: Array, luck: Array) -> Array:
    """Turn uniform numbers `(n, v)` into methods `(n, v)`."""
    bounds = np.cumsum(chances, axis=1)
    bounds /= bounds[:, -1:]  # luck is below 1, and rounding must not choose what nobody is asked about
    choices = np.zeros(luck.shape, dtype=np.int64)
    for bound in bounds.T[:-1]:
        choices += luck >= bound[:, None]
    return choices


def _family_of_each(world: World) -> Array:
    return np.arange(world.voters) % world.families


def _pairs(world: World) -> tuple[int, int]:
    """Ordered pairs of voters of one family, and of different families or of people."""
    pairs = world.voters * (world.voters - 1)
    if not world.families:
        return 0, pairs
    sizes = np.bincount(_family_of_each(world))
    together = int((sizes * (sizes - 1)).sum())
    return together, pairs - together
