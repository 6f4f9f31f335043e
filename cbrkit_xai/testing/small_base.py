"""A case base of 12 made-up photos, with pixels, that any configuration can be fitted to."""

from __future__ import annotations

import functools
import hashlib

import attrs
import numpy as np

from cbrkit_xai.case import Ballot, Case
from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.features import Array
from cbrkit_xai.images import SIDE, Image, encode_png
from cbrkit_xai.pictures import Pictures
from cbrkit_xai.testing.strategies import METHODS

_COLOURS = ((220, 40, 40), (40, 200, 60), (50, 60, 220))
_EACH = 4


def made_up_photo(colour: int, seed: int) -> Array:
    """Return a `(224, 224, 3)` uint8 photo: patches around one of three colours."""
    rng = np.random.default_rng([colour, seed])
    patches = np.array(_COLOURS[colour]) + rng.integers(-30, 31, (14, 14, 3))
    return np.clip(patches, 0, 255).astype(np.uint8).repeat(SIDE // 14, axis=0).repeat(SIDE // 14, axis=1)


@functools.lru_cache(maxsize=1)
def small_case_base() -> CaseBase:
    """Return 12 cases: red photos are best explained by lime, green ones by ig, blue ones by xrai."""
    cases, pictures = [], {}
    for colour in range(len(_COLOURS)):
        for number in range(_EACH):
            pixels = made_up_photo(colour, number)
            sha256 = hashlib.sha256(pixels.tobytes()).hexdigest()
            pictures[sha256] = encode_png(pixels)
            cases.append(
                Case(
                    id=f"photo-{colour}-{number}",
                    image_sha256=sha256,
                    image_name=f"photo-{colour}-{number}.png",
                    ballots=[Ballot(votes=_votes(colour, number), source="human")],
                )
            )
    return CaseBase(name="small", cases=cases, pictures=_WithoutProfile(embedded=pictures))


class _WithoutProfile(Pictures):
    """Pictures of which it is known that no colour profile was ever applied to them."""

    def open(self, image_sha256: str) -> Image:
        return attrs.evolve(super().open(image_sha256), is_as_stored=True)


def _votes(colour: int, number: int) -> dict[str, float]:
    given = {method: float((3 * place + number) % 3) for place, method in enumerate(METHODS)}
    given[("lime", "ig", "xrai")[colour]] = 5.0
    if number == 1:
        del given["anchors"]  # nobody was asked
    return given
