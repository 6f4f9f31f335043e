"""Writes the report of an evaluation: one page that opens offline, and its pictures as files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cbrkit_xai.cache import write_atomically
from cbrkit_xai.errors import MissingDependencyError
from cbrkit_xai.evaluation.clusters.explained import ExplainedClusters
from cbrkit_xai.evaluation.permutation.permutation_null import PermutationNull
from cbrkit_xai.evaluation.questions.answer import Answer
from cbrkit_xai.evaluation.questions.limits import limits as limits_of
from cbrkit_xai.evaluation.report.banners import banners
from cbrkit_xai.evaluation.report.clusters_section import clusters_section
from cbrkit_xai.evaluation.report.confidence_section import confidence_section
from cbrkit_xai.evaluation.report.curves_section import curves_section
from cbrkit_xai.evaluation.report.first_screen import first_screen, subtitle
from cbrkit_xai.evaluation.report.groups_section import groups_section
from cbrkit_xai.evaluation.report.page import SECTIONS, rendered
from cbrkit_xai.evaluation.report.permutation_section import permutation_section
from cbrkit_xai.evaluation.report.plots.picture import pictures_of
from cbrkit_xai.evaluation.report.repeat_section import repeat_section
from cbrkit_xai.evaluation.report.same_predictions import same_predictions
from cbrkit_xai.evaluation.report.scores_section import scores_section
from cbrkit_xai.evaluation.report.time_page import PAGE, in_words, time_page
from cbrkit_xai.evaluation.results import Evaluation, Timing
from cbrkit_xai.evaluation.scoring.noise_floor import noise_floor_of
from cbrkit_xai.evaluation.wording import counted
from cbrkit_xai.protocols import Progress

REPORT, PLOTS = "report.html", "plots"
"""The page, and the folder of its pictures."""


def check_can_report() -> None:
    """Refuse before the work what `write_report` would fail by after it.

    Raises
    ------
    MissingDependencyError
        Jinja2 or matplotlib is not installed.
    """
    missing = [name for name in ("jinja2", "matplotlib") if find_spec(name) is None]
    if missing:
        raise MissingDependencyError(
            f"the report needs {' and '.join(missing)}",
            where="report",
            next_step=f"pip install {' '.join(missing)}",
        )


def write_report(
    evaluation: Evaluation,
    answers: Sequence[Answer],
    folder: Path,
    *,
    limits: Sequence[str] = (),
    margin: float | None = None,
    explained_clusters: Sequence[ExplainedClusters] = (),
    permutation: PermutationNull | None = None,
    timings: Sequence[Timing] | None = None,
    command: str = "",
    progress: Progress | None = None,
) -> Path:
    """Write `report.html` with its pictures, and times on a page of their own; return the report.

    The same evaluation gives the same bytes of every file but those of the times.

    Parameters
    ----------
    evaluation : Evaluation
        What was found.
    answers : sequence of Answer
        As `answers` gives them.
    folder : Path
        Made if it is not there; files of these names are replaced.
    limits : sequence of str
        Sentences on what the numbers can't show; by default those of `limits`.
    margin : float, optional
        Of non-inferiority, as it was given to `answers`.
    explained_clusters : sequence of ExplainedClusters
        As `explain_clusters` gives them, one per configuration.
    permutation : PermutationNull, optional
        Errors under shuffled votes.
    timings : sequence of Timing, optional
        By default the evaluation's own; what `query_times` gives may be added to them.
    command : str
        The command line that repeats it; by default it is told from the evaluation.
    progress : callable, optional
        Called with (sections made, sections).

    Raises
    ------
    MissingDependencyError
        Jinja2 is not installed.
    OSError
        The folder cannot be written.
    """
    folder = Path(folder)
    times = evaluation.timings if timings is None else tuple(timings)
    limits = limits or limits_of(evaluation, margin=margin)
    page = _page(
        evaluation, answers, limits, explained_clusters, permutation, bool(times), command, margin, progress
    )
    report = folder / REPORT
    html = rendered("report.html.j2", page)
    for picture in pictures_of(page):
        write_atomically(folder / PLOTS / f"{picture.name}.png", picture.png)
        write_atomically(folder / PLOTS / f"{picture.name}.svg", picture.svg)
    write_atomically(report, html.encode())
    if times:
        _write_times(evaluation, times, folder)
    return report


def _page(
    evaluation: Evaluation,
    answers: Sequence[Answer],
    limits: Sequence[str],
    explained: Sequence[ExplainedClusters],
    permutation: PermutationNull | None,
    has_times: bool,
    command: str,
    margin: float | None,
    progress: Progress | None,
) -> dict[str, Any]:
    draws = 0 if permutation is None else len(permutation.draws)
    floor, about = noise_floor_of(evaluation), subtitle(evaluation)
    makers: dict[str, Callable[[], Any]] = {
        "first": lambda: first_screen(evaluation, answers, limits),
        "curves": lambda: curves_section(evaluation, floor, permutation, about),
        "scores": lambda: scores_section(evaluation, floor, about),
        "permutation": lambda: permutation_section(evaluation, permutation),
        "confidence": lambda: confidence_section(evaluation, about),
        "clusters": lambda: clusters_section(evaluation, explained, answers, about),
        "groups": lambda: groups_section(evaluation),
        "problems": lambda: _problems(evaluation),
        "time": lambda: in_words(has_times),
        "repeat": lambda: repeat_section(evaluation, command, draws, answers, margin),
    }
    number = counted(len(evaluation.configurations), "configuration")
    page: dict[str, Any] = {
        "title": f"{evaluation.name}: an evaluation of {number}",
        "name": evaluation.name,
        "provenance": evaluation.provenance,
        "banners": banners(evaluation),
        "sections": SECTIONS,
    }
    for done, (name, make) in enumerate(makers.items(), start=1):
        page[name] = make()
        if progress is not None:
            progress(done, len(makers))
    return page


def _problems(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "notes": evaluation.notes,
        "same": same_predictions(evaluation),
        "runs": [run for run in evaluation.runs.values() if run.problems],
    }


def _write_times(evaluation: Evaluation, timings: Sequence[Timing], folder: Path) -> None:
    page = time_page(timings, evaluation, subtitle(evaluation))
    for picture in pictures_of(page):
        write_atomically(folder / f"{picture.name}.png", picture.png)
        write_atomically(folder / f"{picture.name}.svg", picture.svg)
    write_atomically(folder / PAGE, rendered("timings.html.j2", page).encode())
