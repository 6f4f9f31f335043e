"""An evaluation as people read it on a terminal; the report says more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cbrkit_xai.cli.terminal import print_table, print_wrapped, say

if TYPE_CHECKING:
    from cbrkit_xai.evaluation.questions.answer import Answer
    from cbrkit_xai.evaluation.results import Evaluation, Run


def print_evaluation(
    evaluation: Evaluation, answers: Sequence[Answer] = (), written: Sequence[Path] = ()
) -> None:
    """Print the scores of each run and the answers in words, with what must be known to read them."""
    from cbrkit_xai.evaluation.wording import counted

    folds, groups = evaluation.folds, evaluation.groups
    say(f"{evaluation.name}: {len(evaluation.cases)} cases · {evaluation.provenance}")
    dealt = f"{counted(folds.repeats, 'repeat')} of {counted(folds.per_repeat, 'fold')}"
    say(
        f"{evaluation.protocol.scheme}, {dealt}, seed {evaluation.protocol.seed}; "
        f"{groups.number} groups of photos"
    )
    print_warnings(evaluation)
    columns = ("", "k", "pooled RMSE", "RMSE per case", "top-1", "skill against global-mean")
    print_table(columns, [_row(run, evaluation) for run in evaluation.runs.values()])
    for answer in answers:
        print_wrapped(answer.sentence)
    for run in evaluation.configurations:  # what is like them fails where they do
        for problem in run.problems:
            print_wrapped(f"{run.label}: {problem}")
    for note in evaluation.notes:
        print_wrapped(f"note: {note}")
    if evaluation.is_automatic:
        print_wrapped(f"{evaluation.provenance}: the scores say how well automatic judges are predicted")
    if written:
        say(f"report: {written[0]}")
        say(f"beside it: {', '.join(path.name for path in written[1:])}")


def print_warnings(evaluation: Evaluation) -> None:
    """Print what must not be overlooked in any number that follows."""
    from cbrkit_xai.evaluation.wording import leak_in_words, short_list

    leaking = [run.label for run in evaluation.configurations if run.leaks]
    if leaking:
        print_wrapped(
            f"LEAK: {leak_in_words(evaluation.leaks)} (--cluster-scope global): the errors of "
            f"{short_list(leaking)} are too small"
        )
    if evaluation.substituted:
        print_wrapped(f"SUBSTITUTED: {evaluation.substituted}")


def _row(run: Run, evaluation: Evaluation) -> tuple[str, ...]:
    from cbrkit_xai.evaluation.questions.contestants import at_stated_k
    from cbrkit_xai.evaluation.questions.effect_sizes import skill
    from cbrkit_xai.evaluation.questions.own_k import own_k
    from cbrkit_xai.evaluation.writing import mean_scores

    place = run.ks.index(own_k(run))
    means = mean_scores(run, evaluation.votes)
    shown = [float(means[name][place]) for name in ("pooled-rmse", "rmse-per-case", "top-1")]
    marks = [word for word, is_so in (("LEAK", run.leaks), ("SUBSTITUTED", run.substituted)) if is_so]
    return (
        f"{run.label} ({', '.join(marks)})" if marks else run.label,
        str(run.ks[place] or ""),
        *(_number(value) for value in shown),
        _number(skill(evaluation, at_stated_k(evaluation, run))),
    )


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{round(value, 3) + 0.0:.3f}"  # no -0.000
