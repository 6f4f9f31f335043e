"""Decode the bytes of a photo, whatever they hold, into plain 8-bit sRGB pixels or a clear error."""

from __future__ import annotations

import io
import logging
import re
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from cbrkit_xai.errors import ImageError
from cbrkit_xai.quiet import warnings_muted

if TYPE_CHECKING:
    import PIL.Image

MAX_PIXELS = 100_000_000
"""Most pixels a photo may have: its width times its height."""

MAX_SIDE = 65_535
"""Longest side in pixels; the Lanczos kernel's memory grows with it."""

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "PPM", "WEBP", "TIFF")
"""What is accepted; nothing that starts another program (EPS) or draws (PDF, SVG)."""

_FORMAT_NAMES = "JPEG, PNG, GIF, BMP, PPM, WebP, TIFF"
_CONVERT = "convert it to an 8-bit RGB PNG or JPEG with an image editor"
_SHRINK = "shrink it with an image editor"
_ORIENTATION = 0x0112  # EXIF and TIFF tag
_TIFF_BITS, _TIFF_PHOTOMETRIC, _TIFF_TILE_SIDES = 258, 262, (322, 323)
_PNG_GREY_STEP = {"1": 255, "L;2": 85, "L;4": 17}  # Pillow spreads the pixels to 0..255, but not the key

_log = logging.getLogger("cbrkit_xai")


def decode(data: bytes, *, where: str, as_stored: bool = False) -> PIL.Image.Image:
    """Return the photo in `data` upright, in sRGB, over white, at its own size.

    The first frame of an animation, the first page of a TIFF. An ICC profile that cannot be applied is
    logged, and the colours are taken as sRGB. Pillow reads 16-bit *colour* by its high byte.

    Parameters
    ----------
    data : bytes
        The file's content.
    where : str
        What to call the photo in errors.
    as_stored : bool
        True to leave out the ICC profile: the numbers as the file has them. Whether there is one is in the
        answer's `info["has_profile"]`.

    Raises
    ------
    ImageError
        The bytes are no photo of an accepted format, damaged or cut off, or too large. (Cut-off photos
        pass if another library has set ``PIL.ImageFile.LOAD_TRUNCATED_IMAGES``.)
    """
    import PIL.Image

    if not data:
        raise ImageError("it is empty (0 bytes)", where=where, next_step="copy or download it again")
    with warnings_muted():
        try:
            return _decoded(data, where, as_stored)
        except ImageError:
            raise
        except PIL.UnidentifiedImageError:
            _refuse_unknown(data, where)
        except PIL.Image.DecompressionBombError as error:
            claimed = re.search(r"\d+", str(error))  # opening raised it, so the size itself is out of reach
            pixels = f"{int(claimed[0]):,} pixels" if claimed else "too many pixels"
            raise ImageError(
                f"its header claims {pixels}", where=where, allowed=_allowed_size(), next_step=_SHRINK
            ) from None
        except MemoryError:
            raise ImageError(
                f"not enough memory to decode its {len(data):,} bytes", where=where, next_step=_SHRINK
            ) from None
        except Exception as error:  # Pillow raises nearly anything on hostile bytes
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            raise ImageError(
                f"it is damaged or cut off ({reason})",
                where=where,
                allowed=f"complete {_FORMAT_NAMES} files",
                next_step="copy or download it again, or save it anew with an image editor",
            ) from error


def check_size(width: int, height: int, *, where: str) -> None:
    """Refuse sizes without pixels, and those that would take too much memory.

    Raises
    ------
    ImageError
        The size is outside what is allowed.
    """
    if width < 1 or height < 1 or max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise ImageError(
            f"its size is {width:,} x {height:,} pixels",
            where=where,
            allowed=_allowed_size(),
            next_step=_SHRINK if width > 0 and height > 0 else "choose another photo",
        )


def _allowed_size() -> str:
    return f"1 to {MAX_PIXELS:,} pixels, sides up to {MAX_SIDE:,}"


def _refuse_unknown(data: bytes, where: str) -> NoReturn:
    raise ImageError(
        f"its content is not a photo that can be read (it starts with {data[:8]!r})",
        where=where,
        allowed=_FORMAT_NAMES,
        next_step=_CONVERT,
    ) from None


def _decoded(data: bytes, where: str, as_stored: bool) -> PIL.Image.Image:
    import PIL.Image

    image = PIL.Image.open(io.BytesIO(data), formats=FORMATS)
    check_size(*image.size, where=where)
    if image.format == "TIFF":  # libtiff decodes whole tiles, however small the image that they cover
        check_size(*(_tiff_tag(image, tag, 1) for tag in _TIFF_TILE_SIDES), where=where)
    packing = str(image.tile[0].args) if image.format == "PNG" and image.tile else ""  # gone once loaded
    image.load()
    colour, alpha = _colour_and_alpha(image, packing, where)
    profile = image.info.get("icc_profile")
    colour = _in_srgb(colour, None if as_stored else profile, where)
    if alpha is not None:
        colour = PIL.Image.composite(colour, PIL.Image.new("RGB", colour.size, "white"), alpha)
    photo = _upright(colour, image)
    photo.info = {"has_profile": bool(profile)}
    return photo


