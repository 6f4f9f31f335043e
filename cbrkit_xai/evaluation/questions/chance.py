"""Whether anything at any k predicts better than it would if votes were dealt to photos by chance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cbrkit_xai.evaluation.decisions.comparison import Comparison, cannot_be_tested
from cbrkit_xai.evaluation.decisions.max_statistic import MaxStatistic, max_statistic, standardised
from cbrkit_xai.evaluation.permutation.permutation_null import PermutationNull
from cbrkit_xai.evaluation.questions.asked import Asked
from cbrkit_xai.evaluation.questions.comparing import Study, marks


def asked_of_chance(study: Study, permutation: PermutationNull) -> Asked:
    """Return the question whether the best of all configurations and k is better than chance.

    Each statistic is the pooled squared error in units of its own spread over the permutations; a
    maximum over raw errors would be that of small k alone, whose errors vary most.

    Parameters
    ----------
    permutation : PermutationNull
        Of any runs; baselines among them do not count.
    """
    known = [run.label for run in study.evaluation.configurations]
    places = [place for place, (label, _) in enumerate(permutation.columns) if label in known]
    columns = [permutation.columns[place] for place in places]
    observed, draws = (values[..., places] for values in permutation.evidence)
    found = max_statistic(*standardised(observed, draws))
    reason = study.obstacle or found.problem
    details: dict[str, Any] = {
        "draws": found.draws,
        "kept": permutation.kept,
        "fixed_cases": permutation.fixed_cases,
        "columns": _columns(columns, found),
    }
    comparison, apparent = cannot_be_tested(reason), math.nan
    if not reason:
        best = int(np.nanargmin(found.single_step))
        comparison = Comparison(estimate=math.nan, p=float(found.single_step[best]))
        # The sign of a squared error again: below 0 is better than the permutations' mean.
        apparent = float(draws[:, best].mean() - observed[best])
        details["best"] = {"label": columns[best][0], "k": columns[best][1]}
    return Asked(
        kind="better-than-chance",
        labels=tuple(dict.fromkeys(label for label, _ in columns)),
        question="Does any configuration at any k predict better than chance?",
        statement=f"Some configuration at some k ({len(columns)} in all) predicts votes better than chance",
        comparison=comparison,
        is_one_sided=True,
        reason=reason,
        selected=True,
        apparent=apparent,
        remarks=() if reason else (_what_p_allows_for(details["best"], found), *marks(study, known)),
        details=details,
    )


def _what_p_allows_for(best: dict[str, Any], found: MaxStatistic) -> str:
    return (
        f"Selected: {best['label']} at k = {best['k']} stands out most of all; the p allows for that choice "
        f"(Westfall-Young maximum over {found.draws} permutations of the votes), the size of its error "
        "does not."
    )


def _columns(columns: list[tuple[str, int]], found: MaxStatistic) -> list[dict[str, Any]]:
    return [
        {"label": label, "k": k, "p": float(alone), "p_single_step": float(best), "p_step_down": float(down)}
        for (label, k), alone, best, down in zip(
            columns, found.single, found.single_step, found.step_down, strict=True
        )
    ]
