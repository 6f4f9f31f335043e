"""Builds EfficientNet-Lite0 as a Keras model, preprocessing included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cbrkit_xai.tensorflow_import import keras
from cbrkit_xai_latent.architecture import BATCH_NORM_EPSILON, CLASSES, IMAGE_SIZE, Block, blocks
from cbrkit_xai_latent.installed import DISTRIBUTION
from cbrkit_xai_latent.onnx_graph import check_weights


def build_model(weights: Mapping[str, NDArray[Any]]) -> Any:
    """Return a `keras.Model`, not trainable.

    Its input is `(n, 224, 224, 3)` float32 pixels, 0 to 255, sRGB; its outputs are the maps after
    the last convolution `(n, 7, 7, 1280)`, the features `(n, 1280)` and the logits `(n, 1000)`.
    Batch normalisation stays layers of its own, as in the paper: a graph with it folded in can be
    checked against this one.

    Parameters
    ----------
    weights : mapping
        Tensors by their names in the file.

    Raises
    ------
    TensorFileError
        A tensor is missing or has another shape.
    MissingDependencyError
        TensorFlow is not installed.
    """
    check_weights(weights)
    return _Builder(weights).model()


class _Builder:
    """Chains layers; each gets its weights at once."""

    def __init__(self, weights: Mapping[str, NDArray[Any]]) -> None:
        self.keras = keras(DISTRIBUTION)
        self.weights = weights

    def model(self) -> Any:
        images = self.keras.Input((IMAGE_SIZE, IMAGE_SIZE, 3), dtype="float32", name="images")
        # (v - 127) / 128: dividing by a power of two rounds nothing
        x = self._layer("Rescaling", scale=1 / 128, offset=-127 / 128)(images)
        x = self._convolution(x, "_conv_stem", "_bn0", kernel=3, stride=2, clipped=True)
        for block in blocks():
            x = self._block(x, block)
        maps = self._convolution(x, "_conv_head", "_bn1", clipped=True)
        features = self._layer("GlobalAveragePooling2D", data_format="channels_last")(maps)
        scores = self._layer("Dense", units=CLASSES, kernel_initializer="zeros")
        logits = scores(features)
        scores.set_weights([self.weights["_fc.weight"].T, self.weights["_fc.bias"]])
        model = self.keras.Model(images, [maps, features, logits], name="efficientnet-lite0")
        model.trainable = False
        return model

    def _block(self, x: Any, block: Block) -> Any:
        name = f"_blocks.{block.number}"
        y = x
        if block.widens:
            y = self._convolution(y, f"{name}._expand_conv", f"{name}._bn0", clipped=True)
        y = self._convolution(
            y,
            f"{name}._depthwise_conv",
            f"{name}._bn1",
            kernel=block.kernel,
            stride=block.stride,
            each_channel=True,
            clipped=True,
        )
        y = self._convolution(y, f"{name}._project_conv", f"{name}._bn2")
        return self._layer("Add")([y, x]) if block.has_shortcut else y

    def _convolution(
        self,
        x: Any,
        name: str,
        norm: str,
        *,
        kernel: int = 1,
        stride: int = 1,
        each_channel: bool = False,
        clipped: bool = False,
    ) -> Any:
        """Add a convolution, its batch normalisation, and ReLU6 where `clipped`."""
        weight = self.weights[f"{name}.weight"]  # (outputs, inputs or 1, height, width)
        geometry: dict[str, Any] = {
            "kernel_size": kernel,
            "strides": stride,
            "padding": "same",
            "use_bias": False,
        }
        if each_channel:
            kernel_of_keras = weight.transpose(2, 3, 0, 1)
            kind: dict[str, Any] = {"layer": "DepthwiseConv2D", "depthwise_initializer": "zeros"}
        else:
            kernel_of_keras = weight.transpose(2, 3, 1, 0)
            kind = {"layer": "Conv2D", "filters": len(weight), "kernel_initializer": "zeros"}
        convolution = self._layer(**kind, **geometry, data_format="channels_last")
        normalisation = self._layer("BatchNormalization", epsilon=BATCH_NORM_EPSILON)
        y = normalisation(convolution(x))
        convolution.set_weights([kernel_of_keras])
        parts = ("weight", "bias", "running_mean", "running_var")
        normalisation.set_weights([self.weights[f"{norm}.{part}"].astype(np.float32) for part in parts])
        return self._layer("ReLU", max_value=6.0)(y) if clipped else y

    def _layer(self, layer: str, **options: Any) -> Any:
        # The type is named, lest somebody's global policy of half precision apply. And initializers
        # are zeros wherever there is one, because drawing numbers would use up global randomness.
        return getattr(self.keras.layers, layer)(dtype="float32", **options)
