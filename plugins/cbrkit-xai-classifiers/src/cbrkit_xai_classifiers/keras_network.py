"""A Keras model in TensorFlow: its answers, and their derivatives by pixels and by feature maps."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import attrs
import numpy as np

from cbrkit_xai import tensorflow_import
from cbrkit_xai.errors import ClassifierError, NotApplicableError, ParameterError, first_sentence
from cbrkit_xai.features import Array
from cbrkit_xai.quiet import warnings_muted
from cbrkit_xai_classifiers.checked_arrays import checked_photos, checked_pixels
from cbrkit_xai_classifiers.input_format import InputFormat, input_format
from cbrkit_xai_classifiers.keras_derivatives import by_maps, by_pixels
from cbrkit_xai_classifiers.keras_file import check_keras_content
from cbrkit_xai_classifiers.keras_layers import last_maps_and_scores, output_of
from cbrkit_xai_classifiers.prepared_model import PreparedModel
from cbrkit_xai_classifiers.preparing import prepared
from cbrkit_xai_classifiers.scaling import PIXELS
from cbrkit_xai_classifiers.settings import Settings

_DISTRIBUTION = "cbrkit-xai-classifiers"


@attrs.frozen(kw_only=True, eq=False)
class KerasNetwork:
    """A model that is loaded and has been tried.

    Parameters
    ----------
    prepared : PreparedModel
        Photos in, probabilities out.
    fingerprint : str
        What changes them.
    derivative : callable
        From the network's input and a class to the derivatives of that class's probability by the input.
    maps_and_scores : callable or None
        From the network's input and a class to the last feature maps, and the derivatives of that class's
        score by them.
    """

    prepared: PreparedModel
    fingerprint: str
    derivative: Callable[[Array, int], Any]
    maps_and_scores: Callable[[Array, int], tuple[Any, Any]] | None

    @classmethod
    def load(cls, file: str, digest: str, settings: Settings | None) -> KerasNetwork:
        """Load a `.keras` file that holds no code.

        Raises
        ------
        ClassifierError
            It is no model for photos, or holds code.
        ConfigurationError
            The settings do not fit the model.
        MissingDependencyError
            TensorFlow is not installed.
        CbrkitXaiError
            This process was forked from one that had used TensorFlow, and would hang.
        """
        check_keras_content(file)
        keras = tensorflow_import.keras(_DISTRIBUTION)
        tensorflow = tensorflow_import.tensorflow(_DISTRIBUTION)
        model = _loaded(keras, file)
        given = _format(model, file, settings)
        # The same layers, whatever lists or names its input and output were wrapped in.
        model = keras.Model(model.inputs[0], model.outputs[0])
        # One graph for any number of photos: by itself TensorFlow would make one for each number.
        wanted = tensorflow.TensorSpec((given.batch, *model.inputs[0].shape[1:]), given.dtype)
        answer = tensorflow.function(lambda inputs: model(inputs, training=False), input_signature=[wanted])
        tried = prepared(
            lambda inputs: _guarded(lambda: answer(tensorflow.constant(inputs)).numpy(), file, given),
            given,
            model=file,
            settings=settings,
            scaling=PIXELS,
            output=output_of(keras, model),
        )
        has_maps = given.layout == "nhwc" and np.dtype(given.dtype).kind == "f"
        maps = last_maps_and_scores(keras, model, tried.output) if has_maps else None
        return cls(
            prepared=tried,
            fingerprint=f"keras;{digest};{tried.fingerprint}",
            derivative=by_pixels(tensorflow, wanted, answer, tried.output),
            maps_and_scores=None if maps is None else by_maps(tensorflow, wanted, *maps),
        )

    @property
    def has_gradient(self) -> bool:
        """Whether its input are floats."""
        return np.dtype(self.prepared.format.dtype).kind == "f"

    def gradient(self, images: Array, target: int) -> Array:
        """Map `(n, h, w, 3)` pixels, 0 to 255, to the derivatives of the target's probability by them.

        Raises
        ------
        ParameterError
            The images have another shape, or there is no such class.
        ClassifierError
            The network fails, or cannot be derived.
        """
        model = self.prepared
        images = checked_pixels(images, model.size, model.where)
        self._check_target(target)
        parts = [np.empty((0, *images.shape[1:]))]
        for chunk, count in model.format.chunks(images):
            found = self._run(self.derivative, model.preprocessing.apply(chunk), target)
            if found is None:
                raise ClassifierError("its answer cannot be derived by its input", where=model.where)
            parts.append(model.preprocessing.derive(found.numpy())[:count])
        return np.concatenate(parts)

    def feature_maps(self, images: Array, target: int) -> tuple[Array, Array]:
        """Return the `(n, h', w', c)` feature maps and the derivatives of the target's score by them.

        Raises as `gradient` does.
        """
        model, derive = self.prepared, self.maps_and_scores
        if derive is None:
            raise NotApplicableError("it has no feature maps", where=model.where)
        images = checked_photos(images, model.size, model.where)
        self._check_target(target)
        maps, gradients = [], []
        for chunk, count in model.format.chunks(images):
            found = self._run(derive, model.preprocessing.apply(chunk), target)
            maps.append(found[0].numpy()[:count])
            gradients.append(found[1].numpy()[:count])
        return np.concatenate(maps), np.concatenate(gradients)

    def _run(self, derive: Callable[[Array, int], Any], inputs: Array, target: int) -> Any:
        return _guarded(lambda: derive(inputs, target), self.prepared.where, self.prepared.format)

    def _check_target(self, target: int) -> None:
        if not 0 <= target < len(self.prepared.labels):
            raise ParameterError(
                f"class {target} is out of range",
                where="target",
                allowed=f"0 to {len(self.prepared.labels) - 1}",
            )


def _loaded(keras: Any, file: str) -> Any:
    try:
        with warnings_muted(), tensorflow_import.on_processor():  # warnings: Keras's own, about numpy
            model = keras.saving.load_model(file, compile=False, safe_mode=True)
    except Exception as error:  # Keras, h5py and zipfile raise what they like
        raise ClassifierError(
            f"Keras cannot load it: {_reason(error)[:300]}",
            where=file,
            allowed="a model that Keras 3 saved",
            next_step="see whether keras.saving.load_model opens it, or name a function of yours that builds "
            "the model: python:package.module:factory",
        ) from error
    return model


def _reason(error: Exception) -> str:
    """Return what Keras says at last, without the configs that it prints before or after."""
    text = first_sentence(error).rpartition("Exception encountered: ")[2]
    return re.split(r" *Full (?:object )?config: ", text)[0]


def _format(model: Any, file: str, settings: Settings | None) -> InputFormat:
    inputs, outputs = getattr(model, "inputs", None) or [], getattr(model, "outputs", None) or []
    if len(inputs) != 1 or len(outputs) != 1:
        raise ClassifierError(
            f"it has {len(inputs)} inputs and {len(outputs)} outputs",
            where=file,
            allowed="one of each: photos, and a number for each class",
            next_step="build it from keras.Input, or name a function: python:package.module:factory",
        )
    dtype = str(inputs[0].dtype)
    if dtype not in ("float16", "float32", "float64", "uint8"):
        raise ClassifierError(
            f"its input is of type {dtype}", where=file, allowed="float16, float32, float64, uint8"
        )
    return input_format(tuple(inputs[0].shape), dtype, model=file, settings=settings)


def _guarded(run: Callable[[], Any], where: str, given: InputFormat) -> Any:
    try:
        with tensorflow_import.on_processor():
            return run()
    except Exception as error:  # TensorFlow's own errors have no common base
        raise ClassifierError(
            f"it fails on photos of {given.height} x {given.width} pixels: {first_sentence(error)[:300]}",
            where=where,
            next_step="check size and layout in its settings",
        ) from error
