"""Evaluation that is hard to misread: every prediction on held-out cases, beside what it must beat.

Every public name stands in `__all__`; each is imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cbrkit_xai.evaluation.experiment import evaluate
    from cbrkit_xai.evaluation.holding_out.folds import Folds, Split
    from cbrkit_xai.evaluation.holding_out.groups import Groups, Link
    from cbrkit_xai.evaluation.holding_out.protocol import Protocol
    from cbrkit_xai.evaluation.questions.answer import Answer
    from cbrkit_xai.evaluation.questions.answering import answers
    from cbrkit_xai.evaluation.results import Evaluation, Run, StatedConfidence, Timing
    from cbrkit_xai.evaluation.running.writing import write_results

_HOME = {
    "Answer": "questions.answer",
    "Evaluation": "results",
    "Folds": "holding_out.folds",
    "Groups": "holding_out.groups",
    "Link": "holding_out.groups",
    "Protocol": "holding_out.protocol",
    "Run": "results",
    "Split": "holding_out.folds",
    "StatedConfidence": "results",
    "Timing": "results",
    "answers": "questions.answering",
    "evaluate": "experiment",
    "write_results": "running.writing",
}

__all__ = [
    "Answer",
    "Evaluation",
    "Folds",
    "Groups",
    "Link",
    "Protocol",
    "Run",
    "Split",
    "StatedConfidence",
    "Timing",
    "answers",
    "evaluate",
    "write_results",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
