"""Photos out of a folder, to show parts of them where superpixels are hidden."""

from __future__ import annotations

from pathlib import Path

from cbrkit_xai.errors import ImageError, ParameterError
from cbrkit_xai.features import Array
from cbrkit_xai.images import open_images, pixels_of

MOST = 32
"""Photos that are opened; more would not hide better, and each takes memory."""


def other_photos(folder: str, image: Array) -> list[Array]:
    """Open photos of a folder at the size of a photo, leaving out the photo itself.

    Parameters
    ----------
    folder : str
        Where they lie. The first `MOST` by name are taken; files that are no photos are passed over.
    image : (h, w, 3) uint8 array
        The photo that is explained.

    Returns
    -------
    list of (h, w, 3) uint8 arrays
        At least one.

    Raises
    ------
    ParameterError
        There is no such folder.
    ImageError
        It holds no other photo that can be opened.
    """
    place = Path(folder)
    if not place.is_dir():
        raise ParameterError(f"{folder!r} is no folder", where="anchors.photos", allowed="a folder of photos")
    height, width = image.shape[:2]
    found: list[Array] = []
    for path in sorted(place.iterdir()):
        if len(found) == MOST:
            break
        opened, _ = open_images([path]) if path.is_file() else ([], [])
        for photo in opened:
            pixels = pixels_of(photo, height=height, width=width)
            if not (pixels == image).all():
                found.append(pixels)
    if not found:
        raise ImageError(
            f"{folder!r} holds no other photo that can be opened",
            where="anchors.photos",
            next_step="name another folder, or leave `photos` out",
        )
    return found
