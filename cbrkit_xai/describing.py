"""Photos to features: each representation is given the pixels that it asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cbrkit_xai.features import Features
from cbrkit_xai.images import Image, stored_pixels


def described(representation: Any, images: Sequence[Image]) -> Features:
    """Return what a representation makes of photos.

    Parameters
    ----------
    representation : Representation
        Its optional member `pixels` says which it takes: "srgb", or "stored" for those that the file
        has, whatever its ICC profile says. Of one that is made of others, each gets its own.
    images : sequence of Image
        At least one.

    Raises
    ------
    ImageError
        Stored pixels are asked for, and not to be had.
    """
    made_of: Mapping[str, Any] | None = getattr(representation, "made_of", None)
    if made_of and any(_asks_for_stored(part) for part in made_of.values()):
        found: Features = representation.joined(
            {name: described(part, images) for name, part in made_of.items()}
        )
        return found
    if _asks_for_stored(representation):
        return representation.describe(np.stack([stored_pixels(image) for image in images]))
    return representation.describe(np.stack([image.pixels for image in images]))


def _asks_for_stored(representation: Any) -> bool:
    made_of: Mapping[str, Any] = getattr(representation, "made_of", None) or {}
    own = getattr(representation, "pixels", "srgb") == "stored"
    return own or any(_asks_for_stored(part) for part in made_of.values())
