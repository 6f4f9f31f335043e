"""What the fitted recommenders stated about held-out photos, and how often that came true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cbrkit_xai.evaluation.report.banners import banners_of
from cbrkit_xai.evaluation.report.figures_in_words import MISSING, figure, share, signed
from cbrkit_xai.evaluation.report.plots.calibration import CalibrationPlot
from cbrkit_xai.evaluation.report.plots.picture import Heading, Picture, drawn
from cbrkit_xai.evaluation.report.scores_table import mark_of
from cbrkit_xai.evaluation.report.table import Cell, Row, RowGroup, Table
from cbrkit_xai.evaluation.results import Evaluation, Run
from cbrkit_xai.evaluation.scoring.calibration import Calibration, calibration, coverage, out_of_experience
from cbrkit_xai.evaluation.scoring.proportions import Proportion

MOST_PANELS = 16
"""Of a grid of hundreds, the first are drawn; all are in the table."""

_READING = (
    "For the folds of the first repeat, a recommender was fitted to the training cases of each, as anybody "
    "would fit one, and stated about every held-out photo how likely each method gets most votes (P(best)), "
    "which methods the winner is among in 9 of 10 photos (the conformal set), and whether the photo is "
    "unlike all it knows. A method that was said to win with 60 % should win 60 % of the time. Whoever "
    "states the same chance for every photo can be well calibrated and know nothing about photos: the log "
    "score against even chances, and skill, say what is known."
)
_NONE = "No recommender was asked how sure it is in this evaluation."


def confidence_section(evaluation: Evaluation, subtitle: str) -> dict[str, Any]:
    """Return what the section shows; pictures are among it."""
    runs = [run for run in evaluation.runs.values() if run.confidence is not None]
    found = {run.label: _calibrated(evaluation, run) for run in runs}
    drawable = [run for run in runs if found[run.label].cases][:MOST_PANELS]
    problems = [
        f"{run.label}: {sentence}"
        for run in runs
        for sentence in (run.confidence.problems if run.confidence else ())
    ]
    return {
        "reading": _READING if runs else _NONE,
        "table": _table(evaluation, runs, found) if runs else None,
        "pictures": [_picture(evaluation, drawable, found, subtitle)] if drawable else [],
        "problems": problems,
    }


def _calibrated(evaluation: Evaluation, run: Run) -> Calibration:
    assert run.confidence is not None  # noqa: S101 - only such runs come here
    return calibration(run.confidence, evaluation.votes, evaluation.groups)


def _table(evaluation: Evaluation, runs: Sequence[Run], found: Mapping[str, Calibration]) -> Table:
    return Table(
        id="confidence-table",
        caption="Of the method held likeliest: mean stated chance, and how often it won (ties share the "
        "win). Too sure: the difference, above 0 is overconfident. ECE: mean distance of stated chance and "
        "hit rate over ten equal parts of the scale; chance alone keeps it above 0. Log score: mean log "
        "P(best) of the winner, with that of even chances in small print; higher is better. Conformal sets: "
        "how many hold the winner (90 % were promised), how many methods they name, and how many name all, "
        "which reads “can't tell”. In small print: 95 % intervals (Clopper-Pearson over groups of photos), "
        "likely too narrow.",
        heads=[
            "",
            "k",
            "stated",
            "came true",
            "too sure",
            "ECE",
            "log score",
            "winner in the set",
            "methods in it",
            "can't tell",
            "unlike all known",
            "stated skill",
        ],
        groups=[RowGroup(rows=[_row(evaluation, run, found[run.label]) for run in runs])],
    )


def _row(evaluation: Evaluation, run: Run, found: Calibration) -> Row:
    stated = run.confidence
    assert stated is not None  # noqa: S101 - only such runs come here
    sets = coverage(stated, evaluation.votes, evaluation.groups)
    skills = [one for one in stated.skill if np.isfinite(one)]
    return Row(
        name=run.label,
        mark=mark_of(run),
        cells=[
            Cell(str(stated.k)),
            Cell(figure(found.stated, 2)),
            _proportion(found.hits),
            Cell(signed(found.overconfidence, 2)),
            Cell(figure(found.expected_error, 3)),
            Cell(figure(found.log_score, 3), f"even {figure(found.even_log_score, 3)}"),
            _proportion(sets.covered),
            Cell(figure(sets.mean_size, 2)),
            _proportion(sets.undecided),
            _proportion(out_of_experience(stated, evaluation.groups)),
            Cell(signed(float(np.median(skills)), 3), f"median of {len(skills)} folds") if skills else Cell(),
        ],
    )


def _proportion(found: Proportion) -> Cell:
    if not found.groups:
        return Cell(MISSING)
    return Cell(share(found.share), f"{share(found.low).removesuffix(' %')} to {share(found.high)}")


def _picture(
    evaluation: Evaluation, runs: Sequence[Run], found: Mapping[str, Calibration], subtitle: str
) -> Picture:
    plot = CalibrationPlot(names=[run.label for run in runs], found=[found[run.label] for run in runs])
    heading = Heading(
        title="Stated chance of winning against how often it came true",
        subtitle=subtitle,
        banners=banners_of(runs),
    )
    return drawn(
        plot.draw,
        name="calibration",
        heading=heading,
        caption="Held-out photos of the first repeat, sorted by the chance that was stated for the method "
        "held likeliest, in ten equal parts. Each mark: the mean stated chance of the photos in one part, "
        "and the share of them in which the method won; the area grows with their number, lines are 95 % "
        "intervals. On the diagonal, what is stated comes true; below it the recommender is too sure.",
        description="; ".join(
            f"{label}: stated {figure(one.stated, 2)}, came true {figure(one.hits.share, 2)}"
            for label, one in found.items()
        ),
        size=plot.size,
    )
