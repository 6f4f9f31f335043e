"""Finishes every part of an evaluation, and puts the parts together to runs."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import attrs

from cbrkit_xai.cases import Cases
from cbrkit_xai.evaluation.baseline_cells import (
    baseline_batches,
    baseline_run,
    baseline_timings,
    contenders,
)
from cbrkit_xai.evaluation.baselines import BASELINES
from cbrkit_xai.evaluation.configuration_cells import INNER, STATED, configuration_batches, run_of, timings_of
from cbrkit_xai.evaluation.finishing import ONCE, PREDICTED, Arrays, CellName, finish
from cbrkit_xai.evaluation.plan import Plan
from cbrkit_xai.evaluation.planning import Planned
from cbrkit_xai.evaluation.prototype_cells import PROTOTYPE_BASELINES, likenesses, prototype_batches
from cbrkit_xai.evaluation.results import Run, Timing
from cbrkit_xai.protocols import Progress

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
    bare: Cases,
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
    bare : Cases
        Without features.
    also : collection of str
        What is asked of configurations besides: `STATED`, `INNER`, or both.
    workers : int
        Threads.
    progress : callable, optional
        Called with (cells done, cells in all).
    """
    simple, notes = contenders([name for name in baselines if name in BASELINES], planned, plan)
    repeats = range(plan.folds.repeats)
    # Which organisations have prototypes is not known before they are there.
    may_cluster = sum(one.configuration.organizer.name != "linear" for one in planned)
    alike = sum(name in PROTOTYPE_BASELINES for name in baselines)
    cells = len(planned) + len(simple) + may_cluster * alike
    cells += len(planned) * (INNER in also)
    count = _Count(total=cells * len(repeats) + len(planned) * (STATED in also), progress=progress)
    found = finish(
        [*configuration_batches(planned, plan, also), *baseline_batches(simple, plan, bare)],
        plan.cells,
        workers=workers,
        advance=count.advance,
    )
    own = {one.label: _cells(found, one.label, plan) for one in planned}
    likes = likenesses(planned, own, baselines, plan)
    count.advance((may_cluster * alike - len(likes)) * len(repeats))
    found |= finish(prototype_batches(likes, plan), plan.cells, workers=workers, advance=count.advance)
    runs: list[Run] = []
    timings: list[Timing] = []
    for one in planned:
        stated = found.get(CellName(one.label, ONCE, STATED))
        inner = _cells(found, one.label, plan, INNER) if INNER in also else []
        runs.append(run_of(one, plan.ks, own[one.label], stated=stated, inner=inner))
        timings += timings_of(one.label, own[one.label], stated, inner)
    for like in likes:
        one = like.planned
        runs.append(run_of(one, plan.ks, _cells(found, one.label, plan), role="baseline"))
        timings += timings_of(one.label, _cells(found, one.label, plan))
    for contender in simple:
        runs.append(baseline_run(contender, _cells(found, contender.label, plan), plan))
        timings += baseline_timings(contender.label, _cells(found, contender.label, plan))
    return AllRuns(runs=tuple(runs), notes=notes, timings=tuple(timings))


def _cells(found: dict[CellName, Arrays], label: str, plan: Plan, part: str = PREDICTED) -> list[Arrays]:
    return [found[CellName(label, repeat, part)] for repeat in range(plan.folds.repeats)]
