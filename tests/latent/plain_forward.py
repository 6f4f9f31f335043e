"""EfficientNet-Lite0 straight from its definition, in plain numpy and float64: the oracle of these tests."""

from __future__ import annotations

import numpy as np

from cbrkit_xai_latent.weights import read_weights

STRIDES = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1]


class PlainForward:
    """No folding, no graph: one photo at a time."""

    def __init__(self) -> None:
        self.weights = {name: value.astype(np.float64) for name, value in read_weights().items()}

    def convolution(self, x: np.ndarray, name: str, norm: str, stride: int = 1) -> np.ndarray:
        kernel = self.weights[f"{name}.weight"]
        (_, inputs, side, _), size = kernel.shape, x.shape[1]
        outputs = -(-size // stride)
        total = max((outputs - 1) * stride + side - size, 0)  # TensorFlow's SAME
        x = np.pad(x, ((0, 0), *[(total // 2, total - total // 2)] * 2))
        y = 0
        for i in range(side):
            for j in range(side):
                seen = x[:, i : i + outputs * stride : stride, j : j + outputs * stride : stride][
                    :, :outputs, :outputs
                ]
                if inputs == 1:  # one filter a channel
                    y = y + kernel[:, 0, i, j, None, None] * seen
                else:
                    y = y + np.tensordot(kernel[:, :, i, j], seen, axes=1)
        mean, variance, gamma, beta = (
            self.weights[f"{norm}.{part}"][:, None, None]
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (y - mean) / np.sqrt(variance + 1e-3) * gamma + beta

    def maps(self, image: np.ndarray) -> np.ndarray:
        """Return the last convolution's maps after ReLU6, (1280, 7, 7)."""
        x = (image.astype(np.float64).transpose(2, 0, 1) - 127) / 128
        x = self.convolution(x, "_conv_stem", "_bn0", 2).clip(0, 6)
        for number, stride in enumerate(STRIDES):
            name, y = f"_blocks.{number}", x
            if number:
                y = self.convolution(y, f"{name}._expand_conv", f"{name}._bn0").clip(0, 6)
            y = self.convolution(y, f"{name}._depthwise_conv", f"{name}._bn1", stride).clip(0, 6)
            y = self.convolution(y, f"{name}._project_conv", f"{name}._bn2")
            x = x + y if x.shape == y.shape else y
        return self.convolution(x, "_conv_head", "_bn1").clip(0, 6)

    def scores(self, maps: np.ndarray) -> np.ndarray:
        """Return the scores that the last convolution's maps lead to, (1000,)."""
        return self.weights["_fc.weight"] @ maps.mean(axis=(1, 2)) + self.weights["_fc.bias"]

    def probabilities(self, image: np.ndarray) -> np.ndarray:
        """Return the softmax of the scores, (1000,)."""
        scores = self.scores(self.maps(image))
        shares = np.exp(scores - scores.max())
        return shares / shares.sum()

    def __call__(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        maps = self.maps(image)
        return maps.mean(axis=(1, 2)), self.scores(maps)
