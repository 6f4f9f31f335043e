"""Whether it is the clustering that helps or harms, or the averaging that any groups would do."""

from __future__ import annotations

import attrs

from cbrkit_xai.evaluation.decisions.comparison import Comparison, cannot_be_tested
from cbrkit_xai.evaluation.decisions.corrected_t import corrected_t
from cbrkit_xai.evaluation.questions.differences import paired_differences
from cbrkit_xai.evaluation.questions.left_out_folds import left_out
from cbrkit_xai.evaluation.results import Evaluation


@attrs.frozen(kw_only=True)
class Gain:
    """A clustered prediction against another, on the same held-out cases; it describes and decides nothing.

    What decides is the answer to a question, at a k stated beforehand and corrected for all that were asked.

    Parameters
    ----------
    against : str
        Label of the other run.
    k : int
        Prototypes that the clustered prediction rests on.
    other_k : int
        Entries that the other rests on; 0 for one without neighbours.
    comparison : Comparison
        Mean difference of the squared error in votes squared, clustered less other: below 0 the clusters
        are better. By the corrected resampled t test.
    note : str
        Which folds are left out; empty where none is.
    """

    against: str
    k: int
    other_k: int
    comparison: Comparison
    note: str = ""


def gain(evaluation: Evaluation, first: tuple[str, int], second: tuple[str, int]) -> Gain:
    """Compare two runs, each `(label, k)`, over the folds of the evaluation.

    Folds in which one of them was not organised are left out, as `left_out` allows.
    """
    found = [left_out(evaluation, evaluation.run(label)) for label, _ in (first, second)]
    problem = next((one.problem for one in found if one.problem), "")
    return Gain(
        against=second[0],
        k=first[1],
        other_k=second[1],
        comparison=cannot_be_tested(problem) if problem else _compared(evaluation, first, second),
        note="" if problem else next((one.note for one in found if one.note), ""),
    )


def _compared(evaluation: Evaluation, first: tuple[str, int], second: tuple[str, int]) -> Comparison:
    differences = paired_differences(evaluation, first, second)
    return corrected_t(
        differences.tested, differences.test_over_training, least_variance=differences.least_variance
    )
