"""Runs EfficientNet-Lite0 on photos: one session a process, made on first use."""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cbrkit_xai.errors import ParameterError
from cbrkit_xai_latent.architecture import CLASSES, FEATURES, IMAGE_SIZE
from cbrkit_xai_latent.graph_cache import cached
from cbrkit_xai_latent.installed import module
from cbrkit_xai_latent.onnx_graph import GRAPH_VERSION, PREPROCESSING, build_graph
from cbrkit_xai_latent.weights import SHA256, read_weights

FINGERPRINT = f"efficientnet-lite0;weights={SHA256[:12]};pixels={PREPROCESSING}"
"""What changes the network's numbers; not the backend that computes them."""

_MOST_THREADS = 4  # a photo takes milliseconds: more threads wait for each other
_FATAL_AND_ERRORS = 3

_lock = threading.Lock()
_session: Any = None
_left_behind: list[Any] = []


def features(images: NDArray[Any]) -> NDArray[np.float32]:
    """Map `(n, 224, 224, 3)` uint8 images to the `(n, 1280)` pooled features before the classes.

    Raises
    ------
    ParameterError
        The images have another shape or type.
    MissingDependencyError
        The runtime or the weights are not installed.
    """
    return _run(images, "features", FEATURES)


def logits(images: NDArray[Any]) -> NDArray[np.float32]:
    """Map `(n, 224, 224, 3)` uint8 images to `(n, 1000)` scores, one a class, before softmax.

    Raises as `features` does.
    """
    return _run(images, "logits", CLASSES)


def _run(images: NDArray[Any], output: str, width: int) -> NDArray[np.float32]:
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.shape[1:] != (IMAGE_SIZE, IMAGE_SIZE, 3):
        raise ParameterError(
            f"images of shape {images.shape} and type {images.dtype}",
            where="efficientnet-lite0",
            allowed=f"(n, {IMAGE_SIZE}, {IMAGE_SIZE}, 3) and uint8",
            next_step="open photos with cbrkit_xai.images.open_image",
        )
    results = np.empty((len(images), width), dtype=np.float32)
    if len(images):
        session = _shared_session()
    for row in range(len(images)):
        # One image a run: a matrix product may round differently in a larger batch, and a batch
        # must equal its single queries. It costs nothing: 4 ms a photo either way.
        results[row] = session.run([output], {"images": np.ascontiguousarray(images[row : row + 1])})[0][0]
    return results


def _shared_session() -> Any:
    global _session
    with _lock:
        if _session is None:
            _session = _new_session()
        return _session


def _new_session() -> Any:
    onnxruntime = module("onnxruntime", pip_name="onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(_available_processors(), _MOST_THREADS)
    options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL_AND_ERRORS
    graph = cached(
        f"efficientnet-lite0-{SHA256[:12]}-{GRAPH_VERSION}.graph", lambda: build_graph(read_weights())
    )
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _available_processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on this system
        return os.cpu_count() or 1


def _forget_session() -> None:
    """Start anew in a forked child: its copy of the session has no threads and would hang.

    The copy is kept, because ending it waits for those threads.
    """
    global _lock, _session
    _left_behind.append(_session)
    _lock, _session = threading.Lock(), None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_session)
