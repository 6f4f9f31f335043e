"""Derivatives of EfficientNet-Lite0 by TensorFlow's GradientTape, in float64, from the weights themselves.

At the kinks of ReLU6, 0 and 6, a derivative jumps. Of millions of values a few lie so near to a kink
that float32 sees them on the other side, whoever computes it: for a few pixels, TensorFlow's own
float32 gradient is then up to 5 % of the largest away from its float64 gradient. So the tape can be
told on which side each value was, and says how far from the kink those are that it sees elsewhere.
"""

from __future__ import annotations

import numpy as np
from plain_forward import STRIDES

from cbrkit_xai_latent.weights import read_weights


class TapeOracle:
    """One photo at a time; no folding, layers by their definition in `tf.nn`."""

    def __init__(self, tensorflow: object) -> None:
        self.tf = tensorflow
        self.weights = {name: tensorflow.constant(value, "float64") for name, value in read_weights().items()}

    def gradient(
        self, image: np.ndarray, target: int, sides: list[np.ndarray] | None = None
    ) -> tuple[np.ndarray, float]:
        """Return dp / dimage, (h, w, 3), and how far the farthest value on the other side is from its kink.

        `sides` says for each ReLU6, in order, where it has a slope: booleans of the layer's shape,
        (channels, height, width).
        """
        self.sides = None if sides is None else iter(sides)
        self.farthest = 0.0
        x = self.tf.constant(image[None], "float64")
        with self.tf.GradientTape() as tape:
            tape.watch(x)
            probability = self.tf.nn.softmax(self.scores(x))[0, target]
        return tape.gradient(probability, x).numpy()[0], self.farthest

    def relu6(self, z: object) -> object:
        tf = self.tf
        if self.sides is None:
            return tf.nn.relu6(z)
        sloped = tf.constant(next(self.sides).transpose(1, 2, 0)[None])
        elsewhere = tf.not_equal(sloped, tf.logical_and(z > 0, z < 6))
        distances = tf.minimum(tf.abs(z), tf.abs(z - 6))[elsewhere]
        self.farthest = max(self.farthest, *distances.numpy().tolist(), 0.0)
        return tf.where(sloped, z, tf.stop_gradient(tf.nn.relu6(z)))

    def convolution(self, x: object, name: str, norm: str, stride: int = 1) -> object:
        tf, kernel = self.tf, self.weights[f"{name}.weight"]
        if "depthwise" in name:
            kernel = tf.transpose(kernel, [2, 3, 0, 1])
            y = tf.nn.depthwise_conv2d(x, kernel, [1, stride, stride, 1], "SAME")
        else:
            y = tf.nn.conv2d(x, tf.transpose(kernel, [2, 3, 1, 0]), stride, "SAME")
        mean, variance, gamma, beta = (
            self.weights[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")
        )
        return tf.nn.batch_normalization(y, mean, variance, beta, gamma, 1e-3)

    def scores(self, images: object) -> object:
        x = self.relu6(self.convolution((images - 127) / 128, "_conv_stem", "_bn0", 2))
        for number, stride in enumerate(STRIDES):
            name, y = f"_blocks.{number}", x
            if number:
                y = self.relu6(self.convolution(y, f"{name}._expand_conv", f"{name}._bn0"))
            y = self.relu6(self.convolution(y, f"{name}._depthwise_conv", f"{name}._bn1", stride))
            y = self.convolution(y, f"{name}._project_conv", f"{name}._bn2")
            x = x + y if x.shape == y.shape else y
        maps = self.relu6(self.convolution(x, "_conv_head", "_bn1"))
        pooled = self.tf.reduce_mean(maps, [1, 2])
        return pooled @ self.tf.transpose(self.weights["_fc.weight"]) + self.weights["_fc.bias"]