def _colour_and_alpha(
    image: PIL.Image.Image, packing: str, where: str
) -> tuple[PIL.Image.Image, PIL.Image.Image | None]:
    """Return the colours as L, RGB or CMYK, and the opacity as L or None."""
    if image.mode in ("P", "PA", "RGBa"):
        image = image.convert("RGBA")
    elif image.mode == "La":
        image = image.convert("LA")
    match image.mode:
        case "RGBA":
            return image.convert("RGB"), image.getchannel("A")
        case "LA":
            return image.getchannel("L"), image.getchannel("A")
        case "1" | "L":
            image_l = image.convert("L") if image.mode == "1" else image
            return image_l, _key_alpha(image_l, packing, image.info.get("transparency"))
        case "RGB":
            return image, _key_alpha(image, packing, image.info.get("transparency"))
        case "CMYK":
            return image, None
        case "RGBX" | "YCbCr":
            return image.convert("RGB"), None
        case "I;16" | "I;16L" | "I;16B" | "I;16N":
            return _grey_of_16_bits(image), _key_alpha(image, packing, image.info.get("transparency"))
        case "I" if image.format in ("PNG", "PPM"):  # Pillow gives both as 0..65535
            return _grey_of_16_bits(image), None
        case other:
            raise ImageError(
                f"its pixels are of the kind {other!r}, which has no agreed black and white",
                where=where,
                allowed="1 to 16-bit grey, RGB, palette or CMYK; no 32-bit, signed, float or Lab pixels",
                next_step=_CONVERT,
            )


def _grey_of_16_bits(image: PIL.Image.Image) -> PIL.Image.Image:
    import PIL.Image

    is_tiff = image.format == "TIFF"
    white = 4095 if is_tiff and _tiff_tag(image, _TIFF_BITS, 16) == 12 else 65535
    values = np.asarray(image).astype(np.int32).clip(0, white)  # (height, width)
    if is_tiff and _tiff_tag(image, _TIFF_PHOTOMETRIC, 1) == 0:  # WhiteIsZero: Pillow inverts 8 bits, not 16
        values = white - values
    return PIL.Image.fromarray(((values * 255 + white // 2) // white).astype(np.uint8))  # by 257, rounded


def _key_alpha(image: PIL.Image.Image, packing: str, key: Any) -> PIL.Image.Image | None:
    """Return the opacity where one colour of a PNG, its tRNS key, stands for transparent."""
    import PIL.Image

    if isinstance(key, int):
        opaque = np.asarray(image) != key * _PNG_GREY_STEP.get(packing, 1)  # (height, width)
    elif isinstance(key, tuple) and len(key) == 3:
        key = tuple(part >> 8 for part in key) if packing == "RGB;16B" else key  # as Pillow reads the pixels
        opaque = (np.asarray(image) != key).any(axis=2)
    else:
        return None
    return PIL.Image.fromarray(opaque.astype(np.uint8) * np.uint8(255))


def _in_srgb(colour: PIL.Image.Image, profile: Any, where: str) -> PIL.Image.Image:
    if profile:
        from PIL import ImageCms

        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            space = source.profile.xcolor_space
            if space == "RGB " and colour.mode == "L":  # grey photos often carry their editor's RGB profile
                colour = colour.convert("RGB")
            if {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}.get(space) != colour.mode:
                raise ValueError(f"a profile for {space!r} does not fit {colour.mode} pixels")
            srgb = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(colour, source, srgb, outputMode="RGB")
            if converted is not None:
                return converted
        except Exception as error:  # a photo with a bad profile is still a photo
            _log.info("%s: its colour profile was left out, taken as sRGB: %s", where, error)
    return colour.convert("RGB")


def _upright(colour: PIL.Image.Image, image: PIL.Image.Image) -> PIL.Image.Image:
    from PIL.Image import Transpose

    try:
        orientation = image.getexif().get(_ORIENTATION, 1)  # a TIFF's is gone: Pillow has applied it
        turns = {
            2: Transpose.FLIP_LEFT_RIGHT,
            3: Transpose.ROTATE_180,
            4: Transpose.FLIP_TOP_BOTTOM,
            5: Transpose.TRANSPOSE,
            6: Transpose.ROTATE_270,
            7: Transpose.TRANSVERSE,
            8: Transpose.ROTATE_90,
        }
        turn = turns.get(orientation)
    except Exception:  # a photo with broken EXIF is still a photo
        return colour
    return colour if turn is None else colour.transpose(turn)


def _tiff_tag(image: PIL.Image.Image, tag: int, default: int) -> int:
    value = image.tag_v2.get(tag, default)  # type: ignore[attr-defined]
    return int(value[0] if isinstance(value, tuple) else value)
