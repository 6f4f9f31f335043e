"""Runs EfficientNet-Lite0 on photos with onnxruntime: forward, and back to the pixels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cbrkit_xai_latent.architecture import CLASSES, FEATURES
from cbrkit_xai_latent.gradient_graph import GRADIENT_GRAPH_VERSION, MAP_SIZE, build_gradient_graph
from cbrkit_xai_latent.network_inputs import checked_images, checked_pixels, checked_target
from cbrkit_xai_latent.onnx_graph import GRAPH_VERSION, PREPROCESSING, build_graph
from cbrkit_xai_latent.sessions import run_each
from cbrkit_xai_latent.weights import SHA256, read_weights

FINGERPRINT = f"efficientnet-lite0;weights={SHA256[:12]};pixels={PREPROCESSING}"
"""What changes the network's numbers; not the backend that computes them."""

_FORWARD = f"efficientnet-lite0-{SHA256[:12]}-{GRAPH_VERSION}.graph"
_GRADIENT = f"efficientnet-lite0-gradient-{SHA256[:12]}-{GRADIENT_GRAPH_VERSION}.graph"


def features(images: NDArray[Any]) -> NDArray[np.float32]:
    """Map `(n, 224, 224, 3)` uint8 images to the `(n, 1280)` pooled features before the classes.

    Raises
    ------
    ParameterError
        The images have another shape or type.
    MissingDependencyError
        The runtime or the weights are not installed.
    """
    return _forward(images, "features", FEATURES)


def logits(images: NDArray[Any]) -> NDArray[np.float32]:
    """Map `(n, 224, 224, 3)` uint8 images to `(n, 1000)` scores, one a class, before softmax.

    Raises as `features` does.
    """
    return _forward(images, "logits", CLASSES)


def gradient(images: NDArray[Any], target: int) -> NDArray[np.float32]:
    """Return the derivative of a class's probability, after softmax, by each value of each pixel.

    Parameters
    ----------
    images : (n, 224, 224, 3) numbers
        Pixels on the scale of 0 to 255. They need not be whole, and are not clipped.
    target : int
        Index of the class.

    Returns
    -------
    (n, 224, 224, 3) float32
        In units of probability per unit of pixel value.

    Raises
    ------
    ParameterError
        The images have another shape, are not finite numbers, or there is no such class.
    MissingDependencyError
        The runtime or the weights are not installed.
    """
    pixels, target = checked_pixels(images), checked_target(target)
    found = np.empty(pixels.shape, dtype=np.float32)
    for row, (one,) in enumerate(_with_gradient(pixels, target, ["gradient"])):
        found[row] = one[0]
    return found


def feature_maps(images: NDArray[Any], target: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the last convolution's maps, and the derivative of a class's logit by each of their values.

    Parameters
    ----------
    images : (n, 224, 224, 3) uint8
        Photos.
    target : int
        Index of the class.

    Returns
    -------
    maps : (n, 7, 7, 1280) float32
        After ReLU6; their means over the 49 places are the features.
    gradients : (n, 7, 7, 1280) float32
        The same for every photo: between maps and logits stand a mean and a matrix.

    Raises as `gradient` does, and ParameterError where the images are not uint8.
    """
    images, target = checked_images(images), checked_target(target)
    maps = np.empty((len(images), MAP_SIZE, MAP_SIZE, FEATURES), dtype=np.float32)
    gradients = np.empty_like(maps)
    outputs = ["feature_maps", "feature_gradient"]
    for row, (one, slope) in enumerate(_with_gradient(images.astype(np.float32), target, outputs)):
        maps[row], gradients[row] = one[0], slope
    return maps, gradients


def _forward(images: NDArray[Any], output: str, width: int) -> NDArray[np.float32]:
    images = checked_images(images)
    results = np.empty((len(images), width), dtype=np.float32)
    found = run_each(_FORWARD, lambda: build_graph(read_weights()), [output], _one_by_one(images))
    for row, (one,) in enumerate(found):
        results[row] = one[0]
    return results


def _with_gradient(
    pixels: NDArray[np.float32], target: int, outputs: list[str]
) -> Iterator[list[NDArray[np.float32]]]:
    chosen = {"target": np.array(target, dtype=np.int64)}
    inputs = (one | chosen for one in _one_by_one(pixels))
    return run_each(_GRADIENT, lambda: build_gradient_graph(read_weights()), outputs, inputs)


def _one_by_one(images: NDArray[Any]) -> Iterator[dict[str, NDArray[Any]]]:
    """Yield the inputs of one run an image.

    A matrix product may round differently in a larger batch, and a batch must equal its single
    queries. It costs nothing: the photos run side by side.
    """
    for row in range(len(images)):
        yield {"images": np.ascontiguousarray(images[row : row + 1], dtype=images.dtype)}
