"""The table of errors by how often a photo's class is in the case base."""

from __future__ import annotations

from collections.abc import Sequence

from cbrkit_xai.evaluation.report.figures_in_words import figure, interval
from cbrkit_xai.evaluation.report.table import Cell, Row, RowGroup, Table
from cbrkit_xai.evaluation.reproduction.class_frequency import OfFrequency
from cbrkit_xai.evaluation.reproduction.organisation import short_name
from cbrkit_xai.evaluation.results import Evaluation
from cbrkit_xai.evaluation.wording import counted


def frequency_table(evaluation: Evaluation, found: Sequence[OfFrequency]) -> Table | None:
    """Return the table; None where there is nothing to tell."""
    if not found:
        return None
    heads = [
        f"class there {one.words} ({counted(one.cases, 'case')}, {counted(one.classes, 'class', 'classes')})"
        for one in found
    ]
    rows = []
    for label in found[0].rmse:
        run = evaluation.run(label)
        cells = [Cell(figure(one.rmse[label].estimate), interval(*one.rmse[label].interval)) for one in found]
        rows.append(Row(name=short_name(run), mark="SUBSTITUTED" if run.substituted else "", cells=cells))
    return Table(
        id="frequency-table",
        caption="RMSE per photo's votes at each configuration's own k, by how many cases have the photo's "
        "class. In small print: 95 % intervals (BCa by group), conditional on these cases, likely too "
        "narrow. Compare with the global mean in the same column: votes on some photos are harder to "
        "predict for whatever predictor.",
        heads=["", *heads],
        groups=[RowGroup(rows=rows)],
    )
