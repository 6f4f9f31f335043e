"""A value that is made on first use: once a process, for all threads."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")

_all: weakref.WeakSet[LoadedOnce[Any]] = weakref.WeakSet()
_left_behind: list[Any] = []


class LoadedOnce(Generic[T]):
    """Holds what `get` made.

    Parameters
    ----------
    survives_fork : bool
        False to make it anew in a forked child: what owns threads has lost them there, and would hang.
    """

    def __init__(self, *, survives_fork: bool = False) -> None:
        self._survives_fork = survives_fork
        self._lock = threading.RLock()
        self._made = False
        self._value: T | None = None
        _all.add(self)

    def get(self, make: Callable[[], T]) -> T:
        """Return the value; the first call makes it, and one that raises leaves it to the next."""
        with self._lock:
            if not self._made:
                self._value = make()
                self._made = True
            return cast(T, self._value)

    def __reduce__(self) -> tuple[object, ...]:
        # Another process makes its own.
        return _empty, (self._survives_fork,)

    def _after_fork(self) -> None:
        self._lock = threading.RLock()  # another thread may have held the old one
        if not self._survives_fork:
            _left_behind.append(self._value)  # ending it would wait for its threads
            self._made, self._value = False, None


def _empty(survives_fork: bool) -> LoadedOnce[Any]:
    return LoadedOnce(survives_fork=survives_fork)


def _after_fork() -> None:
    for one in list(_all):
        one._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
