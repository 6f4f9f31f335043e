"""Imports TensorFlow when a plugin that needs it runs: quietly, once a process, or saying what to install.

All plugins import it here, so that whichever used it first, a forked process knows that it cannot.
"""

from __future__ import annotations

import importlib
import os
import random
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from types import ModuleType

from cbrkit_xai.errors import CbrkitXaiError, MissingDependencyError
from cbrkit_xai.quiet import warnings_muted

_BACKEND = "KERAS_BACKEND"
_LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_FATAL_ONLY = "3"  # what goes wrong is raised all the same
_STDERR = 2
_CHATTER = re.compile(
    rb"[IW]\d{4} \d\d:\d\d:|E\d{4} .*cuda|.*: [IW] (tensorflow|external)/"
    rb"|WARNING: All log messages before absl::"
)

_lock = threading.RLock()
_process: int | None = None


def tensorflow(distribution: str) -> ModuleType:
    """Return the module `tensorflow`, imported on the first call (about 6 s).

    Parameters
    ----------
    distribution : str
        Which one asks, such as "cbrkit-xai-latent"; its extra `tensorflow` is what errors advise.

    Raises
    ------
    MissingDependencyError
        It is not installed.
    CbrkitXaiError
        This process was forked from one that had used it, and would hang.
    """
    global _process
    # Before the lock, which may have been held by another thread when this process was forked.
    if _process not in (None, os.getpid()):
        raise CbrkitXaiError(
            "TensorFlow cannot run in a process forked from one that has used it",
            where=distribution,
            next_step="start processes by 'spawn', or choose ONNX instead",
        )
    with _lock:
        before, _process = _process, os.getpid()
        try:
            return _module("tensorflow", distribution)
        except BaseException:
            _process = before
            raise


def keras(distribution: str) -> ModuleType:
    """Return the module `keras`, which must run on TensorFlow; takes and raises what `tensorflow` does.

    Raises
    ------
    CbrkitXaiError
        Keras was told to run on something else.
    """
    tensorflow(distribution)
    with _lock, _set_meanwhile(_BACKEND, "tensorflow"):  # Keras reads it once, when it is first imported
        found = _module("keras", distribution)
    backend = found.config.backend()
    if backend != "tensorflow":
        raise CbrkitXaiError(
            f"Keras runs on {backend!r} here",
            where=distribution,
            allowed="tensorflow",
            next_step=f"unset {_BACKEND}, or choose ONNX instead",
        )
    return found


def tensorflow_hub(distribution: str) -> ModuleType:
    """Return the module `tensorflow_hub`; takes and raises what `tensorflow` does."""
    tensorflow(distribution)
    with _lock:
        return _module("tensorflow_hub", distribution)


def on_processor() -> AbstractContextManager[object]:
    """Return a context in which TensorFlow, once imported, leaves a graphics card alone.

    Cards round products to TF32 and sum in any order: that is neither 1e-4 nor the same bytes each time.
    """
    device: AbstractContextManager[object] = sys.modules["tensorflow"].device("/CPU:0")
    return device


def _module(name: str, distribution: str) -> ModuleType:
    try:
        if name in sys.modules:  # somebody has chosen how much it says
            return importlib.import_module(name)
        user_has_chosen = _LOG_LEVEL in os.environ
        with _quietly():
            found = importlib.import_module(name)
            if name == "tensorflow":
                found.config.list_physical_devices()  # looks for graphics cards now, or when first used
                if not user_has_chosen:
                    found.get_logger().setLevel("ERROR")
            return found
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"the module {error.name!r} is not installed",
            where=distribution,
            next_step=f'pip install "{distribution}[tensorflow]"',
        ) from error


@contextmanager
def _quietly() -> Iterator[None]:
    """Leave standard error, the environment and the global generator as they are while modules are loaded."""
    with ExitStack() as stack:
        stack.enter_context(
            warnings_muted()
        )  # tensorflow_hub's imports are deprecated, and not ours to change
        if _LOG_LEVEL not in os.environ:  # else the user has chosen
            stack.enter_context(_native_chatter_dropped())
            stack.enter_context(_set_meanwhile(_LOG_LEVEL, _FATAL_ONLY))
        state = random.getstate()  # some module of TensorFlow's draws from it
        try:
            yield
        finally:
            random.setstate(state)


@contextmanager
def _set_meanwhile(name: str, value: str) -> Iterator[None]:
    """Set a variable of the environment, unless the user has, and take it back."""
    if name in os.environ:
        yield
        return
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name, None)


@contextmanager
def _native_chatter_dropped() -> Iterator[None]:
    """Drop what TensorFlow's libraries log while they are loaded; all else still reaches stderr.

    Before its logging is set up, TensorFlow heeds no level. So the descriptor itself is led into a
    file, and what is no line of that log is written out afterwards, also what other threads wrote.
    """
    try:
        kept = os.dup(_STDERR)
    except OSError:  # a process without stderr
        yield
        return
    with tempfile.TemporaryFile() as written:
        _flush()
        os.dup2(written.fileno(), _STDERR)
        try:
            yield
        finally:
            _flush()
            os.dup2(kept, _STDERR)
            os.close(kept)
            written.seek(0)
            for line in written:
                if not _CHATTER.match(line):
                    os.write(_STDERR, line)


def _flush() -> None:
    if sys.stderr is not None:
        sys.stderr.flush()
