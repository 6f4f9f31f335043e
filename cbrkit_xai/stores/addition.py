"""What is handed to a store for one case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import attrs

from cbrkit_xai.case import Case
from cbrkit_xai.errors import CaseBaseError
from cbrkit_xai.features import Array

_PNG = b"\x89PNG\r\n\x1a\n"
_SIDE = (224).to_bytes(4, "big")


def _is_small_png(instance: Addition, attribute: attrs.Attribute[bytes | None], value: bytes | None) -> None:
    # Signature, then the header's length and name, then width and height.
    if value is not None and not (
        isinstance(value, bytes) and value[:8] == _PNG and value[16:24] == _SIDE * 2
    ):
        raise CaseBaseError(
            "the pixels to embed are not a PNG of 224 x 224",
            where=f"case {instance.case.id!r}",
            allowed="what cbrkit_xai.images.encode_png returns",
        )


def _numbers(values: Iterable[int]) -> tuple[int, ...]:
    return tuple(values)


@attrs.frozen(kw_only=True, eq=False)
class Addition:
    """A case with what goes into the file beside it.

    Parameters
    ----------
    case : Case
        Its id is a wish; the store makes it unique.
    features : mapping of fingerprint to array
        One row per representation.
    pixels : bytes or None
        A 224 x 224 PNG to embed.
    path : Path or None
        Where the photo's file is.
    origin_rows : sequence of int
        The row of the imported file that each ballot comes from; empty where there was none.
    """

    case: Case
    features: Mapping[str, Array] = attrs.field(factory=dict)
    pixels: bytes | None = attrs.field(default=None, validator=_is_small_png)
    path: Path | None = attrs.field(default=None, converter=attrs.converters.optional(Path))
    origin_rows: tuple[int, ...] = attrs.field(default=(), converter=_numbers)
