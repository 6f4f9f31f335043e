"""Registers the classifiers `keras`, `onnx` and `python`: models that the user brings."""

from __future__ import annotations

from collections.abc import Iterator

from cbrkit_xai import ClassifierPlugin, hookimpl


@hookimpl
def cbrkit_xai_classifiers() -> Iterator[ClassifierPlugin]:
    """Yield a classifier for each kind of model file, and one for Python code."""
    yield ClassifierPlugin(
        name="keras",
        summary="A model saved by Keras (.keras)",
        source="the package tensorflow",
        factory="cbrkit_xai_classifiers.keras_model:KerasModel",
        needs=("tensorflow",),
        has_gradient=True,
    )
    yield ClassifierPlugin(
        name="onnx",
        summary="A model in an ONNX file",
        source="the package onnxruntime",
        factory="cbrkit_xai_classifiers.onnx_model:OnnxModel",
        needs=("onnxruntime",),
    )
    yield ClassifierPlugin(
        name="python",
        summary="What a function of yours returns: probabilities, and a gradient if yours has one",
        source="your own code",
        factory="cbrkit_xai_classifiers.python_model:PythonModel",
    )
