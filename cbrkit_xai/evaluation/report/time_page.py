"""The page of times, beside the report: times differ each time, and the report must not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from cbrkit_xai.evaluation.report.figures_in_words import counted
from cbrkit_xai.evaluation.report.plots.picture import Heading, Picture, drawn
from cbrkit_xai.evaluation.report.plots.times import TimesPlot
from cbrkit_xai.evaluation.report.table import Cell, Row, RowGroup, Table
from cbrkit_xai.evaluation.results import Evaluation, Timing

PAGE, NAME = "timings.html", "timings"

_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def in_words(given: bool) -> str:
    """Say on the report where times are."""
    if not given:
        return "No times were taken."
    return (
        "Times change with every run and stand apart, so that this page does not change when nothing else "
        f"did: {PAGE} shows them, timings.csv holds each, and {NAME}.png and {NAME}.svg draw them, all "
        "beside this page."
    )


def time_page(timings: Sequence[Timing], evaluation: Evaluation, subtitle: str) -> dict[str, Any]:
    """Return what the page of times shows."""
    by_run: dict[str, dict[str, list[float]]] = {}
    for one in timings:
        by_run.setdefault(one.label, {}).setdefault(one.stage, []).append(one.seconds)
    stages = list(dict.fromkeys(one.stage for one in timings))
    rows = [
        Row(name=label, cells=[_cell(found.get(stage, [])) for stage in stages])
        for label, found in by_run.items()
    ]
    machine = "on the machine that ran it, with whatever else ran there"
    return {
        "title": f"{evaluation.name}: times of an evaluation",
        "name": evaluation.name,
        "provenance": evaluation.provenance,
        "reading": (
            f"Wall time of each stage, summed over the folds of a repeat, {machine}. The median of the "
            "repeats, and in small print the least and the most. What is done once for all repeats has one "
            "time."
        ),
        "table": Table(
            id="times-table", caption="Seconds per repeat.", heads=["", *stages], groups=[RowGroup(rows=rows)]
        ),
        "picture": _picture(by_run, stages, subtitle),
    }


def _cell(seconds: Sequence[float]) -> Cell:
    if not seconds:
        return Cell()
    if len(seconds) == 1:
        return Cell(duration(seconds[0]))
    return Cell(duration(float(np.median(seconds))), f"{duration(min(seconds))} to {duration(max(seconds))}")


def duration(seconds: float) -> str:
    """Return a time in the unit that suits it."""
    size, unit = next((one for one in _UNITS if seconds >= one[0]), _UNITS[-1])
    return f"{seconds / size:.3g} {unit}"


def _picture(by_run: dict[str, dict[str, list[float]]], stages: Sequence[str], subtitle: str) -> Picture:
    plot = TimesPlot(by_run=by_run, stages=stages)
    return drawn(
        plot.draw,
        name=NAME,
        heading=Heading(title="Time per repeat of the evaluation, by stage", subtitle=subtitle),
        caption=f"Wall time of each stage for {counted(len(by_run), 'run')}, on a logarithmic scale: the "
        "mark is the median over the repeats, the line goes from the least to the most.",
        description="The table holds the same numbers.",
        size=plot.size,
    )
