"""Runs the paper's kind of network: a SavedModel from TF-Hub, or from a folder, as a feature vector.

A SavedModel is a program: its graph may read and write files. So `Latent.runs` says which one it
would be, and only a person's own configuration may name it, never a case base.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cbrkit_xai.errors import ParameterError, first_sentence
from cbrkit_xai.tensorflow_import import on_processor, tensorflow
from cbrkit_xai_latent.architecture import IMAGE_SIZE
from cbrkit_xai_latent.hub_model import HubModelError, content_hash, is_address, local_folder
from cbrkit_xai_latent.installed import DISTRIBUTION

FEATURES = 2048
SIZE = 299
"""Height and width, in pixels, to which photos are enlarged."""

PREPROCESSING = f"bilinear-{SIZE},v/255"

_lock = threading.Lock()
_models: dict[str, Any] = {}


def fingerprint(handle: str) -> str:
    """Return what changes the numbers: the address, or the content of a folder, and the preprocessing.

    Raises
    ------
    HubModelError
        It is no address, and no folder with a SavedModel either.
    """
    model = handle if is_address(handle) else f"sha256:{content_hash(handle)[:16]}"
    return f"tfhub;model={model};pixels={PREPROCESSING}"


def features(images: NDArray[Any], handle: str) -> NDArray[np.float32]:
    """Map `(n, 224, 224, 3)` uint8 images to `(n, 2048)` features.

    Each image is enlarged to 299 x 299 (bilinear, half-pixel centres) and scaled to 0 to 1.

    Parameters
    ----------
    images : (n, 224, 224, 3) uint8 array
        sRGB.
    handle : str
        Address at a model hub, or a folder with a SavedModel.

    Raises
    ------
    ParameterError
        The images have another shape or type.
    HubModelError
        The model cannot be reached or loaded, or does not give 2048 finite numbers a photo.
    MissingDependencyError
        TensorFlow is not installed.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.shape[1:] != (IMAGE_SIZE, IMAGE_SIZE, 3):
        raise ParameterError(
            f"images of shape {images.shape} and type {images.dtype}",
            where="tfhub",
            allowed=f"(n, {IMAGE_SIZE}, {IMAGE_SIZE}, 3) and uint8",
            next_step="open photos with cbrkit_xai.images.open_image",
        )
    results = np.empty((len(images), FEATURES), dtype=np.float32)
    if len(images):
        model = _shared_model(handle)
    for row in range(len(images)):
        # One image a run: a matrix product may round differently in a larger batch, and a batch
        # must equal its single queries.
        results[row] = _vector(model, images[row : row + 1], handle)
    return results


def _vector(model: Any, image: NDArray[np.uint8], handle: str) -> NDArray[np.float32]:
    tf = tensorflow(DISTRIBUTION)
    with on_processor():
        enlarged = tf.image.resize(tf.constant(image, tf.float32), (SIZE, SIZE), method="bilinear")
        try:
            found = model(enlarged / 255.0, **_not_training(model))
        except Exception as error:  # whatever a stranger's graph raises
            raise HubModelError(
                f"the model cannot be asked: {first_sentence(error)[:200]}",
                where=handle,
                allowed=f"a function of (n, {SIZE}, {SIZE}, 3) float32 numbers from 0 to 1",
                next_step="name a feature vector of InceptionV3",
            ) from error
    shape = tuple(getattr(found, "shape", ()))
    if shape != (1, FEATURES):
        raise HubModelError(
            f"the model gives {f'shape {shape}' if shape else f'a {type(found).__name__}'} for a photo",
            where=handle,
            allowed=f"(1, {FEATURES}), a feature vector",
            next_step="name a feature vector of InceptionV3, not a classification",
        )
    vector: NDArray[np.float32] = np.asarray(found[0], dtype=np.float32)
    if not np.isfinite(vector).all():
        raise HubModelError(
            f"the model gives {np.count_nonzero(~np.isfinite(vector))} numbers that are not finite",
            where=handle,
            allowed=f"{FEATURES} finite numbers a photo",
            next_step="check that it takes pixels from 0 to 1",
        )
    return vector


def _not_training(model: Any) -> dict[str, bool]:
    # A model that can be trained on normalises by the batch at hand, unless told otherwise.
    specification = getattr(model.__call__, "function_spec", None)
    names = specification.fullargspec if specification else None
    takes_it = names is not None and "training" in (*names.args, *names.kwonlyargs)
    return {"training": False} if takes_it else {}


def _shared_model(handle: str) -> Any:
    tensorflow(DISTRIBUTION)  # says so where this process was forked from one that has used it
    key = fingerprint(handle)  # a folder whose files were replaced is another model
    with _lock:
        if key not in _models:
            _models[key] = _loaded(handle)
        return _models[key]


def _loaded(handle: str) -> Any:
    folder = local_folder(handle)
    tf = tensorflow(DISTRIBUTION)
    try:
        with on_processor():
            model = tf.saved_model.load(str(folder))
    except Exception as error:  # a damaged model raises anything
        raise HubModelError(
            f"the model cannot be loaded: {first_sentence(error)[:200]}",
            where=handle,
            allowed="a SavedModel of TensorFlow 2, complete",
            next_step="download it again",
        ) from error
    if not callable(model):
        raise HubModelError(
            "the model cannot be called: it has no function __call__",
            where=handle,
            allowed=f"a function of (n, {SIZE}, {SIZE}, 3) float32 numbers from 0 to 1",
            next_step="name a feature vector for TensorFlow 2",
        )
    return model
