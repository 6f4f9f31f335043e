"""Small pictures of cases, for a page that has to hold them itself."""

from __future__ import annotations

import io
from collections.abc import Iterable

from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.errors import CaseBaseError

_PIXELS = 112
_QUALITY = 82


def thumbnails(base: CaseBase, ids: Iterable[str]) -> dict[str, bytes]:
    """Return a JPEG file by id for each of the cases whose photo the base holds and can open."""
    from PIL import Image

    found = {}
    for identifier in dict.fromkeys(ids):
        sha256 = base.case(identifier).image_sha256
        if sha256 not in base.pictures:
            continue
        try:
            pixels = base.pictures.open(sha256).pixels
        except CaseBaseError:  # moved or changed since: the id stands in its place
            continue
        small = Image.fromarray(pixels).resize((_PIXELS, _PIXELS), Image.Resampling.LANCZOS)
        file = io.BytesIO()
        small.save(file, format="JPEG", quality=_QUALITY)
        found[identifier] = file.getvalue()
    return found
