"""The latent vector of a photo: what an image network sees in it."""

from __future__ import annotations

from typing import Any, Literal

import attrs
import numpy as np
from attrs import validators
from numpy.typing import NDArray

from cbrkit_xai.errors import ParameterError


@attrs.frozen(kw_only=True)
class Latent:
    """The features that an image network computes before it names a class.

    `(n, 1280)` of EfficientNet-Lite0, or `(n, 2048)` of the paper's InceptionV3 from TF-Hub. The
    paper's `f` of D = <M, H, f>.

    Parameters
    ----------
    backend : {"onnx", "keras", "tfhub"}
        What computes the network. "onnx" and "keras" run the same one, EfficientNet-Lite0, and agree to
        1e-4, so that their fingerprint is the same; "keras" and "tfhub" need TensorFlow.
    norm : {"none", "l2"}
        Whether each vector is brought to length 1; a vector of zeros stays as it is.
    handle : str, optional
        Only with "tfhub": the address of a model at a model hub, or the folder of a SavedModel, that
        gives 2048 numbers for a photo of 299 x 299 with values of 0 to 1; by default the paper's. A
        model is a program: name only one that you would run as a program.
    """

    backend: Literal["onnx", "keras", "tfhub"] = attrs.field(
        default="onnx", validator=validators.in_(("onnx", "keras", "tfhub"))
    )
    norm: Literal["none", "l2"] = attrs.field(default="none", validator=validators.in_(("none", "l2")))
    handle: str | None = attrs.field(default=None, validator=validators.optional(validators.instance_of(str)))

    def __attrs_post_init__(self) -> None:
        # Nothing is looked up: making a component from what a file says must open no model.
        if self.handle is None:
            return
        if self.backend != "tfhub":
            raise ParameterError(
                f"backend {self.backend!r} has a network of its own and takes no handle",
                where="handle",
                allowed="backend='tfhub'",
                next_step="leave out one of the two",
            )
        from cbrkit_xai_latent.hub_model import check_handle

        check_handle(self.handle)

    @property
    def fingerprint(self) -> str:
        """Network, weights, preprocessing, decoding of photos, layer, and norm.

        Raises
        ------
        HubModelError
            The handle is a folder without a model.
        """
        from cbrkit_xai.images import DECODING

        return f"{self._network_fingerprint()};images={DECODING};layer=pooled;norm={self.norm}"

    @property
    def runs(self) -> str:
        """Address or folder of a model from elsewhere, which is a program; empty for our own network."""
        if self.backend != "tfhub":
            return ""
        from cbrkit_xai_latent.hub_model import PAPER_HANDLE

        return self.handle or PAPER_HANDLE

    @property
    def stored_as(self) -> Latent | None:
        """The representation whose features a case base keeps, where it is not this one."""
        return attrs.evolve(self, norm="none") if self.norm != "none" else None

    def describe(self, images: NDArray[Any]) -> NDArray[np.float32]:
        """Map `(n, 224, 224, 3)` uint8 images to `(n, 1280)` or `(n, 2048)` float32 features.

        Each row is what its image gives alone, to the last bit.
        """
        return self.derive(self._network_features(images))

    def derive(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        """Map stored, un-normalised `(n, d)` features to this representation's."""
        stored = np.asarray(stored, dtype=np.float32)
        if self.norm == "none":
            return stored
        lengths = np.sqrt(np.square(stored, dtype=np.float64).sum(axis=1, keepdims=True))  # (n, 1)
        return (stored / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)

    def _network_fingerprint(self) -> str:
        if self.backend == "tfhub":
            from cbrkit_xai_latent import hub_network

            return hub_network.fingerprint(self.runs)
        from cbrkit_xai_latent.network import FINGERPRINT

        return FINGERPRINT

    def _network_features(self, images: NDArray[Any]) -> NDArray[np.float32]:
        match self.backend:
            case "tfhub":
                from cbrkit_xai_latent import hub_network

                return hub_network.features(images, self.runs)
            case "keras":
                from cbrkit_xai_latent import keras_network

                return keras_network.features(images)
            case "onnx":
                from cbrkit_xai_latent import network

                return network.features(images)
