"""Silence warnings in the calling thread alone, leaving every other thread's filters as they are."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


class _Here(threading.local):
    muted = False


_here = _Here()


class _MatchesWhileMuted(type):
    def __subclasscheck__(cls, category: type) -> bool:
        return _here.muted


class _WhileMuted(Warning, metaclass=_MatchesWhileMuted):
    """Stands for every warning category in a thread that is muted, and for none elsewhere."""


@contextmanager
def warnings_muted() -> Iterator[None]:
    """Ignore all warnings that this thread issues inside the block.

    `warnings.catch_warnings` saves and restores the filters of the whole process, so that two threads
    inside it at once can leave each other's filters behind. This leaves one filter in the list for good;
    it matches nothing except in a thread that is inside this block.
    """
    if getattr(sys.flags, "context_aware_warnings", 0):  # Python 3.14 on: catch_warnings is safe in threads
        with warnings.catch_warnings(action="ignore"):
            yield
        return
    # Not added again where it stands: adding makes Python forget which warnings it has shown once already.
    if not any(entry[2] is _WhileMuted for entry in warnings.filters):
        warnings.simplefilter("ignore", category=_WhileMuted)
    before, _here.muted = _here.muted, True
    try:
        yield
    finally:
        _here.muted = before
