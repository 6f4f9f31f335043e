"""Simulated case bases whose truth is known, by which decisions and statements can be checked."""

from cbrkit_xai.evaluation.simulation.configured import simulated_configuration, simulated_registry
from cbrkit_xai.evaluation.simulation.sample import Sample, winning_credit
from cbrkit_xai.evaluation.simulation.truth import Truth
from cbrkit_xai.evaluation.simulation.vectors import SimulatedVectors
from cbrkit_xai.evaluation.simulation.world import World

__all__ = [
    "Sample",
    "SimulatedVectors",
    "Truth",
    "World",
    "simulated_configuration",
    "simulated_registry",
    "winning_credit",
]
