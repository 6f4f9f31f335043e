"""The table of all scores of all runs, beside the null law and the noise floor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cbrkit_xai.evaluation.decisions.bootstrap import CONDITIONAL, Resampled
from cbrkit_xai.evaluation.questions.effect_sizes import Effect
from cbrkit_xai.evaluation.questions.left_out_folds import incompleteness
from cbrkit_xai.evaluation.report.figures_in_words import figure, interval, signed
from cbrkit_xai.evaluation.report.gains import ORACLE_GAP, REGRET, SKILL, GainOfRun
from cbrkit_xai.evaluation.report.resampled_scores import COLUMNS, POOLED, ScoredRun
from cbrkit_xai.evaluation.report.table import Cell, Row, RowGroup, Table
from cbrkit_xai.evaluation.results import Evaluation, Run
from cbrkit_xai.evaluation.scoring.noise_floor import NoiseFloor
from cbrkit_xai.evaluation.scoring.null_law import null_rmse
from cbrkit_xai.evaluation.wording import counted

NULL = "null law"


def scores_table(evaluation: Evaluation, scored: Sequence[ScoredRun], floor: NoiseFloor) -> Table:
    """Return the table of the scores; configurations first, then what they have to beat."""
    names = [column.name for column in COLUMNS]
    place = names.index(POOLED) + 1
    heads = ["", "k", *names[:place], NULL, *names[place:]]
    rows = {one.run.label: _scores(evaluation, one) for one in scored}
    return Table(
        id="scores-table",
        caption=f"{evaluation.provenance}. Every prediction is of a held-out photo. In small print: 95 % "
        f"intervals by resampling {counted(evaluation.groups.number, 'group')} of photos (BCa), "
        f"{CONDITIONAL}. A pooled RMSE that is not below its null law is no evidence that similar photos get "
        "similar votes.",
        heads=heads,
        groups=[
            RowGroup(title="Configurations", rows=[rows[run.label] for run in evaluation.configurations]),
            RowGroup(
                title="Baselines, which look at no similar photos or stand for what similarity has to beat",
                rows=[rows[run.label] for run in evaluation.baselines],
            ),
            RowGroup(title="What no predictor can beat", rows=[_floor_row(floor, len(heads), place + 1)]),
        ],
    )


def _scores(evaluation: Evaluation, one: ScoredRun) -> Row:
    cells = [resampled_cell(one.scores[column.name], column.digits) for column in COLUMNS]
    cells.insert([column.name for column in COLUMNS].index(POOLED) + 1, Cell(_null(evaluation, one)))
    k = Cell(str(one.k) if one.k else "none")
    return Row(
        name=one.run.label,
        beneath=remark(evaluation, one.run),
        mark=mark_of(one.run),
        cells=[k, *cells],
    )


def _null(evaluation: Evaluation, one: ScoredRun) -> str:
    squares = one.run.weight_squares[:, :, [one.run.ks.index(one.k)]]
    return figure(float(null_rmse(evaluation.votes, squares)[0]))


def _floor_row(floor: NoiseFloor, heads: int, place: int) -> Row:
    cells = [Cell() for _ in range(heads - 1)]
    cells[place - 1] = Cell(figure(floor.rmse) if floor.rmse is not None else "not defined")
    return Row(name="noise floor", beneath="" if floor.rmse is not None else "see below", cells=cells)


def resampled_cell(found: Resampled, digits: int = 3) -> Cell:
    """Return an estimate with its interval, where it has one."""
    return Cell(figure(found.estimate, digits), interval(*found.interval, digits))


def mark_of(run: Run) -> str:
    """Say in a word or two what must not be overlooked in a run's numbers."""
    leak = "LEAK" if run.leaks else ""
    return ", ".join(word for word in ("SUBSTITUTED" if run.substituted else "", leak) if word)


def remark(evaluation: Evaluation, run: Run) -> str:
    """Say what must stand with the numbers of a run that is not complete."""
    missing = incompleteness(evaluation, run)
    if not missing:
        return ""
    return f"{missing.removeprefix(run.label).lstrip(': ')}; its numbers are of the rest alone"


def gains_table(evaluation: Evaluation, gains: Sequence[GainOfRun]) -> Table:
    """Return the table of skill, of the oracle's gap, and of regret against the single best method."""
    return Table(
        id="gains-table",
        caption="Skill: 1 \N{MINUS SIGN} mean squared error / that of the global mean. Share of the oracle's "
        "gap: of the votes lost by always showing the single best method, those won back by showing the "
        "method that is predicted best (1 is the oracle). Regret: votes lost per photo, less those lost by "
        "always showing the single best method (below 0 is better). In small print: 95 % intervals, "
        f"{CONDITIONAL}.",
        heads=["", "k", "skill", "share of the oracle's gap closed", "regret against the single best method"],
        groups=[
            RowGroup(title=title, rows=[_gain(evaluation, one) for one in gains if one.run.role == role])
            for title, role in (("Configurations", "configuration"), ("Baselines", "baseline"))
        ],
    )


def _gain(evaluation: Evaluation, one: GainOfRun) -> Row:
    cells = [_effect(one.effects.get(name)) for name in (SKILL, ORACLE_GAP, REGRET)]
    k = Cell(str(one.k) if one.k else "none")
    return Row(
        name=one.run.label,
        beneath=remark(evaluation, one.run),
        mark=mark_of(one.run),
        cells=[k, *cells],
    )


def _effect(effect: Effect | None) -> Cell:
    if effect is None:
        return Cell("is what it is measured against")
    if not np.isfinite(effect.estimate):
        return Cell()
    low, high = effect.interval
    beneath = f"{signed(low)} to {signed(high)}" if np.isfinite(low) else ""
    return Cell(signed(effect.estimate), beneath)
