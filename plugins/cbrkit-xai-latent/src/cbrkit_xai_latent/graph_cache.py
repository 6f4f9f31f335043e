"""Keeps the built graph in the user's cache directory, and never trusts what it finds there.

A cached file is one line with the sha256 of the rest, then the graph: one file, so that one
rename replaces digest and graph together, and a file that was cut short shows.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path

from cbrkit_xai.cache import cache_folder, write_atomically

logger = logging.getLogger("cbrkit_xai")

_DIGEST_BYTES = 64 + 1  # in hexadecimal, and the end of the line


def cached(name: str, build: Callable[[], bytes]) -> bytes:
    """Return the cached graph of that name; build it, and try to cache it, where there is none.

    A cache that cannot be read or written costs time, never the answer.

    Parameters
    ----------
    name : str
        File name, in which everything is that the graph depends on.
    build : callable
        Makes the graph.
    """
    try:
        file = cache_folder() / name
    except RuntimeError as error:  # no home directory
        logger.warning("no cache directory (%s): set CBRKIT_XAI_CACHE to keep the network's graph", error)
        return build()
    graph = _read(file)
    if graph is None:
        graph = build()
        _write(file, graph)
    return graph


def _read(file: Path) -> bytes | None:
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        logger.warning("cannot read the cached graph %s (%s); building it anew", file, error)
        return None
    digest, graph = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if digest != _digest(graph):
        logger.warning("the cached graph %s is damaged; building it anew", file)
        return None
    return graph


def _write(file: Path, graph: bytes) -> None:
    try:
        write_atomically(file, _digest(graph) + graph)
    except OSError as error:
        logger.warning(
            "cannot cache the network's graph in %s (%s); each process builds its own: "
            "set CBRKIT_XAI_CACHE to a directory that can be written",
            file.parent,
            error,
        )


def _digest(graph: bytes) -> bytes:
    return hashlib.sha256(graph).hexdigest().encode() + b"\n"
