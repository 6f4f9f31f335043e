"""The classifier: EfficientNet-Lite0 and the 1000 classes of ImageNet."""

from __future__ import annotations

import importlib
from typing import Any, Literal

import attrs
import numpy as np
from attrs import validators
from numpy.typing import NDArray

_NETWORKS = {"onnx": "cbrkit_xai_latent.network", "keras": "cbrkit_xai_latent.keras_network"}
"""Modules with the same functions: features, logits, gradient, feature_maps."""


@attrs.frozen(kw_only=True)
class EfficientNetLite0:
    """EfficientNet-Lite0, trained on ImageNet: 1000 classes, photos of 224 x 224.

    Parameters
    ----------
    backend : {"onnx", "keras"}
        What computes the network; "keras" needs TensorFlow. Probabilities agree to 1e-4, so it is not
        in the fingerprint.
    """

    backend: Literal["onnx", "keras"] = attrs.field(
        default="onnx", validator=validators.in_(tuple(_NETWORKS))
    )

    @property
    def fingerprint(self) -> str:
        """Network, weights and preprocessing."""
        from cbrkit_xai_latent.network import FINGERPRINT

        return FINGERPRINT

    @property
    def labels(self) -> tuple[str, ...]:
        """A name for each of the 1000 classes, no two alike."""
        from cbrkit_xai_latent.class_names import labels

        return labels()

    @property
    def wnids(self) -> tuple[str, ...]:
        """The WordNet id of each class, such as "n02123045", in the order of the classes."""
        from cbrkit_xai_latent.class_names import wnids

        return wnids()

    def predict(self, images: NDArray[Any]) -> NDArray[np.float64]:
        """Map `(n, 224, 224, 3)` uint8 images to `(n, 1000)` probabilities; rows sum to 1."""
        # softmax in float64: judges of explanations compare small differences of probabilities
        scores = self._network.logits(images).astype(np.float64)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        probabilities: NDArray[np.float64] = shares / shares.sum(axis=1, keepdims=True)
        return probabilities

    def features(self, images: NDArray[Any]) -> NDArray[np.float32]:
        """Map `(n, 224, 224, 3)` uint8 images to the `(n, 1280)` features under the classes."""
        return self._network.features(images)

    def gradient(self, images: NDArray[Any], target: int) -> NDArray[np.float32]:
        """Return the derivative of the target's probability by each value of each pixel.

        Parameters
        ----------
        images : (n, 224, 224, 3) numbers
            Pixels on the scale of 0 to 255; they need not be whole.
        target : int
            Index of the class.

        Returns
        -------
        (n, 224, 224, 3) float32

        Raises
        ------
        ParameterError
            The images have another shape, are not finite numbers, or there is no such class.
        """
        return self._network.gradient(images, target)

    def feature_maps(
        self, images: NDArray[Any], target: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the last convolution's maps, and the derivatives of the target's logit by their values.

        Parameters
        ----------
        images : (n, 224, 224, 3) uint8
            Photos.
        target : int
            Index of the class.

        Returns
        -------
        maps, gradients : (n, 7, 7, 1280) float32

        Raises
        ------
        ParameterError
            The images have another shape or type, or there is no such class.
        """
        return self._network.feature_maps(images, target)

    @property
    def _network(self) -> Any:
        return importlib.import_module(_NETWORKS[self.backend])
