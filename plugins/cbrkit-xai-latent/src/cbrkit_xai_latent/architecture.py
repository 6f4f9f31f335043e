"""EfficientNet-Lite0 as data: its stages, blocks and the shapes of its weights.

Tan and Le 2019, table 1, in the "Lite" form for small devices: no squeeze-and-excitation,
ReLU6 instead of swish, stem and head of fixed width.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

IMAGE_SIZE = 224
STEM_CHANNELS = 32
FEATURES = 1280
CLASSES = 1000
BATCH_NORM_EPSILON = 1e-3
"""TensorFlow's default; PyTorch's 1e-5 would give other numbers."""


@attrs.frozen
class Stage:
    """Equal blocks in a row, of which only the first may change size or width."""

    kernel: int
    stride: int
    expansion: int
    channels: int
    repeats: int


STAGES = (
    Stage(3, 1, 1, 16, 1),
    Stage(3, 2, 6, 24, 2),
    Stage(5, 2, 6, 40, 2),
    Stage(3, 2, 6, 80, 3),
    Stage(5, 1, 6, 112, 3),
    Stage(5, 2, 6, 192, 4),
    Stage(3, 1, 6, 320, 1),
)


@attrs.frozen(kw_only=True)
class Block:
    """A mobile inverted bottleneck: widen (1 x 1), filter each channel, narrow (1 x 1)."""

    number: int
    kernel: int
    stride: int
    inputs: int
    expanded: int
    outputs: int

    @property
    def widens(self) -> bool:
        """Whether there is a widening convolution; the very first block has none."""
        return self.expanded != self.inputs

    @property
    def has_shortcut(self) -> bool:
        """Whether the block's input is added to its output."""
        return self.stride == 1 and self.inputs == self.outputs


def blocks() -> Iterator[Block]:
    """Yield the 16 blocks in order."""
    number, inputs = 0, STEM_CHANNELS
    for stage in STAGES:
        for repeat in range(stage.repeats):
            yield Block(
                number=number,
                kernel=stage.kernel,
                stride=stage.stride if repeat == 0 else 1,
                inputs=inputs,
                expanded=inputs * stage.expansion,
                outputs=stage.channels,
            )
            number, inputs = number + 1, stage.channels


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Return TensorFlow's SAME padding (before, after) of one axis.

    The output has ceil(size / stride) positions. Where the padding is odd, the extra row comes
    *after*: at stride 2 this is not PyTorch's symmetric padding, and shifts every feature.

    Examples
    --------
    >>> same_padding(224, 3, 2), same_padding(112, 3, 1), same_padding(56, 5, 2)
    ((0, 1), (1, 1), (1, 2))
    """
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def weight_shapes() -> dict[str, tuple[int, ...]]:
    """Return the name and shape of every tensor the network uses, as its file names them."""
    shapes: dict[str, tuple[int, ...]] = {}

    def layer(convolution: str, norm: str, shape: tuple[int, ...]) -> None:
        shapes[f"{convolution}.weight"] = shape
        for part in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{norm}.{part}"] = shape[:1]

    layer("_conv_stem", "_bn0", (STEM_CHANNELS, 3, 3, 3))
    for block in blocks():
        name = f"_blocks.{block.number}"
        if block.widens:
            layer(f"{name}._expand_conv", f"{name}._bn0", (block.expanded, block.inputs, 1, 1))
        layer(f"{name}._depthwise_conv", f"{name}._bn1", (block.expanded, 1, block.kernel, block.kernel))
        layer(f"{name}._project_conv", f"{name}._bn2", (block.outputs, block.expanded, 1, 1))
    layer("_conv_head", "_bn1", (FEATURES, STAGES[-1].channels, 1, 1))
    shapes |= {"_fc.weight": (CLASSES, FEATURES), "_fc.bias": (CLASSES,)}
    return shapes
