"""The latent vector of a photo: what an image network sees in it."""

from __future__ import annotations

from typing import Any, Literal

import attrs
import numpy as np
from attrs import validators
from numpy.typing import NDArray


@attrs.frozen(kw_only=True)
class Latent:
    """The `(n, 1280)` features that EfficientNet-Lite0 computes before it names a class.

    The paper's `f` of D = <M, H, f>; the paper itself took InceptionV3.

    Parameters
    ----------
    backend : {"onnx"}
        What computes the network. Backends agree to 1e-4, so it is not in the fingerprint.
    norm : {"none", "l2"}
        Whether each vector is brought to length 1; a vector of zeros stays as it is.
    """

    backend: Literal["onnx"] = attrs.field(default="onnx", validator=validators.in_(("onnx",)))
    norm: Literal["none", "l2"] = attrs.field(default="none", validator=validators.in_(("none", "l2")))

    @property
    def fingerprint(self) -> str:
        """Network, weights, preprocessing, decoding of photos, layer, and norm."""
        from cbrkit_xai.images import DECODING
        from cbrkit_xai_latent.network import FINGERPRINT

        return f"{FINGERPRINT};images={DECODING};layer=pooled;norm={self.norm}"

    @property
    def stored_as(self) -> Latent | None:
        """The representation whose features a case base keeps, where it is not this one."""
        return attrs.evolve(self, norm="none") if self.norm != "none" else None

    def describe(self, images: NDArray[Any]) -> NDArray[np.float32]:
        """Map `(n, 224, 224, 3)` uint8 images to `(n, 1280)` float32 features.

        Each row is what its image gives alone, to the last bit.
        """
        from cbrkit_xai_latent.network import features

        return self.derive(features(images))

    def derive(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        """Map stored, un-normalised `(n, 1280)` features to this representation's."""
        stored = np.asarray(stored, dtype=np.float32)
        if self.norm == "none":
            return stored
        lengths = np.sqrt(np.square(stored, dtype=np.float64).sum(axis=1, keepdims=True))  # (n, 1)
        return (stored / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
