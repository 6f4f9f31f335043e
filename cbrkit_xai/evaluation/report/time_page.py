"""The page of times, beside the report: times differ each time, and the report must not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from cbrkit_xai.evaluation.query_times import BATCH, SINGLE
from cbrkit_xai.evaluation.report.banners import banners
from cbrkit_xai.evaluation.report.plots.picture import Heading, Picture, drawn
from cbrkit_xai.evaluation.report.plots.times import TimesPlot
from cbrkit_xai.evaluation.report.table import Cell, Row, RowGroup, Table
from cbrkit_xai.evaluation.results import Evaluation, Timing

PAGE, NAME = "timings.html", "timings"

Seconds: TypeAlias = Mapping[str, Mapping[str, Sequence[float]]]
"""By run and stage."""

_EVALUATION = ""
_KINDS = {
    SINGLE: (
        "What one photo waits for",
        "Photos that the index does not hold, asked about one after the other: the median over the photos, "
        "and in small print the middle half. A new photo has to be decoded and described; one whose "
        "features are kept is compared at once. Everything runs on one thread, whatever is compared with, "
        "and each distance is measured anew. The paper's “10 times faster” is about retrieval alone.",
    ),
    BATCH: (
        "What each photo of a batch waits for",
        "The same photos asked about together; the time of the batch, divided by its photos.",
    ),
    _EVALUATION: (
        "What the evaluation took",
        "Wall time of each stage, summed over the folds of a repeat: the median over the repeats, and in "
        "small print the middle half. What is done once for all repeats has one time. These do not compare "
        "one organisation with another: where a base is not too large, the distances of all cases are "
        "measured before, on all cores, and are in none of these times; whoever compares cases with cases "
        "looks them up, and whoever compares with prototypes measures.",
    ),
}

_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
_SUMS = {
    "new photo": ("decode", "features", "retrieve", "reuse"),
    "features known": ("retrieve", "reuse"),
}


def in_words(given: bool) -> str:
    """Say on the report where times are."""
    if not given:
        return "No times were taken."
    return (
        "Times change with every run and stand apart, so that this page does not change when nothing else "
        f"did: {PAGE} shows them, timings.csv holds each, and {NAME}-1.png, {NAME}-1.svg and so on draw "
        "them, all beside this page."
    )


def time_page(timings: Sequence[Timing], evaluation: Evaluation, subtitle: str) -> dict[str, Any]:
    """Return what the page of times shows."""
    parts: list[dict[str, Any]] = []
    for kind, (title, reading) in _KINDS.items():
        of_kind = [one for one in timings if _kind(one) == kind]
        if of_kind:
            seconds = _by_run(of_kind, kind)
            heading = Heading(title=title, subtitle=subtitle, banners=banners(evaluation))
            parts.append(
                {
                    "title": title,
                    "reading": reading,
                    "table": _table(title, seconds),
                    "picture": _picture(reading, seconds, heading, len(parts) + 1),
                }
            )
    return {
        "title": f"{evaluation.name}: times of an evaluation",
        "name": evaluation.name,
        "provenance": evaluation.provenance,
        "banners": banners(evaluation),
        "parts": parts,
    }


def _kind(one: Timing) -> str:
    how, colon, _ = one.stage.partition(": ")
    return how if colon and how in _KINDS else _EVALUATION


def _by_run(timings: Iterable[Timing], kind: str) -> Seconds:
    """Return the seconds of each stage; of a query, also what the stages that it has add up to."""
    found: dict[str, dict[str, list[float]]] = {}
    of_query: dict[tuple[str, int], dict[str, float]] = {}
    for one in timings:
        stage = one.stage.partition(": ")[2] if kind else one.stage
        stage = f"{stage} (once)" if one.repeat < 0 else stage
        found.setdefault(one.label, {}).setdefault(stage, []).append(one.seconds)
        if kind:
            of_query.setdefault((one.label, one.repeat), {})[stage] = one.seconds
    for (label, _), stages in of_query.items():
        for name, wanted in _SUMS.items():
            if all(stage in stages for stage in wanted):
                found[label].setdefault(name, []).append(sum(stages[stage] for stage in wanted))
    return found


def _stages(seconds: Seconds) -> list[str]:
    return list(dict.fromkeys(stage for stages in seconds.values() for stage in stages))


def _table(title: str, seconds: Seconds) -> Table:
    stages = _stages(seconds)
    rows = [
        Row(name=label, cells=[_cell(found.get(stage, [])) for stage in stages])
        for label, found in seconds.items()
    ]
    return Table(
        id=f"times-{title.replace(' ', '-').lower()}",
        caption=f"{title}, on the machine that ran it, with whatever else ran there.",
        heads=["", *stages],
        groups=[RowGroup(rows=rows)],
    )


def _cell(seconds: Sequence[float]) -> Cell:
    if not seconds:
        return Cell()
    if len(seconds) == 1:
        return Cell(duration(seconds[0]))
    # Quartiles: the most is whatever else the machine happened to do.
    low, middle, high = (float(one) for one in np.quantile(seconds, (0.25, 0.5, 0.75)))
    return Cell(duration(middle), f"{duration(low)} to {duration(high)}")


def duration(seconds: float) -> str:
    """Return a time in the unit that suits it."""
    size, unit = next((one for one in _UNITS if seconds >= one[0]), _UNITS[-1])
    return f"{seconds / size:.3g} {unit}"


def _picture(reading: str, seconds: Seconds, heading: Heading, number: int) -> Picture:
    plot = TimesPlot(by_run=seconds, stages=_stages(seconds))
    return drawn(
        plot.draw,
        name=f"{NAME}-{number}",
        heading=heading,
        caption=f"{reading} Here on a logarithmic scale: the mark is the median, the line covers the "
        "middle half.",
        description="The table holds the same numbers.",
        size=plot.size,
    )
