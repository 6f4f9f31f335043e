"""The report of the predecessor's evaluation."""

from __future__ import annotations

from typing import Any

import numpy as np

from cbrkit_xai.evaluation.decisions.bootstrap import CONDITIONAL
from cbrkit_xai.evaluation.questions.limits import limits
from cbrkit_xai.evaluation.questions.own_k import own_k
from cbrkit_xai.evaluation.report.figures_in_words import figure, listed
from cbrkit_xai.evaluation.report.groups_section import groups_section
from cbrkit_xai.evaluation.report.repeat_section import repeat_section
from cbrkit_xai.evaluation.report.scores_section import scores_section
from cbrkit_xai.evaluation.report.table import Cell, Row, RowGroup, Table
from cbrkit_xai.evaluation.reproduction.pages.wording import about, procedure
from cbrkit_xai.evaluation.reproduction.pictures.predecessor_picture import growth_of_predecessor
from cbrkit_xai.evaluation.reproduction.predecessor import Predecessor
from cbrkit_xai.evaluation.results import GLOBAL_MEAN, Evaluation, Run
from cbrkit_xai.evaluation.scoring.noise_floor import noise_floor_of
from cbrkit_xai.evaluation.scoring.rankings import top_1
from cbrkit_xai.evaluation.scoring.scores import pooled_rmse
from cbrkit_xai.evaluation.wording import counted

SECTIONS = (
    ("limits", "What these numbers can't show"),
    ("leave-one-out", "Leave-one-out"),
    ("growth", "As the base grows"),
    ("scores", "Scores"),
    ("groups", "Groups"),
    ("problems", "What could not be done"),
    ("repeat", "Versions, and how to repeat it"),
)
"""Anchors and titles, in the order of the page."""

_CITATION = (
    "Recio-García, Parejas-Llanovarced, Orozco-del-Castillo, Brito-Borges: A case-based approach for the "
    "selection of explanation algorithms in image classification, ICCBR 2021"
)
_DRAWN = (GLOBAL_MEAN, "single-best-method")
_WHOSE = "The predecessor's"


def predecessor_page(found: Predecessor, *, command: str) -> dict[str, Any]:
    """Return what the page shows; pictures are among it."""
    evaluation = found.evaluation
    runs = evaluation.configurations
    ks = runs[0].ks
    wanted = own_k(runs[0])
    levels = {
        name: (_top_1(evaluation, evaluation.run(name))[0], _rmse(evaluation, evaluation.run(name))[0])
        for name in _DRAWN
        if name in evaluation.runs
    }
    return {
        "title": f"The predecessor's {procedure(evaluation)}: {evaluation.name}",
        "name": evaluation.name,
        "provenance": evaluation.provenance,
        "banners": (),
        "sections": SECTIONS,
        "citation": _CITATION,
        "done": (
            "The evaluation of the paper's predecessor, in profile java2021, carried out on the "
            f"{counted(len(evaluation.cases), 'case')} of {evaluation.name}: each photo is left out in turn "
            f"and predicted from the {listed([str(k) for k in ks])} nearest of the others, by "
            f"{counted(len(runs), 'similarity', 'similarities')}. Which weight of its program belonged to "
            "which similarity is not known; see the docs on five-similarities."
        ),
        "limits": list(limits(evaluation)),
        "table": _table(evaluation),
        "growth": growth_of_predecessor(found.growths, wanted, levels, about(evaluation, _WHOSE)),
        "scores": scores_section(evaluation, noise_floor_of(evaluation), about(evaluation, _WHOSE)),
        "groups": groups_section(evaluation),
        "notes": [*(f"{one}." for one in found.missing), *_not_grown(found), *evaluation.notes],
        "problems": [run for run in evaluation.runs.values() if run.problems],
        "repeat": repeat_section(evaluation, command),
    }


def _not_grown(found: Predecessor) -> list[str]:
    grown = {one.label for one in found.growths}
    return [
        f"{run.label} is not in the growth curve: its distances are several, weighted anew for every base."
        for run in found.evaluation.configurations
        if run.label not in grown
    ]


def _table(evaluation: Evaluation) -> Table:
    ks = evaluation.configurations[0].ks
    heads = ["", *(f"{what}, k = {k}" for what in ("winner predicted best", "RMSE") for k in ks)]
    return Table(
        id="leave-one-out-table",
        caption="Chance that the method predicted best is the winner (ties share the win), and pooled RMSE "
        f"in votes, of left-out photos. Intervals stand in the scores below, {CONDITIONAL}.",
        heads=heads,
        groups=[
            RowGroup(title="Similarities", rows=[_row(evaluation, run) for run in evaluation.configurations]),
            RowGroup(
                title="What has no neighbours (the same whatever the k)",
                rows=[_row(evaluation, run, times=len(ks)) for run in evaluation.baselines],
            ),
        ],
    )


def _row(evaluation: Evaluation, run: Run, times: int = 1) -> Row:
    hits, errors = _top_1(evaluation, run), _rmse(evaluation, run)
    values = [*hits, *errors] if times == 1 else [*hits * times, *errors * times]
    return Row(name=run.label, cells=[Cell(figure(value)) for value in values])


def _top_1(evaluation: Evaluation, run: Run) -> list[float]:
    """Return the mean over the cases that have one, per k."""
    values = top_1(run.predicted, evaluation.votes[:, None])  # (repeats, n, ks)
    known = ~np.isnan(values)
    number = known.sum(axis=(0, 1))
    total = np.where(known, values, 0.0).sum(axis=(0, 1))
    mean = np.divide(total, number, out=np.full(len(number), np.nan), where=number > 0)
    return [float(value) for value in mean]


def _rmse(evaluation: Evaluation, run: Run) -> list[float]:
    return [float(one) for one in pooled_rmse(run.predicted, evaluation.votes[:, None], over=(0, 1))]
