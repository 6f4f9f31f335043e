"""The classifier: EfficientNet-Lite0 and the 1000 classes of ImageNet."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray


@attrs.frozen(kw_only=True)
class EfficientNetLite0:
    """EfficientNet-Lite0, trained on ImageNet: 1000 classes, photos of 224 x 224."""

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
        from cbrkit_xai_latent.network import logits

        # softmax in float64: judges of explanations compare small differences of probabilities
        scores = logits(images).astype(np.float64)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        probabilities: NDArray[np.float64] = shares / shares.sum(axis=1, keepdims=True)
        return probabilities

    def features(self, images: NDArray[Any]) -> NDArray[np.float32]:
        """Map `(n, 224, 224, 3)` uint8 images to the `(n, 1280)` features under the classes."""
        from cbrkit_xai_latent.network import features

        return features(images)
