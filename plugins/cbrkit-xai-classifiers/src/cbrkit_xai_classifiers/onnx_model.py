"""A classifier in an ONNX file, run by onnxruntime; it gives probabilities, and no gradient."""

from __future__ import annotations

import hashlib

import attrs

from cbrkit_xai.features import Array
from cbrkit_xai_classifiers.guarded_file import MAX_MODEL_BYTES, check_file, read_file
from cbrkit_xai_classifiers.loaded_once import LoadedOnce
from cbrkit_xai_classifiers.prepared_model import PreparedModel
from cbrkit_xai_classifiers.settings import Settings
from cbrkit_xai_classifiers.settings_file import read_settings, settings_path


@attrs.frozen(kw_only=True)
class OnnxModel:
    """A classifier in an ONNX file.

    The file and its settings are looked at when it is made, the network is loaded when it is first asked.

    Parameters
    ----------
    file : str
        The model.
    settings : str, optional
        A TOML file that says how it wants its photos; by default the one beside the model, `model.toml`
        for `model.onnx`.
    output_name : str, optional
        Which of several outputs is the answer.
    """

    file: str
    settings: str | None = None
    output_name: str | None = None
    _stated: Settings | None = attrs.field(init=False, eq=False, repr=False)
    _loaded: LoadedOnce[tuple[PreparedModel, str]] = attrs.field(
        factory=LoadedOnce, init=False, eq=False, repr=False
    )

    @_stated.default
    def _(self) -> Settings | None:
        check_file(self.file, most_bytes=MAX_MODEL_BYTES, where="file")
        path = settings_path(self.file, self.settings)
        return None if path is None else read_settings(path)

    @property
    def fingerprint(self) -> str:
        """The model's file by its content, and what is done with pixels and answers."""
        return self._loaded.get(self._load)[1]

    @property
    def labels(self) -> tuple[str, ...]:
        """A name for each class; "class 0" and so on where the settings have none."""
        return self._model.labels

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width of the photos it takes."""
        return self._model.size

    def predict(self, images: Array) -> Array:
        """Map `(n, h, w, 3)` uint8 photos to `(n, classes)` float64 probabilities.

        Raises
        ------
        ParameterError
            The photos have another shape or type.
        ConfigurationError
            The settings do not fit the model.
        ClassifierError
            The file is no model for photos, or what it answers are no probabilities.
        MissingDependencyError
            onnxruntime is not installed.
        """
        return self._model.predict(images)

    @property
    def _model(self) -> PreparedModel:
        return self._loaded.get(self._load)[0]

    def _load(self) -> tuple[PreparedModel, str]:
        from cbrkit_xai_classifiers.onnx_network import OnnxNetwork
        from cbrkit_xai_classifiers.preparing import prepared

        content = read_file(self.file, most_bytes=MAX_MODEL_BYTES, where="file")
        name = self.output_name or (self._stated.output_name if self._stated else None)
        network = OnnxNetwork.open(content, model=self.file, output_name=name, settings=self._stated)
        model = prepared(network.run, network.format, model=self.file, settings=self._stated)
        digest = hashlib.sha256(content).hexdigest()[:12]
        return model, f"onnx;{digest};{model.fingerprint};answer={network.output_name}"
