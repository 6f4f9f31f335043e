"""From a tested question to its answer in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import attrs

from cbrkit_xai.evaluation.decisions.comparison import Comparison
from cbrkit_xai.evaluation.questions.answer import CANNOT_TELL, NO, YES, Answer, Sensitivity, Verdict
from cbrkit_xai.evaluation.wording import counted, number, p_value, span


@attrs.frozen(kw_only=True, eq=False)
class Asked:
    """A question that was tested, before all of them are corrected together.

    Parameters
    ----------
    kind, labels, question
        As of the answer.
    statement : str
        What "yes" says.
    comparison : Comparison
        The primary test; below the boundary speaks for "yes".
    boundary : float
        Of the mean difference.
    boundary_words : str
        What the boundary is, such as "no difference".
    unit : str
        Of the difference.
    region : float
        A difference that is too small to matter, in the same unit; 0 where none was stated.
    is_one_sided : bool
        Whether the test can never show a "no".
    reason : str
        Why nothing was tested, where it is not the comparison that says so.
    selected, apparent, sensitivity, details
        As of the answer.
    remarks : tuple of str
        Sentences that must stand with the answer, whatever it is.
    """

    kind: str
    labels: tuple[str, ...]
    question: str
    statement: str
    comparison: Comparison
    boundary: float = 0.0
    boundary_words: str = "no difference"
    unit: str = "votes²"
    region: float = 0.0
    is_one_sided: bool = False
    reason: str = ""
    selected: bool = False
    apparent: float = math.nan
    sensitivity: tuple[Sensitivity, ...] = ()
    remarks: tuple[str, ...] = ()
    details: Mapping[str, Any] = attrs.field(factory=dict)


def answered(asked: Asked, p_adjusted: float, *, questions: int, alpha: float) -> Answer:
    """Return the answer, given the p that allows for all questions asked.

    Parameters
    ----------
    p_adjusted : float
        NaN where nothing was tested.
    questions : int
        How many were asked.
    alpha : float
        What `p_adjusted` may be at most for a "yes" or a "no".
    """
    verdict = _verdict(asked, p_adjusted, alpha)
    because = _because(asked, verdict, p_adjusted, questions, alpha)
    sentence = " ".join([f"{asked.statement}: {verdict}, because {because}.", *asked.remarks])
    compared = asked.comparison
    return Answer(
        kind=asked.kind,
        labels=asked.labels,
        question=asked.question,
        verdict=verdict,
        sentence=sentence,
        estimate=compared.estimate,
        interval=compared.interval,
        unit=asked.unit,
        p=compared.p,
        p_adjusted=p_adjusted,
        selected=asked.selected,
        apparent=asked.apparent,
        sensitivity=asked.sensitivity,
        details={"boundary": asked.boundary, "questions": questions, "alpha": alpha, **asked.details},
    )


def _verdict(asked: Asked, p_adjusted: float, alpha: float) -> Verdict:
    if math.isnan(p_adjusted) or p_adjusted > alpha:
        return CANNOT_TELL
    if asked.is_one_sided or asked.comparison.estimate < asked.boundary:
        return YES
    return NO


def _because(asked: Asked, verdict: Verdict, p_adjusted: float, questions: int, alpha: float) -> str:
    compared = asked.comparison
    if asked.reason or compared.problem:
        return asked.reason or f"it {compared.problem}"
    p = f"{p_value(compared.p)}, after Holm over {counted(questions, 'question')} {p_value(p_adjusted)}"
    if asked.is_one_sided:
        return p
    level = f"{100 * (1 - alpha):g} % interval"
    reading = f"below 0 is better; {p}"
    if asked.boundary:
        reading = f"below {asked.boundary_words}, {number(asked.boundary)}, is no worse; against it {p}"
    measured = (
        f"the mean difference is {number(compared.estimate)} {asked.unit} "
        f"({level} {span(compared.interval)}, {reading})"
    )
    if verdict != CANNOT_TELL:
        return measured
    if compared.p <= alpha:
        return f"{measured}: so small a p is not rare enough among so many questions"
    return f"{measured}: the interval reaches to both sides of {asked.boundary_words}{_ruled_out(asked)}"


def _ruled_out(asked: Asked) -> str:
    """Say it where the interval leaves no room for a gain that would matter."""
    if asked.boundary or not asked.region or asked.comparison.interval[0] <= -asked.region:
        return ""
    return f", but leaves no room for a gain of {number(asked.region)} {asked.unit}, which is the margin"
