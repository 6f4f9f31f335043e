"""Works through independent parts of an evaluation on all cores, with the same numbers on any."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeAlias

Stop: TypeAlias = threading.Event
Work: TypeAlias = Callable[[Stop], None]
"""Does one part; looks at the event now and then, and leaves with `StoppedError` once it is set."""


class StoppedError(Exception):
    """A part that was given up because the whole is being given up."""


def leave_if(stop: Stop) -> None:
    """Leave a part that nobody waits for any more.

    Raises
    ------
    StoppedError
        The event is set.
    """
    if stop.is_set():
        raise StoppedError


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Let linear algebra use one thread, always: how a sum is split over threads changes its last bits."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield


def work_through(parts: Sequence[Work], *, workers: int, finished: Callable[[], None]) -> None:
    """Do every part, several at a time, and tell after each.

    The first error ends the whole, as does Ctrl-C: what runs stops at its next look at the event, the rest
    is not begun, and what was finished stays.

    Parameters
    ----------
    parts : sequence of callables
        In any order; no part may need another.
    workers : int
        Threads, at least 1.
    finished : callable
        Called in this thread.
    """
    if not parts:
        return
    stop = Stop()
    pool = ThreadPoolExecutor(max_workers=min(workers, len(parts)), initializer=_limit_this_thread)
    waiting: set[Future[None]] = set()
    try:
        waiting = {pool.submit(part, stop) for part in parts}
        while waiting:
            # With a limit: an endless wait would not hear Ctrl-C on every system.
            done, waiting = wait(waiting, timeout=0.5, return_when=FIRST_COMPLETED)
            for part in done:
                part.result()
                finished()
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


def _limit_this_thread() -> None:
    # OpenMP's limit is each thread's own.
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=1)
