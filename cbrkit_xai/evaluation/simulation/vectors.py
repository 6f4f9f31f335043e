"""The features of simulated photos: vectors that a base stores, and that a made-up photo carries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import attrs
import numpy as np

from cbrkit_xai.components import RepresentationPlugin
from cbrkit_xai.evaluation.parameter_bounds import whole_number
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.images import SIDE, Image

NAME = "simulated-vectors"

MOST_DIMENSIONS = SIDE * 3 // 4
"""So many float32 fit into the first row of pixels."""


@attrs.frozen(kw_only=True)
class SimulatedVectors:
    """Vectors that nothing was ever seen in.

    Parameters
    ----------
    dimensions : int
        Their width, d.
    """

    dimensions: int = attrs.field(default=6, validator=whole_number(1, MOST_DIMENSIONS))

    @property
    def fingerprint(self) -> str:
        """The width alone."""
        return f"{NAME}/{self.dimensions}"

    def describe(self, images: Array) -> Array:
        """Map the photos that `photo_of` made, `(n, 224, 224, 3)` uint8, to `(n, d)` float32."""
        held = np.ascontiguousarray(np.asarray(images)[:, 0].reshape(len(images), -1))
        return held[:, : 4 * self.dimensions].view("<f4").astype(np.float32)


def photo_of(vector: Array, name: str) -> Image:
    """Return a photo whose first row of pixels is nothing but the bytes of a float32 vector."""
    carried = np.frombuffer(np.asarray(vector).astype("<f4").tobytes(), dtype=np.uint8)
    pixels = np.zeros((SIDE, SIDE, 3), dtype=np.uint8)
    pixels[0].reshape(-1)[: len(carried)] = carried
    return Image(pixels=pixels, sha256=photo_hash(name), name=f"{name}.png", path=None, size=(SIDE, SIDE))


def photo_hash(name: str) -> str:
    """Return what stands for the hash of a made-up photo's file; names are unique, and so are these."""
    return hashlib.sha256(name.encode()).hexdigest()


@hookimpl
def cbrkit_xai_representations() -> Iterator[RepresentationPlugin]:
    """Offer the vectors to a registry that asks; no distribution does."""
    yield RepresentationPlugin(
        name=NAME,
        summary="Vectors of a simulated world",
        source="random numbers",
        factory="cbrkit_xai.evaluation.simulation.vectors:SimulatedVectors",
    )
