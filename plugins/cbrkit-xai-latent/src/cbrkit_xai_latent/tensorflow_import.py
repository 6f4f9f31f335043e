"""Imports TensorFlow when a backend that needs it runs: quietly, or saying what to install."""

from __future__ import annotations

import os
import random
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import ModuleType

from cbrkit_xai.errors import CbrkitXaiError
from cbrkit_xai.quiet import warnings_muted
from cbrkit_xai_latent.installed import module

PIP_NAME = '"cbrkit-xai-latent[tensorflow]"'

_LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_FATAL_ONLY = "3"  # what goes wrong is raised all the same
_STDERR = 2
_CHATTER = re.compile(rb"[IW]\d{4} \d\d:\d\d:|WARNING: All log messages before absl::")

_lock = threading.RLock()
_process: int | None = None


def tensorflow() -> ModuleType:
    """Return the module `tensorflow`, imported on the first call (about 6 s).

    Raises
    ------
    MissingDependencyError
        It is not installed.
    CbrkitXaiError
        This process was forked from one that had used it, and would hang.
    """
    global _process
    with _lock:
        if _process is None:
            if "tensorflow" not in sys.modules:  # else somebody has chosen how much it says
                _import_quietly()
            _process = os.getpid()
        elif _process != os.getpid():
            raise CbrkitXaiError(
                "TensorFlow cannot run in a process forked from one that has used it",
                where="cbrkit-xai-latent",
                next_step="start processes by 'spawn', or choose backend='onnx'",
            )
        return module("tensorflow", pip_name=PIP_NAME)


def keras() -> ModuleType:
    """Return the module `keras`, which must run on TensorFlow; raises as `tensorflow` does.

    Raises
    ------
    CbrkitXaiError
        Keras was told to run on something else.
    """
    tensorflow()
    found = module("keras", pip_name=PIP_NAME)
    backend = found.config.backend()
    if backend != "tensorflow":
        raise CbrkitXaiError(
            f"Keras runs on {backend!r} here",
            where="cbrkit-xai-latent",
            allowed="tensorflow",
            next_step="unset KERAS_BACKEND, or choose backend='onnx'",
        )
    return found


def tensorflow_hub() -> ModuleType:
    """Return the module `tensorflow_hub`; raises as `tensorflow` does."""
    tensorflow()
    with warnings_muted():  # it imports pkg_resources, which is deprecated, and nobody here can change that
        return module("tensorflow_hub", pip_name=PIP_NAME)


def on_processor() -> AbstractContextManager[object]:
    """Return a context in which TensorFlow leaves a graphics card alone.

    Cards round products to TF32 and sum in any order: that is neither 1e-4 nor the same bytes each time.
    """
    device: AbstractContextManager[object] = tensorflow().device("/CPU:0")
    return device


def _import_quietly() -> None:
    if _LOG_LEVEL in os.environ:  # the user has chosen
        module("tensorflow", pip_name=PIP_NAME)
        return
    os.environ[_LOG_LEVEL] = _FATAL_ONLY
    state = random.getstate()  # some module of TensorFlow's draws from the global generator
    with _native_chatter_dropped():
        tf = module("tensorflow", pip_name=PIP_NAME)
    random.setstate(state)
    tf.get_logger().setLevel("ERROR")


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
