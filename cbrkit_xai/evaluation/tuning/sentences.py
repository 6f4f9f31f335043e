"""What tuning has found, in words."""

from __future__ import annotations

import math

from cbrkit_xai.evaluation.decisions.comparison import Comparison
from cbrkit_xai.evaluation.tuning.estimate import Estimate
from cbrkit_xai.evaluation.tuning.tuned import Tuning
from cbrkit_xai.evaluation.wording import counted, number, p_value, span

UNIT = "votes²"
"""Of a squared error."""

FEW_GROUPS = 30
"""With fewer groups of photos a standard error is hardly known itself."""

_NOTHING_SEEN = "nothing in this grid was seen to predict these votes better than it does"
_NO_PROOF = "That is no proof that nothing does."


def sentences(tuning: Tuning) -> tuple[str, ...]:
    """Return who wins and why, what the procedure is worth, and what is recommended."""
    found = [_verdict(tuning), _worth(tuning), _flattery(tuning), _recommended(tuning), _caution(tuning)]
    return tuple(sentence for sentence in found if sentence)


def _verdict(tuning: Tuning) -> str:
    overall, winner = tuning.overall, tuning.winner
    least, best = float(overall.errors[overall.least]), tuning.points[overall.least]
    of_mean = float(overall.errors[0])
    if not of_mean:
        return "The global mean wins: it errs nowhere, so there is nothing that similarity could predict."
    among = counted(len(tuning.points), "candidate")
    if tuning.mean_wins and overall.least == 0:
        return (
            f"The global mean wins: {_NOTHING_SEEN}. Its squared error, {number(of_mean)} {UNIT}, is the "
            f"least of {among}. {_NO_PROOF}"
        )
    compared = f"the least of {among} ({number(least)} by {best.name})"
    if tuning.mean_wins:
        return (
            f"The global mean wins: {_NOTHING_SEEN} by more than one standard error. The global mean's "
            f"squared error, {number(of_mean)} {UNIT}, is {number(of_mean - least)} above {compared}; "
            f"one standard error is {_standard_error(overall.standard_error)}, and nothing is simpler. "
            f"{_NO_PROOF}"
        )
    error = float(overall.errors[overall.chosen])
    if overall.chosen == overall.least:
        told = f"is the least of {among}, and no simpler one comes within one standard error of it"
    else:
        told = f"is within one standard error of {compared}, and no simpler one's is"
    return (
        f"{winner.name} wins: its squared error, {number(error)} {UNIT}, {told} "
        f"({_standard_error(overall.standard_error)}). The global mean's is {number(of_mean)}."
    )


def _standard_error(value: float) -> str:
    return "unknown, for want of groups" if math.isinf(value) else number(value)


def _worth(tuning: Tuning) -> str:
    estimate, folds = tuning.estimate, len(tuning.in_folds)
    times = tuning.times_chosen()
    mean = tuning.points[0].name
    if times == {mean: folds}:
        return (
            f"The training cases of each of the {folds} folds chose the global mean as well, so the whole "
            f"procedure errs on photos that had no part in its choices what the global mean does: "
            f"{number(estimate.error)} {UNIT}."
        )
    often = ", ".join(f"{name} in {counted(times_of, 'fold')}" for name, times_of in times.items())
    return (
        f"On photos that had no part in its choices the whole procedure errs {number(estimate.error)} "
        f"{UNIT}, the global mean {number(estimate.error_of_mean)}: {_skill(estimate)}"
        f"{_difference(estimate.difference)}. Of {folds} folds it chose {often}."
    )


def _skill(estimate: Estimate) -> str:
    skill = estimate.skill
    if math.isnan(skill.estimate):
        return "there is no skill"
    if skill.problem:
        return f"a skill of {number(skill.estimate)}"
    return f"a skill of {number(skill.estimate)} (95 % interval {span(skill.interval)}, {skill.label})"


def _difference(compared: Comparison) -> str:
    if compared.problem:
        return f"; the difference {compared.problem}"
    return (
        f"; a difference of {number(compared.estimate)} (95 % interval {span(compared.interval)}, "
        f"{p_value(compared.p)}, corrected t)"
    )


def _flattery(tuning: Tuning) -> str:
    """Say what the least error promises, and what taking it keeps."""
    estimate = tuning.estimate
    if not estimate.error_of_mean or tuning.overall.least == 0:
        return ""
    return (
        f"The least of the candidates' errors, {number(estimate.apparent_error)} {UNIT}, is selected and "
        "judged by the same photos. To take the least without the rule errs "
        f"{number(estimate.error_by_least)} on photos that had no part in it."
    )


def _recommended(tuning: Tuning) -> str:
    label = tuning.recommended.label
    if not tuning.mean_wins:
        return f"Recommended: {label} with k = {tuning.recommended.k}."
    return (
        f"Recommended: {label} with k = {tuning.recommended.k}. Its recommender learns how far to trust "
        "similar photos; where that gains nothing it answers by the overall average, and says so "
        "(basis: overall)."
    )


def _caution(tuning: Tuning) -> str:
    if tuning.groups.number >= FEW_GROUPS:
        return ""
    return (
        f"{tuning.groups.number} groups of photos are few: the standard error by which is chosen is hardly "
        "known itself."
    )
