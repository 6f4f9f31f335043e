"""How the pages name what was done, and on whose votes."""

from __future__ import annotations

from cbrkit_xai.evaluation.report.first_screen import subtitle
from cbrkit_xai.evaluation.results import Evaluation
from cbrkit_xai.evaluation.wording import counted


def procedure(evaluation: Evaluation) -> str:
    """Return what this is: the paper's procedure, on people's votes or not."""
    return "procedure on automatic votes" if evaluation.is_automatic else "procedure on people's votes"


def about_the_base(evaluation: Evaluation) -> str:
    """Say the same below a picture of the whole base, of which nothing is held out."""
    cases = counted(len(evaluation.cases), "photo")
    return f"The paper's {procedure(evaluation)}; {evaluation.name}, {cases}; {evaluation.provenance}"


def about(evaluation: Evaluation, whose: str = "The paper's") -> str:
    """Say below a picture's title what it is about; a picture will be shown without its page."""
    return f"{whose} {procedure(evaluation)}; {subtitle(evaluation)}"
