"""The section with the scores of every run, and what each gains over no case-based reasoning at all."""

from __future__ import annotations

from typing import Any

from cbrkit_xai.evaluation.decisions.bootstrap import CONDITIONAL
from cbrkit_xai.evaluation.questions.own_k import at_another_k
from cbrkit_xai.evaluation.report.banners import banners
from cbrkit_xai.evaluation.report.figures_in_words import signed
from cbrkit_xai.evaluation.report.gains import SKILL, GainOfRun, gains
from cbrkit_xai.evaluation.report.plots.picture import Heading, Picture, drawn
from cbrkit_xai.evaluation.report.plots.skill import SkillPlot
from cbrkit_xai.evaluation.report.resampled_scores import COLUMNS, scored_runs
from cbrkit_xai.evaluation.report.scores_table import NULL, gains_table, scores_table
from cbrkit_xai.evaluation.results import Evaluation
from cbrkit_xai.evaluation.scoring.noise_floor import NoiseFloor
from cbrkit_xai.evaluation.scoring.null_law import caveats

_READING = (
    "Every run stands here at the k of its configuration, chosen before anything was seen. The k at which a "
    "curve looks best was chosen by the numbers that would then be shown for it; a number for it is in the "
    "answers, marked as selected."
)
_NULL = (
    "what the pooled RMSE would be, with the same weights, if similar photos did not get similar votes: "
    "votes' standard deviation \N{MULTIPLICATION SIGN} root of (1 + sum of squared weights)"
)


def scores_section(evaluation: Evaluation, floor: NoiseFloor, subtitle: str) -> dict[str, Any]:
    """Return what the section shows; pictures are among it."""
    found = gains(evaluation)
    explained = [(column.name, column.explained) for column in COLUMNS]
    return {
        "reading": _reading(evaluation),
        "table": scores_table(evaluation, scored_runs(evaluation), floor),
        "columns": [explained[0], (NULL, _NULL), *explained[1:]],
        "floor": floor.sentence,
        "caveats": _caveats(evaluation),
        "gains": gains_table(evaluation, found),
        "picture": _picture(evaluation, found, subtitle),
    }


def _reading(evaluation: Evaluation) -> str:
    others = [told for run in evaluation.configurations if (told := at_another_k(run))]
    return " ".join([_READING, *(f"But {one}." for one in others)])


def _caveats(evaluation: Evaluation) -> list[str]:
    """Return what must be said of the null law: once for all runs, or by the run's name."""
    of_runs: dict[str, list[str]] = {}
    for run in evaluation.configurations:
        for sentence in caveats(evaluation.votes, run.weight_squares, evaluation.groups):
            of_runs.setdefault(sentence, []).append(run.label)
    return [
        f"{sentence[:1].upper()}{sentence[1:]}."
        if len(labels) == len(evaluation.configurations)
        else f"{', '.join(labels)}: {sentence}."
        for sentence, labels in of_runs.items()
    ]


def _picture(evaluation: Evaluation, found: tuple[GainOfRun, ...], subtitle: str) -> Picture | None:
    shown = [
        one
        for one in found
        if SKILL in one.effects and one.effects[SKILL].estimate == one.effects[SKILL].estimate
    ]
    if not shown:
        return None
    plot = SkillPlot(gains=shown)
    return drawn(
        plot.draw,
        name="skill",
        heading=Heading(
            title="Skill against the global mean, each at its own k",
            subtitle=subtitle,
            banners=banners(evaluation),
        ),
        caption="How much less each run errs than a predictor that gives every photo the mean votes of the "
        f"training photos: 1 \N{MINUS SIGN} mean squared error / that of the global mean. Right of 0 is "
        "better. Blue dots: configurations; red squares: baselines; triangles at the edge are beyond the "
        f"scale. Lines and brackets: 95 % intervals (BCa by group), {CONDITIONAL}. Whether a difference is "
        "shown is said by the answers, not by these lines.",
        description="; ".join(f"{one.run.label}: {signed(one.effects[SKILL].estimate)}" for one in shown),
        size=plot.size,
    )
