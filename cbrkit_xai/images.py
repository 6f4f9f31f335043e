"""The one guarded door through which every photo enters."""

from __future__ import annotations

import functools
import hashlib
import io
import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs
import numpy as np
from numpy.typing import NDArray

from cbrkit_xai.decoding import FORMATS, MAX_PIXELS, MAX_SIDE, check_size, decode
from cbrkit_xai.errors import ImageError, ParameterError
from cbrkit_xai.photo_files import MAX_BYTES, check_bytes, read_photo_file, shown

if TYPE_CHECKING:
    import PIL.Image

__all__ = [
    "DECODING",
    "FORMATS",
    "MAX_BYTES",
    "MAX_PIXELS",
    "MAX_SIDE",
    "SIDE",
    "STORED",
    "Image",
    "Rejected",
    "Source",
    "encode_png",
    "open_image",
    "open_images",
    "pixels_of",
    "stored_pixels",
]

SIDE = 224
"""Width and height in pixels to which every photo is brought."""

DECODING = "srgb-lanczos-224/1"
"""Names how pixels come about; part of every representation's fingerprint, so bump it when they change."""

STORED = "stored-lanczos-224/1"
"""The same for pixels whose colours are taken as the file has them, whatever its ICC profile says."""

_KINDS = "the path of a local file, its bytes, a uint8 array (h, w, 3) or (h, w), or a cbrkit_xai.Image"


def _locked(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8:
        return pixels  # refused by _check_pixels
    # Backed by bytes of its own, so that nobody can write, not even after `flags.writeable = True`.
    return np.frombuffer(pixels.tobytes(), dtype=np.uint8).reshape(pixels.shape)


def _check_pixels(_image: Any, _attribute: Any, pixels: Any) -> None:
    shape, dtype = getattr(pixels, "shape", None), getattr(pixels, "dtype", type(pixels).__name__)
    if shape != (SIDE, SIDE, 3) or dtype != np.uint8:
        raise ImageError(
            f"the pixels are {dtype} of shape {shape}",
            allowed=f"a uint8 array of shape ({SIDE}, {SIDE}, 3)",
            next_step="let open_image() make it",
        )


@attrs.frozen(kw_only=True, eq=False)
class Image:
    """A photo as everything else sees it.

    Parameters
    ----------
    pixels : (224, 224, 3) uint8 array
        sRGB, read-only.
    sha256 : str
        Of the file's bytes, in hex.
    name : str
        The file's name.
    path : str or None
        Where the file was read from.
    size : (int, int)
        Width and height as decoded, upright.
    is_as_stored : bool or None
        Whether the file has no ICC profile, so that `pixels` are what it stores; None if that is not
        known.
    """

    pixels: NDArray[np.uint8] = attrs.field(converter=_locked, validator=_check_pixels, repr=False)
    sha256: str
    name: str
    path: str | None
    size: tuple[int, int]
    is_as_stored: bool | None = None

    def __reduce__(self) -> tuple[object, ...]:
        # Unpickled arrays are writeable again; going through the class locks them.
        return functools.partial(Image, **attrs.asdict(self, recurse=False)), ()


Source: TypeAlias = str | os.PathLike[str] | os.PathLike[bytes] | bytes | NDArray[np.uint8] | Image
"""What a photo can be opened from."""


@attrs.frozen(kw_only=True)
class Rejected:
    """A photo that could not be opened, and why."""

    source: str
    error: ImageError


def open_image(source: Source, *, name: str | None = None) -> Image:
    """Open one photo: upright, sRGB, over white, 224 x 224 by Lanczos (aspect not kept).

    Parameters
    ----------
    source : path, bytes, array or Image
        A local file, a file's content, a uint8 array (h, w, 3) or (h, w), or an Image, returned as it is.
    name : str, optional
        The name it gets, also in errors; by default the file's.

    Raises
    ------
    ImageError
        It is not a photo that can be used.
    """
    if isinstance(source, Image):
        return source if name is None else attrs.evolve(source, name=name)
    photo, sha256, name, path = _opened(source, name)
    pixels = np.array(_scaled(photo, SIDE, SIDE))
    return Image(
        pixels=pixels,
        sha256=sha256,
        name=name,
        path=path,
        size=photo.size,
        is_as_stored=not photo.info.get("has_profile", False),
    )


def stored_pixels(image: Image) -> NDArray[np.uint8]:
    """Return a photo's pixels as its file stores them, without its ICC profile, 224 x 224 by Lanczos.

    A photo with a profile is read from its file once more.

    Raises
    ------
    ImageError
        It has a profile, or may have one, and its file is not there any more or is another one.
    """
    if image.is_as_stored:
        return image.pixels
    if image.path is None:
        raise ImageError(
            "only its sRGB pixels are known, not those that its file stores",
            where=image.name,
            allowed="a photo that is opened from its file",
            next_step="name the file, or the folder with the photos of the case base (--images DIR)",
        )
    data = read_photo_file(image.path)
    if hashlib.sha256(data).hexdigest() != image.sha256:
        raise ImageError(
            "the file has changed since it was opened", where=image.name, next_step="open it again"
        )
    return np.array(_scaled(decode(data, where=shown(image.path), as_stored=True), SIDE, SIDE))


def pixels_of(source: Source, *, height: int, width: int) -> NDArray[np.uint8]:
    """Open one photo as `open_image` does, but at another size.

    Parameters
    ----------
    source : path, bytes, array or Image
        What `open_image` takes. An `Image` is read again from its path, so that nothing of the photo
        is lost; one without a path is scaled from its 224 x 224 pixels.
    height, width : int
        In pixels.

    Returns
    -------
    (height, width, 3) uint8 array
        sRGB.

    Raises
    ------
    ImageError
        It is not a photo that can be used.
    """
    if isinstance(source, Image):
        if (height, width) == (SIDE, SIDE):
            return source.pixels
        source = source.path or source.pixels
    photo, *_ = _opened(source, None)
    return np.array(_scaled(photo, width, height))


def open_images(
    sources: Iterable[Source], *, progress: Callable[[int, int], object] | None = None
) -> tuple[list[Image], list[Rejected]]:
    """Open many photos; those that cannot be used are named with their reasons, and the rest go on.

    Parameters
    ----------
    sources : iterable
        What `open_image` takes. Bytes and arrays are named by their place, from "item 1" on.
    progress : callable, optional
        Called with (done, total) after each.

    Returns
    -------
    (list of Image, list of Rejected)
        Both in the order of `sources`.

    Raises
    ------
    ParameterError
        `sources` is a single photo.
    """
    if isinstance(sources, str | os.PathLike | bytes | bytearray | memoryview | Image):
        raise ParameterError(
            f"sources is a single {type(sources).__name__}",
            allowed="several photos",
            next_step="put it in a list, or use open_image()",
        )
    images, rejected, todo = [], [], list(sources)
    for done, source in enumerate(todo, start=1):
        label = shown(source) if isinstance(source, str | os.PathLike) else f"item {done}"
        has_name = isinstance(source, str | os.PathLike | Image)
        try:
            images.append(open_image(source, name=None if has_name else label))
        except ImageError as error:
            rejected.append(Rejected(source=label, error=error))
        if progress is not None:
            progress(done, len(todo))
    return images, rejected


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """Return the pixels of an Image as a lossless PNG; opening it gives the same pixels back.

    Raises
    ------
    ImageError
        The pixels are not (224, 224, 3) uint8.
    """
    import PIL.Image

    _check_pixels(None, None, pixels)
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).save(file, format="PNG", compress_level=6)
    return file.getvalue()


