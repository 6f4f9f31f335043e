"""Whether a component writes to its input, told apart from whatever else it may do wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import numpy as np

from cbrkit_xai.features import Array
from cbrkit_xai.testing.laws import Broken

_SIGNS = ("read-only", "WRITEABLE")
"""One of these is in what numpy says to whoever writes to a frozen array, or tries to thaw it."""


@contextmanager
def nothing_written(arrays: Iterable[Array]) -> Iterator[None]:
    """Watch over arrays while a component is called.

    Errors of another kind end the call in silence: the laws that follow come across them, and say so.

    Parameters
    ----------
    arrays : arrays
        Read-only.

    Raises
    ------
    Broken
        The component tried to write to one, or found a way to.
    """
    watched = list(arrays)
    before = [one.copy() for one in watched]
    try:
        yield
    except Exception as error:  # a stranger's component may raise anything
        if any(sign in str(error) for sign in _SIGNS):
            raise Broken("it writes to its input, which is read-only") from error
    for one, copy in zip(watched, before, strict=True):
        if not np.array_equal(one, copy, equal_nan=one.dtype.kind == "f"):
            raise Broken("the input has other numbers afterwards")
