"""Writes what an evaluation has found: the results first, which no failure of the report takes away."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cbrkit_xai.cli.command_line import command_line
from cbrkit_xai.cli.terminal import progress_bar, warn

if TYPE_CHECKING:
    from cbrkit_xai.case_base import CaseBase
    from cbrkit_xai.evaluation.permutation.permutation_null import PermutationNull
    from cbrkit_xai.evaluation.questions.answer import Answer
    from cbrkit_xai.evaluation.results import Evaluation
    from cbrkit_xai.evaluation.running.output_folder import OutputFolder


def write_evaluation(
    evaluation: Evaluation,
    answers: Sequence[Answer],
    folder: OutputFolder,
    base: CaseBase,
    *,
    permutation: PermutationNull | None = None,
    margin: float | None = None,
) -> list[Path]:
    """Write results and report, and return the files, the report first.

    Parameters
    ----------
    folder : OutputFolder
        Claimed; its files of the last time are replaced.
    base : CaseBase
        With the features that were evaluated.

    Raises
    ------
    Exception
        Whatever the report failed by; the results are in the folder then, and it is said which.
    """
    from cbrkit_xai.evaluation.running.output_folder import in_place
    from cbrkit_xai.evaluation.writing import has_parquet, write_results

    if not has_parquet():
        warn('results.parquet is left out; for it: pip install "cbrkit-xai[evaluation]"')
    failure: Exception | None = None
    with folder.replacing() as making:
        results = written = write_results(evaluation, making, answers)
        try:
            written = [_reported(evaluation, answers, making, base, permutation, margin), *results]
        except (
            Exception
        ) as error:  # of any kind: what took hours is put in its place first, then it is raised
            failure = error
            _leave_only(results, making)
    if failure is not None:
        names = ", ".join(path.name for path in results)
        warn(f"the report could not be written; kept are {names} in {folder.path}")
        raise failure
    return in_place(written, making, folder.path)


def _reported(
    evaluation: Evaluation,
    answers: Sequence[Answer],
    folder: Path,
    base: CaseBase,
    permutation: PermutationNull | None,
    margin: float | None,
) -> Path:
    from cbrkit_xai.evaluation.clusters.explaining import explain_clusters
    from cbrkit_xai.evaluation.query_times import query_times
    from cbrkit_xai.evaluation.questions.twins import clustered_configurations
    from cbrkit_xai.evaluation.report import write_report
    from cbrkit_xai.evaluation.writing import write_timings

    evaluated = [run.configuration for run in evaluation.configurations if run.configuration is not None]
    with progress_bar("timing single photos") as progress:
        times = query_times(base, evaluated, seed=evaluation.protocol.seed, progress=progress)
    timings = (*evaluation.timings, *times)
    write_timings(timings, folder)
    explained = [
        explain_clusters(base, run.configuration, evaluation)
        for run in clustered_configurations(evaluation)
        if run.configuration is not None and run.clustered
    ]
    with progress_bar("writing the report") as progress:
        return write_report(
            evaluation,
            answers,
            folder,
            margin=margin,
            command=command_line(click.get_current_context()),
            explained_clusters=explained,
            permutation=permutation,
            timings=timings,
            progress=progress,
        )


def _leave_only(files: Sequence[Path], folder: Path) -> None:
    """Remove what there is of a report besides; half a report is none."""
    for path in folder.rglob("*"):
        if path.is_file() and path not in files:
            path.unlink()
