"""Finishes the cells of an evaluation: takes those that are kept, and computes the rest on all cores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import NamedTuple, TypeAlias

import attrs

from cbrkit_xai.evaluation.running.cells import Cells
from cbrkit_xai.evaluation.working import Stop, Work, work_through
from cbrkit_xai.features import Array

PREDICTED = "predicted"


class CellName(NamedTuple):
    """What a cell holds.

    Parameters
    ----------
    label : str
        Of the run.
    repeat : int
        `ONCE` for what is computed once.
    part : str
        Of what is known of the run.
    """

    label: str
    repeat: int
    part: str = PREDICTED


ONCE = -1

Arrays: TypeAlias = Mapping[str, Array]
Compute: TypeAlias = Callable[[CellName, Stop], Arrays]


@attrs.frozen(kw_only=True, eq=False)
class Batch:
    """Cells that need the same things computed first, such as a matrix of distances.

    Parameters
    ----------
    keys : mapping of name to str or None
        By which each is kept; None for one that is not.
    prepare : callable
        Computes what all share, and returns what computes one of them. Not called where all are kept.
    """

    keys: Mapping[CellName, str | None]
    prepare: Callable[[], Compute]


def finish(
    batches: Iterable[Batch], cells: Cells, *, workers: int, advance: Callable[[int], None]
) -> dict[CellName, Arrays]:
    """Return the arrays of every cell; one that was computed is kept before the next is waited for.

    Parameters
    ----------
    batches : iterable of Batch
        Done one after the other, the cells of each several at a time.
    cells : Cells
        Where finished ones lie.
    workers : int
        Threads.
    advance : callable
        Called with how many more cells are done; those that were kept are done at once.
    """
    batches = list(batches)
    found: dict[CellName, Arrays] = {}
    for name, key in ((name, key) for batch in batches for name, key in batch.keys.items()):
        kept = cells.get(key)
        if kept is not None:
            found[name] = kept
    advance(len(found))
    for batch in batches:
        missing = [name for name in batch.keys if name not in found]
        if missing:
            compute = batch.prepare()
            parts = [_part(name, batch.keys[name], compute, cells, found) for name in missing]
            work_through(parts, workers=workers, finished=partial(advance, 1))
    return found


def _part(
    name: CellName, key: str | None, compute: Compute, cells: Cells, found: dict[CellName, Arrays]
) -> Work:
    def part(stop: Stop) -> None:
        arrays = compute(name, stop)
        cells.put(key, arrays)
        found[name] = arrays

    return part
