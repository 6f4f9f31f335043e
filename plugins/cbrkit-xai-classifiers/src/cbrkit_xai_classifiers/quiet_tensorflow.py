"""Imports Keras on TensorFlow without the lines that both write about themselves."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cbrkit_xai.errors import ClassifierError, MissingDependencyError
from cbrkit_xai.quiet import warnings_muted

_NOISE = re.compile(
    rb"WARNING: All log messages before absl|[IW]\d{4} |E\d{4} .*cuda|.*\b[IW] (tensorflow|external)/|\s*$"
)
"""What it says of machines without a graphics card, above all."""

_INSTALL = 'pip install "cbrkit-xai-classifiers[tensorflow]"'


def keras_and_tensorflow(where: str) -> tuple[Any, Any]:
    """Return the modules `keras` and `tensorflow`.

    Parameters
    ----------
    where : str
        Who needs them, for errors.

    Raises
    ------
    MissingDependencyError
        One of them is not installed.
    ClassifierError
        Keras runs on something else in this process.
    """
    # Keras chooses once, when it is first imported; what the user has set goes first.
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with _filtered_standard_error(), warnings_muted():
            import keras
            import tensorflow

            tensorflow.config.list_physical_devices()  # it looks for graphics cards now, or when first used
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"the module {error.name!r} is not installed", where=where, next_step=_INSTALL
        ) from error
    if keras.backend.backend() != "tensorflow":
        raise ClassifierError(
            f"Keras runs on {keras.backend.backend()} here",
            where=where,
            allowed="TensorFlow",
            next_step="set the environment variable KERAS_BACKEND=tensorflow",
        )
    return keras, tensorflow


@contextmanager
def _filtered_standard_error() -> Iterator[None]:
    """Hold back what is written to file descriptor 2, from C++ too, and pass on what is not noise."""
    if "tensorflow" in sys.modules:  # it has said what it had to say
        yield
        return
    with tempfile.TemporaryFile() as held:
        kept = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            held.seek(0)
            passed = b"".join(line for line in held if not _NOISE.match(line))
            if passed:
                os.write(kept, passed)
            os.close(kept)