def _opened(
    source: str | os.PathLike[str] | os.PathLike[bytes] | bytes | NDArray[np.uint8], name: str | None
) -> tuple[PIL.Image.Image, str, str, str | None]:
    """Return the photo at its own size, its sha256, its name and its path."""
    path = None
    match source:
        case str() | os.PathLike():
            path = os.fsdecode(source)
            name, where = name or os.path.basename(path), shown(path)
            data = read_photo_file(path)
        case bytes() | bytearray() | memoryview():
            name, where = name or "bytes", shown(name or "bytes")
            data = bytes(source)
            check_bytes(len(data), where=where)
        case np.ndarray():
            return _from_array(source, name or "array")
        case _:
            kind = type(source)
            what = f"a photo cannot be opened from {kind.__module__}.{kind.__qualname__}"
            raise ImageError(what, where=name, allowed=_KINDS, next_step="pass one of these")
    return decode(data, where=where), hashlib.sha256(data).hexdigest(), name, path


def _from_array(array: NDArray[Any], name: str) -> tuple[PIL.Image.Image, str, str, None]:
    import PIL.Image

    if array.dtype != np.uint8 or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)):
        raise ImageError(
            f"the array is {array.dtype} of shape {array.shape}",
            where=shown(name),
            allowed="uint8 of shape (height, width, 3) or (height, width)",
            next_step="scale it to 0..255 and convert it with .astype('uint8')",
        )
    check_size(array.shape[1], array.shape[0], where=shown(name))
    sha256 = hashlib.sha256(repr(array.shape).encode() + array.tobytes()).hexdigest()
    return PIL.Image.fromarray(array).convert("RGB"), sha256, name, None


def _scaled(photo: PIL.Image.Image, width: int, height: int) -> PIL.Image.Image:
    from PIL.Image import Resampling

    return photo.resize((width, height), Resampling.LANCZOS)
