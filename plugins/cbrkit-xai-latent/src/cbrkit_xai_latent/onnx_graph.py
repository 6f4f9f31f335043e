"""Builds EfficientNet-Lite0 as an ONNX graph, preprocessing included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
from cbrkit_xai_latent.installed import module
from cbrkit_xai_latent.tensor_pickle import TensorFileError

GRAPH_VERSION = 1
"""Raise it whenever what `build_graph` writes changes: cached graphs are keyed by it."""

PREPROCESSING = "(v-127)/128"

# What onnxruntime 1.20, the oldest we allow, reads for certain.
_OPSET = 17
_IR_VERSION = 8


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
    for name, shape in weight_shapes().items():
        if name not in weights or weights[name].shape != shape:
            found = weights[name].shape if name in weights else "none"
            raise TensorFileError(f"found {found} for {name!r}", allowed=f"a tensor of shape {shape}")
    return _Graph(weights).serialised()


class _Graph:
    """A chain of nodes under construction; `size` follows height and width."""

    def __init__(self, weights: Mapping[str, NDArray[Any]]) -> None:
        self.onnx = module("onnx", pip_name="onnx")
        self.weights = weights
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.size = IMAGE_SIZE

    def serialised(self) -> bytes:
        helper, kinds = self.onnx.helper, self.onnx.TensorProto
        self._constant("zero", np.float32(0))
        self._constant("six", np.float32(6))
        x = self._convolution(
            self._preprocessed("images"), "_conv_stem", "_bn0", kernel=3, stride=2, clipped=True
        )
        for block in blocks():
            x = self._block(x, block)
        x = self._convolution(x, "_conv_head", "_bn1", clipped=True)
        self._node("Flatten", [self._node("GlobalAveragePool", [x])], "features")
        self._constant("_fc.weight", self.weights["_fc.weight"])
        self._constant("_fc.bias", self.weights["_fc.bias"])
        self._node("Gemm", ["features", "_fc.weight", "_fc.bias"], "logits", transB=1)
        graph = helper.make_graph(
            self.nodes,
            "efficientnet-lite0",
            [helper.make_tensor_value_info("images", kinds.UINT8, [1, IMAGE_SIZE, IMAGE_SIZE, 3])],
            [
                helper.make_tensor_value_info("features", kinds.FLOAT, [1, FEATURES]),
                helper.make_tensor_value_info("logits", kinds.FLOAT, [1, CLASSES]),
            ],
            self.constants,
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", _OPSET)],
            ir_version=_IR_VERSION,
            producer_name="cbrkit-xai-latent",
        )
        serialised: bytes = model.SerializeToString(deterministic=True)
        return serialised

    def _preprocessed(self, images: str) -> str:
        # (v - 127) / 128: both steps are exact in float32 for all 256 values
        self._constant("mean", np.float32(127))
        self._constant("scale", np.float32(128))
        pixels = self._node("Cast", [images], to=int(self.onnx.TensorProto.FLOAT))
        scaled = self._node("Div", [self._node("Sub", [pixels, "mean"]), "scale"])
        return self._node("Transpose", [scaled], perm=[0, 3, 1, 2])  # (1, 3, 224, 224)

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
        return self._node("Add", [y, x]) if block.has_shortcut else y

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
        self._constant(f"{name}.kernel", weight)
        self._constant(f"{name}.bias", bias)
        before, after = same_padding(self.size, kernel, stride)
        y = self._node(
            "Conv",
            [x, f"{name}.kernel", f"{name}.bias"],
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=groups,
        )
        self.size = -(-self.size // stride)
        return self._node("Clip", [y, "zero", "six"]) if clipped else y

    def _node(self, operator: str, inputs: list[str], output: str | None = None, **settings: Any) -> str:
        output = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(operator, inputs, [output], **settings))
        return output

    def _constant(self, name: str, value: NDArray[Any] | np.float32) -> None:
        self.constants.append(self.onnx.numpy_helper.from_array(np.asarray(value), name))
