"""Evaluation that is hard to misread: every prediction on held-out cases, beside what it must beat.

Every public name stands in `__all__`; each is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbrkit_xai.lazy_names import lazy_names

if TYPE_CHECKING:
    from cbrkit_xai.evaluation.clusters.explaining import explain_clusters
    from cbrkit_xai.evaluation.experiment import evaluate
    from cbrkit_xai.evaluation.holding_out.folds import Folds, Split
    from cbrkit_xai.evaluation.holding_out.groups import Groups, Link
    from cbrkit_xai.evaluation.holding_out.protocol import Protocol
    from cbrkit_xai.evaluation.questions.across_bases import across_bases
    from cbrkit_xai.evaluation.questions.answer import Answer
    from cbrkit_xai.evaluation.questions.answering import answers
    from cbrkit_xai.evaluation.report.writing import write_report
    from cbrkit_xai.evaluation.results import Evaluation, Run, StatedConfidence, Timing
    from cbrkit_xai.evaluation.simulation.configured import simulated_configuration, simulated_registry
    from cbrkit_xai.evaluation.simulation.sample import Sample, winning_credit
    from cbrkit_xai.evaluation.simulation.truth import Truth
    from cbrkit_xai.evaluation.simulation.vectors import SimulatedVectors
    from cbrkit_xai.evaluation.simulation.world import World
    from cbrkit_xai.evaluation.tuning.procedure import tune
    from cbrkit_xai.evaluation.tuning.tuned import Tuning
    from cbrkit_xai.evaluation.writing import write_results

_HOME = {
    "Answer": "questions.answer",
    "Evaluation": "results",
    "Folds": "holding_out.folds",
    "Groups": "holding_out.groups",
    "Link": "holding_out.groups",
    "Protocol": "holding_out.protocol",
    "Run": "results",
    "Sample": "simulation.sample",
    "SimulatedVectors": "simulation.vectors",
    "Split": "holding_out.folds",
    "StatedConfidence": "results",
    "Timing": "results",
    "Truth": "simulation.truth",
    "Tuning": "tuning.tuned",
    "World": "simulation.world",
    "across_bases": "questions.across_bases",
    "answers": "questions.answering",
    "evaluate": "experiment",
    "explain_clusters": "clusters.explaining",
    "simulated_configuration": "simulation.configured",
    "simulated_registry": "simulation.configured",
    "tune": "tuning.procedure",
    "winning_credit": "simulation.sample",
    "write_report": "report.writing",
    "write_results": "writing",
}

__all__ = [
    "Answer",
    "Evaluation",
    "Folds",
    "Groups",
    "Link",
    "Protocol",
    "Run",
    "Sample",
    "SimulatedVectors",
    "Split",
    "StatedConfidence",
    "Timing",
    "Truth",
    "Tuning",
    "World",
    "across_bases",
    "answers",
    "evaluate",
    "explain_clusters",
    "simulated_configuration",
    "simulated_registry",
    "tune",
    "winning_credit",
    "write_report",
    "write_results",
]

__getattr__, __dir__ = lazy_names(__name__, _HOME, __all__)
