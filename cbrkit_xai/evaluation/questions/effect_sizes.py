"""How large an effect is, in three numbers that mean something without the scale of the votes."""

from __future__ import annotations

import math
from collections.abc import Mapping

import attrs
import numpy as np

from cbrkit_xai.evaluation.decisions.bootstrap import CONDITIONAL, Statistic, bca
from cbrkit_xai.evaluation.questions.contestants import Contestant, at_stated_k
from cbrkit_xai.evaluation.questions.differences import PerCase, over_repeats
from cbrkit_xai.evaluation.results import GLOBAL_MEAN, Evaluation
from cbrkit_xai.evaluation.scoring.rankings import regret
from cbrkit_xai.evaluation.scoring.vote_errors import squared_error
from cbrkit_xai.features import Array

SINGLE_BEST = "single-best-method"
"""The baseline that always shows the method that is best over the training cases."""


@attrs.frozen(kw_only=True)
class Effect:
    """One effect size with its interval.

    Parameters
    ----------
    name : {"skill", "oracle-gap-closed", "regret-against-single-best"}
        Which.
    words : str
        What it is.
    better : {"higher", "lower"}
        Which way is better.
    unit : str
        "votes", or empty for a share.
    estimate : float
        NaN where there is none.
    interval : (float, float)
        95 %, BCa by group.
    label : str
        What the interval is conditional on.
    problem : str
        Why there is no estimate or no interval; empty if there are both.
    """

    name: str
    words: str
    better: str
    unit: str = ""
    estimate: float = math.nan
    interval: tuple[float, float] = (math.nan, math.nan)
    label: str = CONDITIONAL
    problem: str = ""


def effect_sizes(
    evaluation: Evaluation, contestant: Contestant, *, seed: int = 0, level: float = 0.95
) -> tuple[Effect, ...]:
    """Return skill, the share of the oracle's gap that is closed, and regret against the single best method.

    With MSE the mean of per-case squared errors and R the mean regret (votes of the best method less votes of
    the method shown; the oracle's is 0),

        skill = 1 - MSE / MSE(global mean),
        gap closed = 1 - R / R(single best method),
        regret against the single best = R - R(single best method).

    Each case counts by its mean over the repeats.

    Parameters
    ----------
    contestant : Contestant
        Of this evaluation.
    seed : int
        Of the resampling.
    level : float
        Of the intervals.

    References
    ----------
    Skill: Murphy, Skill scores based on the mean square error, Monthly Weather Review 116 (1988)
    2417-2424. Gap between single best and oracle ("virtual best"): Lindauer, van Rijn & Kotthoff, The
    algorithm selection competitions 2015 and 2017, Artificial Intelligence 272 (2019) 86-100.
    """
    return tuple(
        _filled(effect, evaluation, contestant, seed=seed, level=level) for effect in (_SKILL, _GAP, _LOST)
    )


def skill(evaluation: Evaluation, contestant: Contestant) -> float:
    """Return the estimate of `effect_sizes` for skill, without its interval; NaN where there is none."""
    compared = _compared(_SKILL, evaluation, contestant)
    return math.nan if isinstance(compared, str) else float(share_gained(compared.columns.mean(axis=0)))


def share_gained(means: Array) -> Array:
    """Return 1 - the first mean error / the second, `(..., 2) -> (...)`."""
    return 1 - means[..., 0] / means[..., 1]


def _difference(means: Array) -> Array:
    return means[..., 0] - means[..., 1]


_SKILL = Effect(
    name="skill", words="1 - MSE / MSE of the global mean: 1 is perfect, 0 no better", better="higher"
)
_GAP = Effect(
    name="oracle-gap-closed",
    words="share won of the votes that lie between the single best method and the oracle",
    better="higher",
)
_LOST = Effect(
    name="regret-against-single-best",
    words="votes lost by the method shown, less those lost by always showing the single best method",
    better="lower",
    unit="votes",
)
_COMPUTED: Mapping[str, tuple[str, PerCase, Statistic]] = {
    _SKILL.name: (GLOBAL_MEAN, squared_error, share_gained),
    _GAP.name: (SINGLE_BEST, regret, share_gained),
    _LOST.name: (SINGLE_BEST, regret, _difference),
}
"""Of each effect, the reference, the error of a case, and what is made of the two means."""


@attrs.frozen(kw_only=True, eq=False)
class _Compared:
    """Errors of a contestant and of the reference, each case by its mean over the repeats."""

    columns: Array  # (cases where both predict, 2)
    groups: Array


def _compared(effect: Effect, evaluation: Evaluation, contestant: Contestant) -> _Compared | str:
    """Return what an effect is made of, or why there is none."""
    reference, error, statistic = _COMPUTED[effect.name]
    if reference not in evaluation.runs:
        return f"the baseline {reference} was not evaluated"
    other = at_stated_k(evaluation, evaluation.run(reference))
    problem = contestant.problem or other.problem
    if problem:
        return problem
    errors = np.stack([one.errors(evaluation, error) for one in (contestant, other)])
    paired = ~np.isnan(errors).any(axis=0)  # what the one left out says nothing of the other
    columns = np.stack([over_repeats(np.where(paired, one, np.nan)) for one in errors], axis=1)
    there = ~np.isnan(columns).any(axis=1)
    if not there.any():
        return "nobody voted on any case that was held out"
    if statistic is share_gained and not columns[there, 1].any():
        return f"{reference} errs nowhere, so there is nothing to gain"
    return _Compared(columns=columns[there], groups=evaluation.groups.labels[there])


def _filled(
    effect: Effect, evaluation: Evaluation, contestant: Contestant, *, seed: int, level: float
) -> Effect:
    compared = _compared(effect, evaluation, contestant)
    if isinstance(compared, str):
        return attrs.evolve(effect, problem=compared)
    _, _, statistic = _COMPUTED[effect.name]
    found = bca(compared.columns, compared.groups, statistic, seed=seed, level=level)
    return attrs.evolve(effect, estimate=found.estimate, interval=found.interval, problem=found.problem)
