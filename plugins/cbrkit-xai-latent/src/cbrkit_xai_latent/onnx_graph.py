"""Builds EfficientNet-Lite0 as an ONNX graph, preprocessing included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray

from cbrkit_xai_latent.architecture import (
    CLASSES,
    FEATURES,
    IMAGE_SIZE,
    Block,
    blocks,
    same_padding,
    weight_shapes,
)
from cbrkit_xai_latent.batch_norm import folded
from cbrkit_xai_latent.graph_nodes import GraphNodes
from cbrkit_xai_latent.tensor_pickle import TensorFileError

GRAPH_VERSION = 1
"""Raise it whenever what `build_graph` writes changes: cached graphs are keyed by it."""

PREPROCESSING = "(v-127)/128"


def build_graph(weights: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the serialised graph.

    Its input "images" is `(1, 224, 224, 3)` uint8, sRGB; its outputs are "features"
    `(1, 1280)` and "logits" `(1, 1000)`, float32.

    Parameters
    ----------
    weights : mapping
        Tensors by their names in the file.

    Raises
    ------
    TensorFileError
        A tensor is missing or has another shape.
    MissingDependencyError
        The package `onnx` is not installed.
    """
    check_weights(weights)
    nodes = GraphNodes()
    ForwardPass(nodes, weights).add(nodes.cast("images", np.float32))
    return nodes.serialised(
        "efficientnet-lite0",
        {"images": (np.uint8, (1, IMAGE_SIZE, IMAGE_SIZE, 3))},
        {"features": (np.float32, (1, FEATURES)), "logits": (np.float32, (1, CLASSES))},
    )


def check_weights(weights: Mapping[str, NDArray[Any]]) -> None:
    """Raise TensorFileError where a tensor is missing or has another shape than the network's."""
    for name, shape in weight_shapes().items():
        if name not in weights or weights[name].shape != shape:
            found = weights[name].shape if name in weights else "none"
            raise TensorFileError(f"found {found} for {name!r}", allowed=f"a tensor of shape {shape}")


@attrs.frozen(kw_only=True)
class Convolution:
    """A convolution as it stands in the graph: what whoever goes back through it must know."""

    weights: str
    """Name of the constant: `(outputs, inputs per group, kernel, kernel)`, batch norm folded in."""
    output: str
    """Name of what it gives, after ReLU6 where `is_clipped`."""
    kernel: int
    stride: int
    groups: int
    padding: tuple[int, int]
    """Rows before and after, columns alike."""
    is_clipped: bool


class ForwardPass:
    """Adds the network to a graph; `convolutions` keeps what was added, by the layers' names."""

    def __init__(self, nodes: GraphNodes, weights: Mapping[str, NDArray[Any]]) -> None:
        self.nodes = nodes
        self.weights = weights
        self.convolutions: dict[str, Convolution] = {}
        self._size = IMAGE_SIZE  # height and width where the next layer stands

    def add(self, pixels: str) -> None:
        """Add everything from `(1, 224, 224, 3)` float32 pixels to "features" and "logits"."""
        nodes = self.nodes
        nodes.constant("zero", np.float32(0))
        nodes.constant("six", np.float32(6))
        x = self._convolution(
            self._preprocessed(pixels), "_conv_stem", "_bn0", kernel=3, stride=2, clipped=True
        )
        for block in blocks():
            x = self._block(x, block)
        x = self._convolution(x, "_conv_head", "_bn1", clipped=True)
        nodes.node("Flatten", [nodes.node("GlobalAveragePool", [x])], "features")
        nodes.constant("_fc.weight", self.weights["_fc.weight"])
        nodes.constant("_fc.bias", self.weights["_fc.bias"])
        nodes.node("Gemm", ["features", "_fc.weight", "_fc.bias"], "logits", transB=1)

    def _preprocessed(self, pixels: str) -> str:
        # (v - 127) / 128: both steps are exact in float32 for all 256 values
        self.nodes.constant("mean", np.float32(127))
        self.nodes.constant("scale", np.float32(128))
        scaled = self.nodes.node("Div", [self.nodes.node("Sub", [pixels, "mean"]), "scale"])
        return self.nodes.node("Transpose", [scaled], perm=[0, 3, 1, 2])  # (1, 3, 224, 224)

    def _block(self, x: str, block: Block) -> str:
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
            groups=block.expanded,
            clipped=True,
        )
        y = self._convolution(y, f"{name}._project_conv", f"{name}._bn2")
        return self.nodes.node("Add", [y, x]) if block.has_shortcut else y

    def _convolution(
        self,
        x: str,
        name: str,
        norm: str,
        *,
        kernel: int = 1,
        stride: int = 1,
        groups: int = 1,
        clipped: bool = False,
    ) -> str:
        """Add a convolution with its batch norm folded in, and ReLU6 where `clipped`."""
        weight, bias = folded(self.weights, name, norm)
        self.nodes.constant(f"{name}.kernel", weight)
        self.nodes.constant(f"{name}.bias", bias)
        before, after = same_padding(self._size, kernel, stride)
        y = self.nodes.node(
            "Conv",
            [x, f"{name}.kernel", f"{name}.bias"],
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=groups,
        )
        self._size = -(-self._size // stride)
        if clipped:
            y = self.nodes.node("Clip", [y, "zero", "six"])
        self.convolutions[name] = Convolution(
            weights=f"{name}.kernel",
            output=y,
            kernel=kernel,
            stride=stride,
            groups=groups,
            padding=(before, after),
            is_clipped=clipped,
        )
        return y
