"""Asks about many things a batch at a time, and in smaller batches where the budget ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from cbrkit_xai.errors import BudgetSpentError

Found = TypeVar("Found")

BATCH = 16
"""Photos shown at once: little is lost when the budget ends, and memory stays small."""


def in_batches(ask: Callable[[slice], Found], count: int) -> Iterator[tuple[slice, Found]]:
    """Yield what `ask` returns for the numbers 0 to count - 1, in order, and which numbers these are.

    Where the budget does not reach for a batch, half of it is tried, down to a single one: so every
    call that may be made is made. `ask` is called again with numbers that it was refused before.

    Raises
    ------
    BudgetSpentError
        It does not reach for one more; what came before has been yielded.
    """
    done, size = 0, BATCH
    while done < count:
        some = slice(done, min(done + size, count))
        try:
            found = ask(some)
        except BudgetSpentError:
            size = (some.stop - some.start) // 2
            if size == 0:
                raise
            continue
        yield some, found
        done = some.stop
