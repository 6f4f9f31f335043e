"""One fitted index, asked one query at a time."""

from __future__ import annotations

import time
from collections.abc import Sequence

import attrs
import numpy as np

from cbrkit_xai.features import Array, Features, count, frozen_floats, frozen_integers, take
from cbrkit_xai.protocols import Index, ReuseStrategy

NANOSECONDS = 1_000.0
"""In a microsecond."""


@attrs.frozen(kw_only=True, eq=False)
class TimedIndex:
    """What is asked, and what it is asked for.

    Parameters
    ----------
    name : str
        As the pages call it.
    label : str
        Of the configuration.
    index : Index
        Fitted to the training cases.
    reuse : ReuseStrategy
        Fitted likewise.
    queries : array or mapping of arrays
        Features of photos that are none of the training cases; first axis q >= 1.
    ks : tuple of int
        Numbers of neighbours that are asked for.
    """

    name: str
    label: str
    index: Index
    reuse: ReuseStrategy
    queries: Features
    ks: tuple[int, ...]

    @property
    def entries(self) -> int:
        """Distances that a query takes."""
        return len(self.index.entries)

    def ask(self, query: int, k: int) -> tuple[float, float]:
        """Return the microseconds of retrieval, and of reuse, of one query.

        Its features are there already, as in the paper's comparison; describing a photo takes longer than all
        the rest.
        """
        one = take(self.queries, slice(query, query + 1))
        started = time.perf_counter_ns()
        neighbours = self.index.nearest(one, k)
        retrieved = time.perf_counter_ns()
        self.reuse.reuse(neighbours)
        reused = time.perf_counter_ns()
        return (retrieved - started) / NANOSECONDS, (reused - retrieved) / NANOSECONDS


@attrs.frozen(kw_only=True, eq=False)
class QueryTimes:
    """How long single queries took.

    Parameters
    ----------
    of : TimedIndex
        What was asked.
    ks : tuple of int
        Those that were timed.
    turns, queries : array of shape (rounds,)
        int64: which of the common turns each round belongs to, and which query was asked in it. In one turn
        all that take part are asked the same.
    retrieve, reuse : array of shape (rounds, ks)
        Microseconds.
    """

    of: TimedIndex
    ks: tuple[int, ...]
    turns: Array = attrs.field(converter=frozen_integers)
    queries: Array = attrs.field(converter=frozen_integers)
    retrieve: Array = attrs.field(converter=frozen_floats)
    reuse: Array = attrs.field(converter=frozen_floats)

    @property
    def total(self) -> Array:
        """Retrieval and reuse, `(rounds, ks)`."""
        return self.retrieve + self.reuse

    def at(self, k: int) -> Array:
        """Return the totals of each round at the timed k that is nearest, `(rounds,)`."""
        place = min(range(len(self.ks)), key=lambda one: (abs(self.ks[one] - k), self.ks[one]))
        return self.total[:, place]


SECONDS = 1.0
"""Each index is asked for about so long."""

FEWEST, MOST = 7, 150
"""Turns: how often each k is asked."""

SLOW = 20_000.0
"""Microseconds of a query from which on not every k is timed: what k adds is nothing beside that."""


def time_queries(indexes: Sequence[TimedIndex], seed: int, seconds: float = SECONDS) -> list[QueryTimes]:
    """Ask all indexes in turns, so that whatever else the computer does falls on all of them alike.

    A turn asks every index that takes part once for each of its k, in an order drawn anew, and all with the
    one query of that turn. Slow indexes take part in fewer turns, spread over all, and only in such as every
    faster one takes part in; a query comes back only after all others were asked.

    Parameters
    ----------
    indexes : sequence of TimedIndex
        Of any speed, with the same queries.
    seed : int
        Of the orders.
    seconds : float
        For each index, about.
    """
    plans = [_plan(one, seconds) for one in indexes]
    ranks = _spread(max((number for _, number in plans), default=0))
    taken = [np.flatnonzero(ranks < number) for _, number in plans]
    found = [np.empty((number, len(ks), 2)) for ks, number in plans]
    rng = np.random.default_rng(seed)
    done = [0] * len(indexes)
    with _collector_off():
        for rank in ranks.tolist():
            part = [place for place, (_, number) in enumerate(plans) if rank < number]
            asked = [(place, column) for place in part for column in range(len(plans[place][0]))]
            for which in rng.permutation(len(asked)):
                place, column = asked[which]
                one = indexes[place]
                query = rank % count(one.queries)
                found[place][done[place], column] = one.ask(query, plans[place][0][column])
            for place in part:
                done[place] += 1
    return [
        QueryTimes(
            of=one,
            ks=ks,
            turns=turns,
            queries=ranks[turns] % count(one.queries),
            retrieve=times[:, :, 0],
            reuse=times[:, :, 1],
        )
        for one, (ks, _), turns, times in zip(indexes, plans, taken, found, strict=True)
    ]


def _spread(turns: int) -> Array:
    """Return the rank of each turn, so that the first few ranks are spread evenly over all turns.

    By the digits of its number to the base 2, read backwards: van der Corput, Verteilungsfunktionen, Proc.
    Ned. Akad. v. Wet. 38 (1935) 813-821.
    """
    digits = max(turns - 1, 0).bit_length()
    backwards = [int(f"{turn:0{digits}b}"[::-1], 2) if digits else 0 for turn in range(turns)]
    return np.argsort(np.argsort(backwards, kind="stable"), kind="stable")


def _plan(one: TimedIndex, seconds: float) -> tuple[tuple[int, ...], int]:
    """Return which k are timed, and in how many turns; what is asked first is slower than the rest."""
    one.ask(0, one.ks[0])
    takes = sum(one.ask(0, one.ks[-1]))
    if takes < SLOW:
        takes = min(takes, sum(one.ask(0, one.ks[-1])))
    ks = one.ks
    if takes > SLOW and len(ks) > 3:
        ks = tuple(sorted({ks[0], ks[-1], *(k for k in ks if k == 5)}))
    rounds = int(seconds * 1e6 / (max(takes, 1.0) * len(ks)))
    return ks, min(max(rounds, FEWEST), MOST)


class _collector_off:  # noqa: N801 - reads as what it does in a with statement
    """Leave the garbage collector out of the times."""

    def __enter__(self) -> None:
        import gc

        self.was_on = gc.isenabled()
        gc.collect()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        import gc

        if self.was_on:
            gc.enable()
