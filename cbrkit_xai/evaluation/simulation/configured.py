"""What a simulated base is evaluated with: a registry that knows its features, and a configuration."""

from __future__ import annotations

from typing import Any

from cbrkit_xai.choice import use
from cbrkit_xai.configurations import Configuration
from cbrkit_xai.evaluation.simulation import vectors
from cbrkit_xai.evaluation.simulation.world import World
from cbrkit_xai.registry import Registry


def simulated_registry() -> Registry:
    """Return a registry of the core's own components and the simulated vectors, nothing installed."""
    registry = Registry()
    registry.register(vectors, name="simulation")
    return registry


def simulated_configuration(world: World, **parts: Any) -> Configuration:
    """Return a configuration that fits the bases of a world: Euclidean, linear, k = 5.

    An evaluation takes photos for one whose vectors point the same way, as those of different photos easily
    do in few dimensions; `Protocol(latent_cosine=1)` keeps them apart.

    Parameters
    ----------
    world : World
        Whose photos are to be compared.
    **parts
        Other components, a name or k, as `Configuration` takes them.
    """
    given = {
        "name": "simulated",
        "representation": use(vectors.NAME, dimensions=world.dimensions),
        "metric": "euclidean",
    }
    return Configuration(**{**given, **parts})
