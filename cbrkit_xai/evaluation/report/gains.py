"""What each run gains over no case-based reasoning at all, with intervals over the cases."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from cbrkit_xai.evaluation.questions.contestants import at_stated_k
from cbrkit_xai.evaluation.questions.effect_sizes import SINGLE_BEST, Effect, effect_sizes
from cbrkit_xai.evaluation.questions.own_k import own_k
from cbrkit_xai.evaluation.results import GLOBAL_MEAN, Evaluation, Run

SKILL, ORACLE_GAP, REGRET = "skill", "oracle-gap-closed", "regret-against-single-best"

_REFERENCES = {SKILL: GLOBAL_MEAN, ORACLE_GAP: SINGLE_BEST, REGRET: SINGLE_BEST}


@attrs.frozen(kw_only=True, eq=False)
class GainOfRun:
    """How far a run gets from what needs no similar cases towards what could be had at best.

    Parameters
    ----------
    run : Run
        What was evaluated.
    k : int
        At which.
    effects : mapping of str to Effect
        By name; without those whose reference the run itself is.
    """

    run: Run
    k: int
    effects: Mapping[str, Effect]


def gains(evaluation: Evaluation) -> tuple[GainOfRun, ...]:
    """Return what each run gains, at its own k."""
    found = []
    for run in evaluation.runs.values():
        k = own_k(run)
        contestant = at_stated_k(evaluation, run, k)
        effects = {
            effect.name: effect
            for effect in effect_sizes(evaluation, contestant, seed=evaluation.protocol.seed)
            if _REFERENCES.get(effect.name) != run.label
        }
        found.append(GainOfRun(run=run, k=k, effects=effects))
    return tuple(found)
