"""Runs EfficientNet-Lite0 by TensorFlow: one model a process, made on first use.

The functions are those of `network`, which needs no TensorFlow. Features, scores and maps agree with it to
1e-4, gradients to 1 % in norm: at ReLU6's kinks, float32 may take either side.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from cbrkit_xai.tensorflow_import import on_processor, tensorflow
from cbrkit_xai_latent.architecture import CLASSES, FEATURES, IMAGE_SIZE
from cbrkit_xai_latent.gradient_graph import MAP_SIZE
from cbrkit_xai_latent.installed import DISTRIBUTION
from cbrkit_xai_latent.keras_graph import build_model
from cbrkit_xai_latent.network import FINGERPRINT
from cbrkit_xai_latent.network_inputs import checked_images, checked_pixels, checked_target
from cbrkit_xai_latent.weights import read_weights

__all__ = ["FINGERPRINT", "feature_maps", "features", "gradient", "logits"]

_lock = threading.Lock()
_functions: _Functions | None = None


@attrs.frozen(kw_only=True)
class _Functions:
    """The model as functions of one image, `(1, 224, 224, 3)` float32, and its derivatives."""

    forward: Callable[..., Any]
    """To maps, features and logits."""

    gradient: Callable[..., Any]
    """With a target, to the derivatives of its probability, of the image's shape."""

    feature_maps: Callable[..., Any]
    """With a target, to the maps and the derivatives of its logit, `(1, 7, 7, 1280)` each."""


def features(images: NDArray[Any]) -> NDArray[np.float32]:
    """Map `(n, 224, 224, 3)` uint8 images to the `(n, 1280)` pooled features before the classes.

    Raises
    ------
    ParameterError
        The images have another shape or type.
    MissingDependencyError
        TensorFlow or the weights are not installed.
    """
    images = checked_images(images)
    results = np.empty((len(images), FEATURES), dtype=np.float32)
    for row, (_, found, _) in enumerate(_each(images, "forward")):
        results[row] = found
    return results


def logits(images: NDArray[Any]) -> NDArray[np.float32]:
    """Map `(n, 224, 224, 3)` uint8 images to `(n, 1000)` scores, one a class, before softmax.

    Raises as `features` does.
    """
    images = checked_images(images)
    results = np.empty((len(images), CLASSES), dtype=np.float32)
    for row, (_, _, scores) in enumerate(_each(images, "forward")):
        results[row] = scores
    return results


def gradient(images: NDArray[Any], target: int) -> NDArray[np.float32]:
    """Return the derivatives of the target's probability with respect to each pixel value.

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
        TensorFlow or the weights are not installed.
    """
    pixels, target = checked_pixels(images), checked_target(target)
    results = np.empty(pixels.shape, dtype=np.float32)
    for row, (slopes,) in enumerate(_each(pixels, "gradient", target)):
        results[row] = slopes
    return results


def feature_maps(images: NDArray[Any], target: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the last convolution's maps, and how the target's score changes with each of their values.

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
        Derivatives of the target's logit, before softmax, by each value of `maps`.

    Raises as `gradient` does, and ParameterError where the images are not uint8.
    """
    images, target = checked_images(images), checked_target(target)
    shape = (len(images), MAP_SIZE, MAP_SIZE, FEATURES)
    maps, gradients = np.empty(shape, dtype=np.float32), np.empty(shape, dtype=np.float32)
    for row, (found, slopes) in enumerate(_each(images, "feature_maps", target)):
        maps[row], gradients[row] = found, slopes
    return maps, gradients


def _each(images: NDArray[Any], function: str, *target: int) -> Iterator[list[NDArray[np.float32]]]:
    """Yield what one of `_Functions` gives for each image, without the axis of one.

    One image a run: a matrix product rounds differently in a larger batch, and a batch must equal
    its single queries. All 16 in one run would take two thirds of the time.
    """
    if not len(images):
        return
    run = getattr(_shared_functions(), function)
    for row in range(len(images)):
        with on_processor():
            found = run(np.asarray(images[row : row + 1], dtype=np.float32), *target)
        yield [one.numpy()[0] for one in found]


def _shared_functions() -> _Functions:
    global _functions
    tensorflow(DISTRIBUTION)  # says so where this process was forked from one that has used it
    with _lock:
        if _functions is None:
            with on_processor():
                _functions = _new_functions(build_model(read_weights()))
        return _functions


def _new_functions(model: Any) -> _Functions:
    tf = tensorflow(DISTRIBUTION)
    image = tf.TensorSpec((1, IMAGE_SIZE, IMAGE_SIZE, 3), tf.float32)
    index = tf.TensorSpec((), tf.int32)

    def forward(image: Any) -> Any:
        return model(image, training=False)

    def gradient(image: Any, target: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(image)
            _, _, scores = model(image, training=False)
            log_probability = tf.nn.log_softmax(tf.cast(scores[0], tf.float64))[target]
        # d p = p d(log p): a small p would make float32 numbers vanish on the way back
        slopes = tf.cast(tape.gradient(log_probability, image), tf.float64)
        return (tf.cast(slopes * tf.exp(log_probability), tf.float32),)

    def feature_maps(image: Any, target: Any) -> Any:
        maps, _, _ = model(image, training=False)
        pooling, scores = model.layers[-2:]
        with tf.GradientTape() as tape:
            tape.watch(maps)
            score = scores(pooling(maps))[0, target]
        return maps, tape.gradient(score, maps)

    return _Functions(
        forward=tf.function(forward, input_signature=[image]),
        gradient=tf.function(gradient, input_signature=[image, index]),
        feature_maps=tf.function(feature_maps, input_signature=[image, index]),
    )
