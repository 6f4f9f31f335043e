"""The k at which a run stands in tables: its configuration's own, chosen before anything was seen."""

from __future__ import annotations

from cbrkit_xai.evaluation.results import Run


def own_k(run: Run) -> int:
    """Return the k of the run's configuration, or the nearest (of two, the lower) that was evaluated."""
    wanted = 0 if run.configuration is None else run.configuration.k
    return min(run.ks, key=lambda k: (abs(k - wanted), k))


def at_another_k(run: Run) -> str:
    """Say that a run stands at another k than its own; empty where it does not.

    `evaluate` evaluates each configuration's own k; an evaluation that is made otherwise may lack it.
    """
    if run.configuration is None or run.configuration.k in run.ks:
        return ""
    return f"{run.label}'s own k = {run.configuration.k} was not evaluated; it is judged at k = {own_k(run)}"


def telling_k(run: Run) -> int:
    """Return a clustered run's own k, or the least one where its own reaches the number of prototypes.

    From there on every query gets one prediction, which says nothing about the clusters.
    """
    known = run.entries[run.entries > 0]
    return own_k(run) if len(known) and own_k(run) < known.min() else run.ks[0]
