"""Builds the derivative of EfficientNet-Lite0 as an ONNX graph: forward, then back to the pixels.

Every layer's derivative is a layer again, so that the light runtime gives gradients too:
a convolution goes back as the convolution with the kernel turned round (Dumoulin and Visin 2016,
"A guide to convolution arithmetic for deep learning", chapter 4), ReLU6 as a mask, a shortcut as a
sum. The weights stand in the file once: what turns them round are nodes of constants, which
onnxruntime computes when it loads the graph.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cbrkit_xai_latent.architecture import CLASSES, FEATURES, IMAGE_SIZE, Block, blocks
from cbrkit_xai_latent.graph_nodes import GraphNodes
from cbrkit_xai_latent.onnx_graph import GRAPH_VERSION, Convolution, ForwardPass, check_weights

GRADIENT_GRAPH_VERSION = f"{GRAPH_VERSION}.1"
"""Raise its second part whenever what is added to the forward pass changes: cached graphs are keyed by it."""

MAP_SIZE = 7
"""Height and width of the last convolution's maps."""


def build_gradient_graph(weights: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the serialised graph.

    Its inputs are "images" `(1, 224, 224, 3)` float32, pixels on the scale of 0 to 255, not
    clipped to it, and "target", an int64 scalar. Its outputs, all float32:

    - "gradient" `(1, 224, 224, 3)`: derivative of the target's probability by each pixel value;
    - "logits" `(1, 1000)`, as in the forward graph;
    - "feature_maps" `(1, 7, 7, 1280)`: the last convolution after its ReLU6;
    - "feature_gradient" `(1280,)`: derivative of the target's logit by a value of each map, which
      is the same at all 49 places.

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
    forward = ForwardPass(nodes, weights)
    forward.add("images")
    _BackwardPass(nodes, forward.convolutions).add()
    pixels = (1, IMAGE_SIZE, IMAGE_SIZE, 3)
    return nodes.serialised(
        "efficientnet-lite0-gradient",
        {"images": (np.float32, pixels), "target": (np.int64, ())},
        {
            "gradient": (np.float32, pixels),
            "logits": (np.float32, (1, CLASSES)),
            "feature_maps": (np.float32, (1, MAP_SIZE, MAP_SIZE, FEATURES)),
            "feature_gradient": (np.float32, (FEATURES,)),
        },
    )


class _BackwardPass:
    """Adds the way back through a forward pass; `slope` is always a derivative of log p(target)."""

    def __init__(self, nodes: GraphNodes, convolutions: Mapping[str, Convolution]) -> None:
        self.nodes = nodes
        self.convolutions = convolutions

    def add(self) -> None:
        nodes = self.nodes
        self._add_constants()
        self._add_feature_maps()
        slope, probability = self._log_softmax()
        # Global average pooling: each of the 49 places has an equal share.
        slope = nodes.node("Div", [nodes.node("MatMul", [slope, "_fc.weight"]), "places"])
        slope = self._convolution(nodes.node("Reshape", [slope, "one_place"]), "_conv_head")
        for block in reversed(list(blocks())):
            slope = self._block(slope, block)
        slope = self._convolution(slope, "_conv_stem")  # (1, 3, 224, 224)
        # dp = p dlog(p). The way back takes log p, whose slopes have the same size for a class
        # that is unlikely: p would shrink them to float32's slow and coarse subnormal numbers.
        factor = nodes.node("Div", [probability, "scale"])
        nodes.node("Mul", [nodes.node("Transpose", [slope], perm=[0, 2, 3, 1]), factor], "gradient")

    def _add_constants(self) -> None:
        constant = self.nodes.constant
        constant("classes", np.arange(CLASSES))
        constant("places", np.float32(MAP_SIZE**2))
        constant("one_place", np.array([1, FEATURES, 1, 1]))
        # a Slice from the end to the beginning turns a kernel's rows and columns round
        constant("kernel_axes", np.array([2, 3]))
        constant("ends", np.array([-1, -1]))
        constant("beginnings", np.full(2, np.iinfo(np.int64).min))
        constant("backwards", np.array([-1, -1]))

    def _add_feature_maps(self) -> None:
        last = self.convolutions["_conv_head"].output
        self.nodes.node("Transpose", [last], "feature_maps", perm=[0, 2, 3, 1])
        row = self.nodes.node("Gather", ["_fc.weight", "target"], axis=0)  # (1280,)
        self.nodes.node("Div", [row, "places"], "feature_gradient")

    def _log_softmax(self) -> tuple[str, str]:
        """Add dlog p(target) / dlogits = onehot - p, in float64; return it and p(target), float32."""
        nodes = self.nodes
        shares = nodes.node("Softmax", [nodes.cast("logits", np.float64)], axis=1)  # (1, 1000)
        is_target = nodes.cast(nodes.node("Equal", ["classes", "target"]), np.float64)  # (1000,)
        slope = nodes.cast(nodes.node("Sub", [is_target, shares]), np.float32)
        return slope, nodes.cast(nodes.node("Gather", [shares, "target"], axis=1), np.float32)

    def _block(self, slope: str, block: Block) -> str:
        name = f"_blocks.{block.number}"
        back = self._convolution(slope, f"{name}._project_conv")
        back = self._convolution(back, f"{name}._depthwise_conv")
        if block.widens:
            back = self._convolution(back, f"{name}._expand_conv")
        return self.nodes.node("Add", [back, slope]) if block.has_shortcut else back

    def _convolution(self, slope: str, name: str) -> str:
        """Add the way back through a convolution and the ReLU6 after it."""
        layer = self.convolutions[name]
        if layer.is_clipped:
            slope = self._masked(slope, layer.output)
        if layer.kernel == 1:
            # kernels (outputs, inputs, 1, 1) -> (inputs, outputs, 1, 1)
            turned = self.nodes.node("Transpose", [layer.weights], perm=[1, 0, 2, 3])
            return self.nodes.node("Conv", [slope, turned], kernel_shape=[1, 1])
        if layer.groups == 1:
            return self._transposed(slope, layer)
        return self._depthwise(slope, layer)

    def _masked(self, slope: str, clipped: str) -> str:
        """Add ReLU6's derivative: 1 between 0 and 6, else 0, at 0 and 6 too, as TensorFlow has it."""
        nodes = self.nodes
        above, below = nodes.node("Greater", [clipped, "zero"]), nodes.node("Less", [clipped, "six"])
        # A product, not Where: onnxruntime computes it in half the time.
        return nodes.node("Mul", [slope, nodes.cast(nodes.node("And", [above, below]), np.float32)])

    def _transposed(self, slope: str, layer: Convolution) -> str:
        """Add the way back through the stem: 32 channels at half the size to 3 at full size."""
        before, after = layer.padding
        return self.nodes.node(
            "ConvTranspose",
            [slope, layer.weights],
            kernel_shape=[layer.kernel, layer.kernel],
            strides=[layer.stride, layer.stride],
            pads=[before, before, after, after],
        )

    def _depthwise(self, slope: str, layer: Convolution) -> str:
        """Add the way back through a depthwise convolution: zeros where it skipped, kernels turned."""
        nodes = self.nodes
        if layer.stride > 1:
            slope = self._spread(slope, layer)
        turned = nodes.node("Slice", [layer.weights, "ends", "beginnings", "kernel_axes", "backwards"])
        # What stood `before` rows after the kernel's first stands as many before its last: the odd
        # row of SAME at stride 2 needs no padding on the way back, for there is the last zero.
        before = layer.padding[0]
        start = layer.kernel - 1 - before
        return nodes.node(
            "Conv",
            [slope, turned],
            kernel_shape=[layer.kernel, layer.kernel],
            pads=[start, start, before, before],
            group=layer.groups,
        )

    def _spread(self, slope: str, layer: Convolution) -> str:
        """Add zeros after each value, `stride - 1` of them, in rows and columns.

        A transposed convolution with kernels of one 1: of five ways, onnxruntime's fastest.
        """
        ones = self.nodes.constant(f"{layer.weights}.ones", np.ones((layer.groups, 1, 1, 1), np.float32))
        return self.nodes.node(
            "ConvTranspose",
            [slope, ones],
            kernel_shape=[1, 1],
            strides=[layer.stride, layer.stride],
            output_padding=[layer.stride - 1, layer.stride - 1],
            group=layer.groups,
        )
