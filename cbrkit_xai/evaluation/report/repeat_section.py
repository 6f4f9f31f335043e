"""With what an evaluation was made, and the command that repeats it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cbrkit_xai.evaluation.questions.answer import Answer
from cbrkit_xai.evaluation.report.repeating import repeating
from cbrkit_xai.evaluation.results import Evaluation


def repeat_section(
    evaluation: Evaluation,
    given: str = "",
    draws: int = 0,
    answers: Sequence[Answer] = (),
    margin: float | None = None,
) -> dict[str, Any]:
    """Return what the section shows.

    Parameters
    ----------
    given : str
        The command line, where it is known; otherwise it is told from the evaluation.
    draws : int
        How often votes were shuffled.
    answers : sequence of Answer
        As `answers` gives them.
    margin : float, optional
        Of non-inferiority, as it was given to `answers`.
    """
    told = None if given else repeating(evaluation, draws, answers, margin)
    exceptions = told.exceptions if told else ()
    if told and evaluation.substituted:
        substitute = "What stands for what was allowed by --substitute NAME=VALUE, which must be given again."
        exceptions = (*exceptions, substitute)
    remark = "BASE is the case base whose content has the hash below. "
    if exceptions:
        remark += "The command alone does not repeat everything:"
    else:
        remark += (
            "The same base, versions and seed give the same bytes of every file but the times, on the same "
            "machine."
        )
    return {
        "command": told.command if told else given,
        "remark": remark,
        "exceptions": exceptions,
        "versions": sorted(evaluation.versions.items()),
        "seed": evaluation.protocol.seed,
        "hashes": list(evaluation.hashes.items()),
    }
