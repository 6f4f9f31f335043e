"""A classifier that Keras saved, with gradients; code in the file is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

import attrs

from cbrkit_xai.features import Array
from cbrkit_xai_classifiers.keras_file import check_keras_file
from cbrkit_xai_classifiers.keras_network import KerasNetwork
from cbrkit_xai_classifiers.loaded_once import LoadedOnce
from cbrkit_xai_classifiers.settings import Settings
from cbrkit_xai_classifiers.settings_file import read_settings, settings_path


@attrs.frozen(kw_only=True)
class KerasModel:
    """A classifier in a `.keras` file, run by TensorFlow.

    The file and its settings are looked at when it is made, the network is loaded when it is first asked.
    Without settings it takes pixels from 0 to 255 as they are, as models with a Rescaling layer do.

    Parameters
    ----------
    file : str
        The model; it must hold no code (Lambda layers, layers of your own).
    settings : str, optional
        A TOML file that says how it wants its photos; by default the one beside the model, if there is one:
        `model.toml` for `model.keras`.
    """

    file: str
    settings: str | None = None
    _stated: Settings | None = attrs.field(init=False, eq=False, repr=False)
    _loaded: LoadedOnce[KerasNetwork] = attrs.field(factory=LoadedOnce, init=False, eq=False, repr=False)

    @_stated.default
    def _(self) -> Settings | None:
        check_keras_file(self.file)
        path = settings_path(self.file, self.settings)
        return None if path is None else read_settings(path)

    @property
    def fingerprint(self) -> str:
        """The model's file by its content, and what is done with pixels and answers."""
        return self._network.fingerprint

    @property
    def labels(self) -> tuple[str, ...]:
        """A name for each class; "class 0" and so on where the settings have none."""
        return self._network.prepared.labels

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width of the photos it takes."""
        return self._network.prepared.size

    def predict(self, images: Array) -> Array:
        """Map `(n, h, w, 3)` uint8 photos to `(n, classes)` float64 probabilities.

        Raises
        ------
        ParameterError
            The photos have another shape or type.
        ConfigurationError
            The settings do not fit the model.
        ClassifierError
            The file is no model for photos, holds code, or what it answers are no probabilities.
        MissingDependencyError
            TensorFlow is not installed.
        """
        return self._network.prepared.predict(images)

    @property
    def facts(self) -> Mapping[str, bool]:
        """A model of which TensorFlow knows no derivatives has none."""
        return {"has_gradient": self.gradient is not None}

    @property
    def gradient(self) -> Callable[[Array, int], Array] | None:
        """From `(n, h, w, 3)` floats, 0 to 255, and a class to the derivatives of its probability.

        None where the model takes whole numbers, through which nothing can be derived.
        """
        return self._network.gradient if self._network.has_gradient else None

    @property
    def feature_maps(self) -> Callable[[Array, int], tuple[Array, Array]] | None:
        """From `(n, h, w, 3)` uint8 and a class to the last convolution's maps and their derivatives.

        Of the class's score before softmax. None where there is no convolution, where channels come first,
        or where the model's end is no softmax that can be taken off.
        """
        return self._network.feature_maps if self._network.maps_and_scores else None

    @property
    def _network(self) -> KerasNetwork:
        return self._loaded.get(self._load)

    def _load(self) -> KerasNetwork:
        with open(self.file, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()[:12]
        return KerasNetwork.load(self.file, digest, self._stated)
