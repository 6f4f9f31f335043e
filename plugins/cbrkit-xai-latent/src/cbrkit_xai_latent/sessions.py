"""Keeps one onnxruntime session a graph and process: made on first use, shared by threads, not by forks."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from numpy.typing import NDArray

from cbrkit_xai_latent.graph_cache import cached
from cbrkit_xai_latent.installed import module

_MOST_AT_ONCE = 8
_FATAL_AND_ERRORS = 3

_lock = threading.Lock()
_sessions: dict[str, Any] = {}
_left_behind: list[Any] = []


def run_each(
    graph: str, build: Callable[[], bytes], outputs: list[str], inputs: Iterable[Mapping[str, NDArray[Any]]]
) -> Iterator[list[NDArray[Any]]]:
    """Run a graph once for each of the inputs, several at a time, and yield the outputs in order.

    Parameters
    ----------
    graph : str
        Name under which its session is shared and its bytes are cached; it has everything in it
        that the graph depends on.
    build : callable
        Makes the bytes, where they are not cached yet.
    outputs : list of str
        Names of the outputs wanted.
    inputs : iterable of mappings
        Arrays by the names of the inputs.

    Raises
    ------
    MissingDependencyError
        The runtime, or what `build` needs, is not installed.
    """
    todo = list(inputs)
    if not todo:
        return
    session = _shared(graph, build)
    workers = min(_available_processors(), _MOST_AT_ONCE, len(todo))
    if workers == 1:
        yield from (session.run(outputs, dict(one)) for one in todo)
        return
    # A pool of this call's own: one that stayed would have no threads in a fork.
    pool = ThreadPoolExecutor(workers)
    try:
        yield from pool.map(lambda one: session.run(outputs, dict(one)), todo)
    finally:
        pool.shutdown(cancel_futures=True)  # after Ctrl-C, only what runs already is waited for


def _shared(graph: str, build: Callable[[], bytes]) -> Any:
    with _lock:
        if graph not in _sessions:
            _sessions[graph] = _new(graph, build)
        return _sessions[graph]


def _new(graph: str, build: Callable[[], bytes]) -> Any:
    onnxruntime = module("onnxruntime", pip_name="onnxruntime")
    options = onnxruntime.SessionOptions()
    # Threads that share one photo wait for each other: two take 12.4 ms for it, one takes 13.2; on a busy
    # machine 30 and 25. So each photo gets one, and photos run side by side.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL_AND_ERRORS
    return onnxruntime.InferenceSession(cached(graph, build), options, providers=["CPUExecutionProvider"])


def _available_processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        return os.cpu_count() or 1


def _forget() -> None:
    """Start anew in a forked child: its copies of the sessions have no threads and would hang.

    The copies are kept, because ending them waits for those threads.
    """
    global _lock, _sessions
    _left_behind.append(_sessions)
    _lock, _sessions = threading.Lock(), {}


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
