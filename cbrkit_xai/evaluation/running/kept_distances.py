"""All distances of a case base, kept beside the finished cells where measuring them takes long."""

from __future__ import annotations

import time

from cbrkit_xai.cases import Cases
from cbrkit_xai.configurations import Components, Configuration
from cbrkit_xai.evaluation.predicting.fold_predictions import distances_once
from cbrkit_xai.evaluation.running.cells import key_of_cell
from cbrkit_xai.evaluation.running.makers import decided_by
from cbrkit_xai.evaluation.running.plan import Plan
from cbrkit_xai.evaluation.working import cores
from cbrkit_xai.features import Array

LONG = 2.0
"""Seconds from which on a matrix is kept: others are measured anew sooner than they are read."""


def kept_distances(
    configuration: Configuration, components: Components, cases: Cases, plan: Plan
) -> Array | None:
    """Return what `distances_once` does, measured once for all that share the plan's cells.

    An evaluation that is interrupted after the minute that SSIM takes for 200 photos goes on without it.

    Parameters
    ----------
    configuration : Configuration
        Its metric and its representation decide the distances.
    components : Components
        Made of it.
    cases : Cases
        All of the base, in its representation.
    plan : Plan
        Of the same base.
    """
    key = _key(configuration, components, plan)
    kept = plan.cells.get(key)
    if kept is not None:
        return kept["distances"]
    started = time.perf_counter()
    distances = distances_once(components, cases, workers=cores())
    if distances is not None and time.perf_counter() - started >= LONG:
        plan.cells.put(key, {"distances": distances})
    return distances


def _key(configuration: Configuration, components: Components, plan: Plan) -> str | None:
    # Of what is fitted only the metric and the representation matter; the rest is what every one has.
    bare = configuration.evolve(organizer="linear", aggregator="mean", reuse="mean", retention="always", k=1)
    fit = decided_by(bare, plan.base, components, plan.registry)
    return None if fit is None else key_of_cell({"distances": fit})
