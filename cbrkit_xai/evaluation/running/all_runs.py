"""Finishes every part of an evaluation, and puts the parts together to runs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TypeAlias

import attrs

from cbrkit_xai.evaluation.baselines import BASELINES
from cbrkit_xai.evaluation.results import Run, Timing
from cbrkit_xai.evaluation.running.baseline_cells import (
    Contender,
    baseline_batches,
    baseline_run,
    baseline_timings,
    contenders,
)
from cbrkit_xai.evaluation.running.configuration_cells import (
    INNER,
    STATED,
    configuration_batches,
    run_of,
    timings_of,
)
from cbrkit_xai.evaluation.running.finishing import ONCE, PREDICTED, Arrays, CellName, finish
from cbrkit_xai.evaluation.running.plan import Plan
from cbrkit_xai.evaluation.running.planning import Planned
from cbrkit_xai.evaluation.running.prototype_cells import PROTOTYPE_BASELINES, likenesses, prototype_batches
from cbrkit_xai.protocols import Progress

Found: TypeAlias = Mapping[CellName, Arrays]

ALL_BASELINES = (*PROTOTYPE_BASELINES, *BASELINES)
"""The baselines by name, in the order of their runs."""


@attrs.frozen(kw_only=True, eq=False)
class AllRuns:
    """What was found.

    Parameters
    ----------
    runs : tuple of Run
        Configurations first, then baselines.
    notes : tuple of str
        A sentence for each baseline that is not applicable.
    timings : tuple of Timing
        In the order of the runs.
    """

    runs: tuple[Run, ...]
    notes: tuple[str, ...]
    timings: tuple[Timing, ...]


@attrs.define
class _Count:
    """Counts finished cells, and tells."""

    total: int
    progress: Progress | None
    done: int = 0

    def advance(self, number: int) -> None:
        self.done += number
        if self.progress is not None:
            self.progress(self.done, self.total)


def all_runs(
    planned: Sequence[Planned],
    baselines: Sequence[str],
    plan: Plan,
    *,
    also: Collection[str],
    workers: int,
    progress: Progress | None = None,
) -> AllRuns:
    """Take what is kept, compute the rest, and return the runs.

    Parameters
    ----------
    planned : sequence of Planned
        The configurations.
    baselines : sequence of str
        Of `ALL_BASELINES`.
    also : collection of str
        What is asked of configurations besides: `STATED`, `INNER`, or both.
    workers : int
        Threads.
    progress : callable, optional
        Called with (cells done, cells in all).
    """
    simple, notes = contenders([name for name in baselines if name in BASELINES], planned, plan)
    # Which organisations have prototypes is not known before they are there.
    may_cluster = sum(one.configuration.organizer.name != "linear" for one in planned)
    later = may_cluster * sum(name in PROTOTYPE_BASELINES for name in baselines)
    by_repeat = len(planned) * (1 + (INNER in also)) + len(simple) + later
    count = _Count(total=by_repeat * plan.folds.repeats + len(planned) * (STATED in also), progress=progress)
    batches = [*configuration_batches(planned, plan, also), *baseline_batches(simple, plan)]
    found = finish(batches, plan.cells, workers=workers, advance=count.advance)
    likes = likenesses(
        planned, {one.label: _cells(found, one.label, plan) for one in planned}, baselines, plan
    )
    count.advance((later - len(likes)) * plan.folds.repeats)
    found |= finish(prototype_batches(likes, plan), plan.cells, workers=workers, advance=count.advance)
    together = [
        *(_of_configuration(one, found, plan, also) for one in planned),
        *(_of_prototypes(one.planned, found, plan) for one in likes),
        *(_of_baseline(one, found, plan) for one in simple),
    ]
    return AllRuns(
        runs=tuple(run for run, _ in together),
        notes=notes,
        timings=tuple(timing for _, timings in together for timing in timings),
    )


def _of_configuration(
    one: Planned, found: Found, plan: Plan, also: Collection[str]
) -> tuple[Run, Iterator[Timing]]:
    repeats = _cells(found, one.label, plan)
    inner = _cells(found, one.label, plan, INNER) if INNER in also else []
    stated = found.get(CellName(one.label, ONCE, STATED))
    run = run_of(one, plan.ks, repeats, stated=stated, inner=inner)
    return run, timings_of(one.label, repeats, stated, inner)


def _of_prototypes(one: Planned, found: Found, plan: Plan) -> tuple[Run, Iterator[Timing]]:
    repeats = _cells(found, one.label, plan)
    return run_of(one, plan.ks, repeats, role="baseline"), timings_of(one.label, repeats)


def _of_baseline(one: Contender, found: Found, plan: Plan) -> tuple[Run, Iterator[Timing]]:
    repeats = _cells(found, one.label, plan)
    return baseline_run(one, repeats, plan), baseline_timings(one.label, repeats)


def _cells(found: Found, label: str, plan: Plan, part: str = PREDICTED) -> list[Arrays]:
    return [found[CellName(label, repeat, part)] for repeat in range(plan.folds.repeats)]
