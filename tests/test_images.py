from __future__ import annotations

import csv
import hashlib
import io
import os
import pickle
import struct
import subprocess
import sys
import threading
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icc_profiles import SRGB_BLUE, SRGB_GREEN, SRGB_RED, icc_matrix_profile
from PIL import ImageCms
from PIL.Image import Resampling

from cbrkit_xai import decoding, photo_files
from cbrkit_xai.errors import ImageError, ParameterError
from cbrkit_xai.images import DECODING, SIDE, Image, encode_png, open_image, open_images

# Making photos -------------------------------------------------------------------------------------------


def noise(height=40, width=60, channels=3, seed=0):
    shape = (height, width, channels) if channels > 1 else (height, width)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def saved(image, kind, **options):
    file = io.BytesIO()
    image.save(file, format=kind, **options)
    return file.getvalue()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, bits, colour_type, rows, *chunks):
    """A PNG written by hand; `rows` are the packed samples, one bytes object per row."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0)
    body = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"".join(
        [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), *chunks, chunk(b"IDAT", body), chunk(b"IEND", b"")]
    )


def tiff(bits, samples, *, sample_format=1, photometric=1, extra=()):
    """A one-row little-endian grey TIFF written by hand; `samples` are packed bytes."""
    width = len(samples) * 8 // bits
    tags = [(256, 4, width), (257, 4, 1), (258, 3, bits), (259, 3, 1), (262, 3, photometric)]
    tags += [(273, 4, 8), (277, 3, 1), (278, 4, 1), (279, 4, len(samples)), (339, 3, sample_format), *extra]
    start = 8 + len(samples)
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in sorted(tags))
    directory = struct.pack("<H", len(tags)) + entries + struct.pack("<I", 0)
    return b"II*\0" + struct.pack("<I", start) + samples + directory


def flat(colour, mode="RGB", size=(8, 8)):
    return PIL.Image.new(mode, size, colour)


def only_colour(photo):
    """The one colour of a photo that has only one."""
    colours = np.unique(photo.pixels.reshape(-1, 3), axis=0)
    assert len(colours) == 1, colours
    return tuple(colours[0].tolist())


def lanczos(image):
    return np.asarray(image.convert("RGB").resize((224, 224), Resampling.LANCZOS))


def left_and_right(data):
    """The colours of a photo of two pixels side by side, before the resize makes them overshoot."""
    image = decoding.decode(data, where="two pixels")
    assert image.size == (2, 1)
    return image.getpixel((0, 0)), image.getpixel((1, 0))


def assert_teaches(error, *words):
    text = str(error)
    assert "\n" not in text
    assert text.isprintable()
    assert error.what and error.where and error.next_step
    for word in words:
        assert word in text


# What comes out ------------------------------------------------------------------------------------------


def test_a_photo_is_pillows_own_lanczos_resize_with_its_file_named_and_hashed(tmp_path):
    data = saved(PIL.Image.fromarray(noise()), "PNG")
    path = tmp_path / "a photo.png"
    path.write_bytes(data)
    photo = open_image(path)
    assert np.array_equal(photo.pixels, lanczos(PIL.Image.fromarray(noise())))
    assert photo.pixels.shape == (SIDE, SIDE, 3) and photo.pixels.dtype == np.uint8
    assert photo.sha256 == hashlib.sha256(data).hexdigest()
    assert (photo.name, photo.path, photo.size) == ("a photo.png", str(path), (60, 40))


def test_the_decoding_that_features_depend_on_is_pinned_with_its_name():
    assert (SIDE, DECODING) == (224, "srgb-lanczos-224/1")


@pytest.mark.parametrize("kind", ["PNG", "BMP", "PPM", "TIFF", "GIF", "JPEG", "WEBP"])
def test_each_accepted_format_opens(kind):
    data = saved(flat((200, 200, 200), size=(33, 21)), kind)
    photo = open_image(data)
    assert photo.size == (33, 21)
    assert np.abs(photo.pixels.astype(int) - 200).max() <= 2


def test_pixels_cannot_be_written_even_when_asked_to_be_writeable():
    photo = open_image(noise())
    with pytest.raises(ValueError, match="read-only"):
        photo.pixels[0, 0, 0] = 1
    with pytest.raises(ValueError, match="WRITEABLE"):
        photo.pixels.flags.writeable = True


def test_pixels_stay_read_only_through_pickle():
    photo = open_image(noise(), name="x")
    again = pickle.loads(pickle.dumps(photo))  # noqa: S301 -- our own
    assert np.array_equal(again.pixels, photo.pixels)
    assert (again.sha256, again.name, again.path, again.size) == (
        photo.sha256,
        photo.name,
        photo.path,
        photo.size,
    )
    assert not again.pixels.flags.writeable


@pytest.mark.parametrize("pixels", [np.zeros((224, 224), np.uint8), np.zeros((224, 224, 3)), [1]])
def test_an_image_of_other_pixels_cannot_be_made(pixels):
    with pytest.raises(ImageError, match=r"\(224, 224, 3\)"):
        Image(pixels=pixels, sha256="", name="x", path=None, size=(1, 1))


def test_an_image_is_opened_as_itself_and_may_be_renamed():
    photo = open_image(noise())
    assert open_image(photo) is photo
    renamed = open_image(photo, name="other")
    assert renamed.name == "other" and np.array_equal(renamed.pixels, photo.pixels)


def test_path_bytes_and_file_name_of_any_kind_give_the_same_photo(tmp_path):
    data = saved(PIL.Image.fromarray(noise()), "PNG")
    path = tmp_path / "ü.png"
    path.write_bytes(data)
    photos = [open_image(each) for each in (path, str(path), data, bytearray(data), memoryview(data))]
    assert {photo.sha256 for photo in photos} == {hashlib.sha256(data).hexdigest()}
    assert {photo.pixels.tobytes() for photo in photos} == {photos[0].pixels.tobytes()}
    assert [photo.name for photo in photos[:3]] == ["ü.png", "ü.png", "bytes"]


def test_a_photo_of_one_pixel_becomes_that_colour_everywhere():
    assert only_colour(open_image(saved(flat((1, 2, 3), size=(1, 1)), "PNG"))) == (1, 2, 3)


def test_a_long_thin_photo_is_stretched_to_the_square():
    photo = open_image(saved(flat((9, 8, 7), size=(5000, 1)), "PNG"))
    assert photo.size == (5000, 1) and only_colour(photo) == (9, 8, 7)


# Arrays --------------------------------------------------------------------------------------------------


def test_an_array_gives_what_its_png_gives_and_is_not_written_to():
    array = noise()
    before = array.copy()
    array.flags.writeable = False
    photo = open_image(array, name="mine")
    assert np.array_equal(photo.pixels, open_image(saved(PIL.Image.fromarray(array), "PNG")).pixels)
    assert np.array_equal(array, before)
    assert (photo.name, photo.path, photo.size) == ("mine", None, (60, 40))


def test_a_grey_array_becomes_three_equal_channels():
    photo = open_image(noise(channels=1))
    assert np.array_equal(photo.pixels, lanczos(PIL.Image.fromarray(noise(channels=1))))


def test_an_array_is_hashed_over_shape_and_bytes_whatever_its_memory_layout():
    array = noise(4, 6)
    expected = hashlib.sha256(b"(4, 6, 3)" + array.tobytes()).hexdigest()
    assert open_image(array).sha256 == expected
    assert open_image(np.asfortranarray(array)).sha256 == expected
    assert open_image(array.reshape(6, 4, 3)).sha256 != expected


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4, 3)),
        np.zeros((4, 4, 3), np.int64),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((3,), np.uint8),
        np.zeros((1, 4, 4, 3), np.uint8),
        np.array("photo.jpg"),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 0), np.uint8),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_an_array_of_another_type_or_shape_is_refused_with_what_it_is(array):
    with pytest.raises(ImageError) as caught:
        open_image(array)
    assert_teaches(caught.value, "array", "allowed")


def test_an_array_with_too_many_pixels_is_refused(monkeypatch):
    monkeypatch.setattr(decoding, "MAX_PIXELS", 23)
    with pytest.raises(ImageError, match="6 x 4 pixels"):
        open_image(noise(4, 6))


@pytest.mark.parametrize("source", [None, 3, [1, 2], flat("red")], ids=lambda thing: type(thing).__name__)
def test_anything_else_is_refused_with_what_could_be_passed(source):
    with pytest.raises(ImageError, match="allowed: the path of a local file"):
        open_image(source)


# Depth and mode ------------------------------------------------------------------------------------------

# Each 16-bit value with value / 257 rounded, worked out by hand; clipping would give 255 for all but one.
SIXTEEN_BITS = {0: 0, 128: 0, 129: 1, 257: 1, 32896: 128, 65406: 254, 65407: 255, 65535: 255}


@pytest.mark.parametrize(("value", "expected"), SIXTEEN_BITS.items())
def test_16_bit_grey_png_is_scaled_not_clipped(value, expected):
    assert only_colour(open_image(png(1, 1, 16, 0, [struct.pack(">H", value)]))) == (expected,) * 3


@pytest.mark.parametrize(("value", "expected"), SIXTEEN_BITS.items())
def test_16_bit_grey_ppm_and_tiff_are_scaled_not_clipped(value, expected):
    pgm = b"P5 1 1 65535\n" + struct.pack(">H", value)
    assert only_colour(open_image(pgm)) == (expected,) * 3
    assert only_colour(open_image(tiff(16, struct.pack("<H", value)))) == (expected,) * 3


def test_16_bit_tiff_where_zero_is_white_is_inverted():
    photo = open_image(tiff(16, struct.pack("<H", 65535), photometric=0))
    assert only_colour(photo) == (0, 0, 0)


def test_12_bit_tiff_reaches_white():
    two = tiff(12, bytes([0xFF, 0xF0, 0x00]))  # samples 4095 and 0
    assert left_and_right(two) == ((255, 255, 255), (0, 0, 0))


@pytest.mark.parametrize("value", [0, 257, 32896, 65535])
def test_16_bit_colour_is_scaled(value):
    photo = open_image(png(1, 1, 16, 2, [struct.pack(">3H", value, 0, 65535)]))
    assert only_colour(photo) == (value // 257, 0, 255)


def test_16_bit_is_scaled_before_the_resize():
    values = (np.arange(40 * 60).reshape(40, 60) * 27).astype(">u2")
    photo = open_image(png(60, 40, 16, 0, [row.tobytes() for row in values]))
    eight = np.rint(values.astype(float) / 257).astype(np.uint8)
    assert np.array_equal(photo.pixels, lanczos(PIL.Image.fromarray(eight)))


@pytest.mark.parametrize(("bits", "step"), [(1, 255), (2, 85), (4, 17)])
def test_grey_of_few_bits_reaches_black_and_white(bits, step):
    photo = open_image(png(1, 1, bits, 0, [bytes([1 << (8 - bits)])]))  # the sample 1
    assert only_colour(photo) == (step,) * 3


@pytest.mark.parametrize("image", [flat(1, "1"), flat(255, "L")], ids=["1 bit", "8 bits"])
def test_grey_becomes_three_equal_channels(image):
    assert only_colour(open_image(saved(image, "PNG"))) == (255, 255, 255)


@pytest.mark.parametrize(
    "data",
    [
        tiff(32, struct.pack("<f", 0.5), sample_format=3),
        tiff(32, struct.pack("<I", 5)),
        tiff(32, struct.pack("<i", -5), sample_format=2),
        tiff(16, struct.pack("<h", -5), sample_format=2),
        b"Pf 1 1 -1.0\n" + struct.pack("<f", 0.5),
        saved(flat((50, 0, 0), "LAB"), "TIFF"),
    ],
    ids=["float", "32 bits", "signed 32 bits", "signed 16 bits", "float PFM", "Lab"],
)
def test_pixels_without_an_agreed_white_are_refused_rather_than_guessed(data):
    with pytest.raises(ImageError) as caught:
        open_image(data, name="odd")
    assert_teaches(caught.value, "odd: ", "no agreed black and white")


@pytest.mark.parametrize(
    ("ink", "expected"),
    [((0, 0, 0, 0), (255, 255, 255)), ((0, 0, 0, 255), (0, 0, 0)), ((255, 0, 0, 0), (0, 255, 255))],
)
@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_without_a_profile_has_the_plain_colours_of_its_inks(kind, ink, expected):
    options = {"quality": 100} if kind == "JPEG" else {}
    colour = only_colour(open_image(saved(flat(ink, "CMYK"), kind, **options)))
    assert np.abs(np.subtract(colour, expected)).max() <= 2


# Transparency --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (flat((255, 0, 0, 0), "RGBA"), (255, 255, 255)),
        (flat((255, 0, 0, 255), "RGBA"), (255, 0, 0)),
        (flat((255, 0, 0, 51), "RGBA"), (255, 204, 204)),  # 0.2 * 0 + 0.8 * 255
        (flat((0, 51), "LA"), (204, 204, 204)),
    ],
)
def test_alpha_is_laid_over_white(image, expected):
    assert only_colour(open_image(saved(image, "PNG"))) == expected


def test_a_palette_with_alpha_is_laid_over_white():
    palette, alpha = bytes([255, 0, 0, 0, 0, 255]), bytes([255, 51])
    data = png(2, 1, 8, 3, [b"\0\1"], chunk(b"PLTE", palette), chunk(b"tRNS", alpha))
    assert left_and_right(data) == ((255, 0, 0), (204, 204, 255))


def test_a_palette_with_an_alpha_channel_of_its_own_keeps_it():
    image = flat((0, 0, 255)).convert("P").convert("PA")
    image.putalpha(51)
    # No file of an accepted format decodes to this mode, so it is handed to the step itself.
    colour, alpha = decoding._colour_and_alpha(image, "", "x")
    assert (colour.getpixel((0, 0)), alpha.getpixel((0, 0))) == ((0, 0, 255), 51)


@pytest.mark.parametrize(
    ("bits", "row", "key"),
    [
        (1, bytes([0b01000000]), 1),
        (2, bytes([0b00100000]), 2),
        (4, bytes([0x05]), 5),
        (8, bytes([0, 77]), 77),
        (16, struct.pack(">2H", 0, 40000), 40000),
    ],
)
def test_the_grey_that_stands_for_transparent_becomes_white(bits, row, key):
    data = png(2, 1, bits, 0, [row], chunk(b"tRNS", struct.pack(">H", key)))
    assert left_and_right(data) == ((0, 0, 0), (255, 255, 255))


@pytest.mark.parametrize(("bits", "form", "unit"), [(8, ">6B", 1), (16, ">6H", 257)])
def test_the_colour_that_stands_for_transparent_becomes_white(bits, form, unit):
    # A pixel equal to the key in two channels of three stays.
    samples = [part * unit for part in (10, 20, 31, 10, 20, 30)]
    key = struct.pack(">3H", *samples[3:])
    data = png(2, 1, bits, 2, [struct.pack(form, *samples)], chunk(b"tRNS", key))
    assert left_and_right(data) == ((10, 20, 31), (255, 255, 255))


def test_a_transparent_gif_is_laid_over_white():
    image = flat(0, "P")
    image.putpalette([255, 0, 0, 0, 255, 0])
    assert only_colour(open_image(saved(image, "GIF"))) == (255, 0, 0)
    assert only_colour(open_image(saved(image, "GIF", transparency=0))) == (255, 255, 255)


# Animation and orientation -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "options"),
    [("GIF", {}), ("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {})],
)
def test_an_animation_gives_its_first_frame(kind, options):
    frames = [flat((0, 0, 255)), flat((0, 255, 0))]
    data = saved(flat((255, 0, 0)), kind, save_all=True, append_images=frames, **options)
    with PIL.Image.open(io.BytesIO(data)) as image:
        assert image.n_frames == 3
    assert only_colour(open_image(data)) == (255, 0, 0)


# What undoes each EXIF orientation, from the EXIF 2.3 table: where row 0 and column 0 of the file belong.
UPRIGHT = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
    8: lambda a: np.rot90(a, 1),
}


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", UPRIGHT)
def test_exif_orientation_is_applied(orientation, kind):
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    data = saved(PIL.Image.fromarray(noise()), kind, exif=exif, **options)
    upright = np.ascontiguousarray(UPRIGHT[orientation](noise()))
    photo = open_image(data)
    assert np.array_equal(photo.pixels, lanczos(PIL.Image.fromarray(upright)))
    assert photo.size == ((60, 40) if orientation < 5 else (40, 60))


def test_a_telephones_portrait_jpeg_stands_upright():
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    lying = PIL.Image.new("RGB", (64, 32), "black")
    lying.paste("white", (0, 0, 32, 32))  # the left half of the file is the top of the photo
    photo = open_image(saved(lying, "JPEG", exif=exif, quality=95))
    assert photo.size == (32, 64)
    assert photo.pixels[:90].min() > 240 and photo.pixels[-90:].max() < 15


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0junk that is no TIFF",
        b"Exif\0\0II*\0\x08\0\0\0\xff\xff",
        b"Exif\0\0II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 0x0112, 3, 1, 99) + bytes(4),
        b"Exif\0\0II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 0x0112, 5, 9, 90000) + bytes(4),
    ],
)
def test_broken_exif_does_not_cost_the_photo(exif):
    assert only_colour(open_image(saved(flat((9, 9, 9)), "JPEG", exif=exif))) == (9, 9, 9)


def test_exif_that_pillow_cannot_read_does_not_cost_the_photo(monkeypatch):
    def failing(_image):
        raise struct.error("unpack requires a buffer of 4 bytes")

    monkeypatch.setattr(PIL.Image.Image, "getexif", failing)
    assert only_colour(open_image(saved(flat((9, 9, 9)), "BMP"))) == (9, 9, 9)


# Colour profiles -----------------------------------------------------------------------------------------


def srgb_encoded(linear):
    return 255 * (12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_linear_profile_is_converted_to_srgb(kind):
    profile = icc_matrix_profile(SRGB_RED, SRGB_GREEN, SRGB_BLUE, gamma=1.0)
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100}}.get(kind, {})
    colour = only_colour(open_image(saved(flat((64, 64, 64)), kind, icc_profile=profile, **options)))
    expected = srgb_encoded(64 / 255)  # 137, more than twice the stored value
    assert max(abs(part - expected) for part in colour) <= 2


def test_a_profile_with_red_and_blue_swapped_swaps_them_back():
    profile = icc_matrix_profile(SRGB_BLUE, SRGB_GREEN, SRGB_RED, gamma=2.2)
    colour = only_colour(open_image(saved(flat((250, 10, 10)), "PNG", icc_profile=profile)))
    assert colour[2] > 245 and colour[0] < 30 and colour[1] < 30


def test_an_srgb_profile_changes_nothing():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain = saved(PIL.Image.fromarray(noise()), "PNG")
    tagged = saved(PIL.Image.fromarray(noise()), "PNG", icc_profile=profile)
    assert np.array_equal(open_image(tagged).pixels, open_image(plain).pixels)


def test_grey_with_an_rgb_profile_is_converted_too():
    profile = icc_matrix_profile(SRGB_RED, SRGB_GREEN, SRGB_BLUE, gamma=1.0)
    colour = only_colour(open_image(saved(flat(64, "L"), "PNG", icc_profile=profile)))
    assert max(abs(part - srgb_encoded(64 / 255)) for part in colour) <= 2


def test_transparent_pixels_are_white_whatever_the_profile():
    profile = icc_matrix_profile(SRGB_RED, SRGB_GREEN, SRGB_BLUE, gamma=1.0)
    photo = open_image(saved(flat((64, 64, 64, 0), "RGBA"), "PNG", icc_profile=profile))
    assert only_colour(photo) == (255, 255, 255)


GOOD_PROFILE = icc_matrix_profile(SRGB_RED, SRGB_GREEN, SRGB_BLUE, gamma=1.0)
LAB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "CMYK"])
@pytest.mark.parametrize(
    "profile",
    [
        b"not a profile",
        b"\0" * 200,
        GOOD_PROFILE[:150],
        GOOD_PROFILE[:16] + b"CMYK" + GOOD_PROFILE[20:],
        GOOD_PROFILE[:16] + b"7CLR" + GOOD_PROFILE[20:],
        GOOD_PROFILE[:128] + b"\xff" * 60 + GOOD_PROFILE[188:],
        LAB_PROFILE,
    ],
    ids=["text", "zeros", "cut off", "says CMYK", "says 7 inks", "broken table", "Lab"],
)
def test_a_profile_that_cannot_be_applied_is_left_out_and_noted(profile, mode, caplog):
    caplog.set_level("INFO", logger="cbrkit_xai")
    image = flat((40, 80, 120)).convert(mode)
    plain = open_image(saved(image, "TIFF"))
    photo = open_image(saved(image, "TIFF", icc_profile=profile), name="tagged")
    assert np.array_equal(photo.pixels, plain.pixels)
    assert "tagged: its colour profile was left out" in caplog.text


def test_a_cmyk_photo_with_an_rgb_profile_opens(caplog):
    data = saved(flat((0, 0, 0, 0), "CMYK"), "JPEG", icc_profile=GOOD_PROFILE, quality=100)
    caplog.set_level("INFO", logger="cbrkit_xai")
    assert only_colour(open_image(data)) == (255, 255, 255)
    assert "'RGB ' does not fit CMYK pixels" in caplog.text


# Files that are no photos --------------------------------------------------------------------------------


def jpeg(quality=90):
    return saved(PIL.Image.fromarray(noise(120, 160)), "JPEG", quality=quality)


BAD_CONTENT = {
    "nothing": (b"", "0 bytes"),
    "text": (b"Dear diary,\n", "not a photo"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3", "not a photo"),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a photo"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a photo"),
    "png signature alone": (b"\x89PNG\r\n\x1a\n", "photo"),
    "jpeg cut in half": (jpeg()[: len(jpeg()) // 2], "cut off"),
    "jpeg header alone": (jpeg()[:700], "cut off"),
    "png cut in half": (saved(PIL.Image.fromarray(noise()), "PNG")[:3000], "cut off"),
    "gif cut in half": (saved(PIL.Image.fromarray(noise(90, 90)), "GIF")[:2000], "cut off"),
    "bmp cut in half": (saved(PIL.Image.fromarray(noise()), "BMP")[:3000], "cut off"),
    "tiff cut in half": (saved(PIL.Image.fromarray(noise()), "TIFF")[:3000], "photo"),
    "webp cut in half": (saved(PIL.Image.fromarray(noise()), "WEBP")[:1000], "photo"),
    "png without pixels": (png(0, 0, 8, 2, []), "photo"),
}


@pytest.mark.parametrize("case", BAD_CONTENT)
def test_a_file_that_is_no_whole_photo_is_refused_with_its_path_and_what_to_do(case, tmp_path):
    content, reason = BAD_CONTENT[case]
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    with pytest.raises(ImageError) as caught:
        open_image(path)
    assert caught.value.where == str(path)
    assert_teaches(caught.value, reason)


@pytest.mark.parametrize(
    ("width", "height"),
    [(50_000, 50_000), (12_000, 12_000), (10_001, 10_000), (65_536, 1), (1, 100_000_000), (2**31 - 1, 9)],
)
def test_a_header_of_too_many_pixels_is_refused_before_decoding(width, height):
    data = png(width, height, 8, 2, [b"\0\0\0"])
    with pytest.raises(ImageError) as caught:
        open_image(data, name="bomb.png")
    assert_teaches(caught.value, "bomb.png: its ", "allowed: 1 to 100,000,000 pixels", "shrink")


@pytest.mark.parametrize(
    "header",
    [
        saved(flat(0, "L"), "GIF").replace(struct.pack("<HH", 8, 8), struct.pack("<HH", 60_000, 60_000)),
        b"P6 60000 60000 255\n",
        b"BM" + struct.pack("<IIIIiiHHIIIIII", 0, 0, 54, 40, 60_000, 60_000, 1, 24, 0, 0, 0, 0, 0, 0),
    ],
    ids=["GIF", "PPM", "BMP"],
)
def test_huge_headers_of_other_formats_are_refused_as_too_large(header):
    with pytest.raises(ImageError, match=r"3,600,000,000 pixels|60,000 x 60,000"):
        open_image(header)


def test_100_megapixels_are_allowed_by_size_and_one_row_more_is_not():
    decoding.check_size(10_000, 10_000, where="x")
    with pytest.raises(ImageError, match="10,000 x 10,001"):
        decoding.check_size(10_000, 10_001, where="x")


def test_a_tiff_whose_tiles_are_far_larger_than_the_photo_is_refused():
    tiles = [(322, 4, 40_000), (323, 4, 40_000), (324, 4, 8), (325, 4, 4)]
    with pytest.raises(ImageError, match="40,000 x 40,000"):
        open_image(tiff(8, b"abcd", extra=tiles))


@pytest.mark.parametrize(
    "bomb",
    [
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(50_000_000), 9)),
        chunk(b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(bytes(50_000_000), 9)),
        chunk(b"iCCP", b"profile\0\0" + zlib.compress(bytes(50_000_000), 9)),
    ],
    ids=["zTXt", "iTXt", "iCCP"],
)
def test_a_compressed_text_bomb_is_refused(bomb):
    with pytest.raises(ImageError) as caught:
        open_image(png(1, 1, 8, 0, [b"\0"], bomb))
    assert_teaches(caught.value, "too large")


def test_a_file_of_too_many_bytes_is_refused_unread(tmp_path, monkeypatch):
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(200_000_001)  # sparse
    monkeypatch.setattr(os, "open", None)  # nothing may be opened
    with pytest.raises(ImageError) as caught:
        open_image(path)
    assert_teaches(caught.value, "200,000,001 bytes", "at most 200,000,000 bytes")


def test_too_many_bytes_in_memory_are_refused(monkeypatch):
    monkeypatch.setattr(photo_files, "MAX_BYTES", 10)
    with pytest.raises(ImageError, match="11 bytes"):
        open_image(bytes(11))


def test_a_file_that_is_not_there_is_named(tmp_path):
    path = tmp_path / "none.jpg"
    with pytest.raises(ImageError) as caught:
        open_image(path)
    assert_teaches(caught.value, str(path), "no such file", "spelling")


@pytest.mark.parametrize("path", ["", "a\0b.jpg", "x" * 5000, "photo.jpg/inside", "line\nbreak\x1b[31m.jpg"])
def test_a_path_that_cannot_be_is_an_error_of_one_printable_line(path):
    with pytest.raises(ImageError) as caught:
        open_image(path)
    assert_teaches(caught.value, "cannot be read")
    assert len(str(caught.value)) < 500


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(ImageError) as caught:
        open_image(tmp_path)
    assert_teaches(caught.value, str(tmp_path), "folder", "pass the files in it")


def test_a_file_without_permission_is_refused_with_that_reason(tmp_path, monkeypatch):
    path = tmp_path / "secret.png"
    path.write_bytes(saved(flat("red"), "PNG"))

    def refused(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refused)  # root may read anything
    with pytest.raises(ImageError) as caught:
        open_image(path)
    assert_teaches(caught.value, str(path), "permission denied", "permissions")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_nobody_writes_to_is_refused_without_waiting(tmp_path, monkeypatch):
    path = tmp_path / "pipe.jpg"
    os.mkfifo(path)
    with pytest.raises(ImageError, match="a pipe, socket or device"):
        open_image(path)
    # Even where the pipe took the file's place after the check.
    monkeypatch.setattr(photo_files, "_check_kind", lambda *_: None)
    outcome = []
    thread = threading.Thread(target=lambda: outcome.append(open_images([path])), daemon=True)
    thread.start()
    thread.join(10)
    assert "0 bytes" in str(outcome[0][1][0].error)


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="this system has no /dev/zero")
def test_an_endless_device_is_refused():
    with pytest.raises(ImageError, match="a pipe, socket or device"):
        open_image("/dev/zero")


@pytest.mark.parametrize(
    "url",
    ["https://example.org/a.jpg", "http://x/y.png", "s3://b/k", "file:///a.jpg", "data:image/png;base64,AA"],
)
def test_an_address_is_refused_with_the_advice_to_download_it(url):
    with pytest.raises(ImageError) as caught:
        open_image(url)
    assert_teaches(caught.value, url, "a local file, not an address", "download it")
    with pytest.raises(ImageError, match="not an address"):
        open_image(Path(url))


# Hostile bytes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        *(OSError, SyntaxError, ValueError, struct.error, EOFError, IndexError, zlib.error, TypeError),
        *(KeyError, AttributeError, OverflowError, ZeroDivisionError, AssertionError, RecursionError),
        *(MemoryError, RuntimeError, PIL.UnidentifiedImageError, PIL.Image.DecompressionBombError),
    ],
)
def test_whatever_pillow_raises_becomes_an_image_error(error, monkeypatch):
    def failing(*_, **__):
        raise error("two\nlines")

    monkeypatch.setattr(PIL.Image, "open", failing)
    with pytest.raises(ImageError) as caught:
        open_image(b"x", name="soup")
    assert_teaches(caught.value, "soup: ")


def test_running_out_of_memory_is_called_that(monkeypatch):
    def failing(*_, **__):
        raise MemoryError

    monkeypatch.setattr(PIL.Image, "open", failing)
    with pytest.raises(ImageError, match="not enough memory to decode its 1 bytes"):
        open_image(b"x")


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
def test_an_interruption_passes_through(interruption, monkeypatch):
    def interrupted(*_, **__):
        raise interruption

    monkeypatch.setattr(PIL.Image, "open", interrupted)
    with pytest.raises(interruption):
        open_images([b"x"])


def seeds():
    picture = PIL.Image.fromarray(noise(12, 16))
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    palette = chunk(b"PLTE", bytes(range(9))) + chunk(b"tRNS", b"\0\x80")
    return [
        saved(picture, "PNG", icc_profile=GOOD_PROFILE, exif=exif),
        saved(picture, "JPEG", icc_profile=GOOD_PROFILE, exif=exif),
        saved(picture, "GIF", save_all=True, append_images=[flat("red", size=(16, 12))], transparency=3),
        saved(picture, "PNG", save_all=True, append_images=[flat("red", size=(16, 12))]),
        saved(picture, "BMP"),
        saved(picture, "TIFF", exif=exif, compression="tiff_deflate"),
        saved(picture, "TIFF", icc_profile=GOOD_PROFILE),
        saved(picture, "WEBP", exif=exif),
        saved(picture, "PPM"),
        saved(picture.convert("CMYK"), "JPEG"),
        png(2, 1, 8, 3, [b"\0\1"], palette),
        png(2, 1, 16, 0, [bytes(4)], chunk(b"tRNS", b"\0\0")),
        b"P5 2 2 65535\n" + bytes(8),
        b"P3 1 1 255 1 2 3\n",
    ]


@st.composite
def mutated_photos(draw):
    data = bytearray(draw(st.sampled_from(seeds())))
    for _ in range(draw(st.integers(1, 6))):
        # Headers are short and matter most, so half of the changes are there.
        at = draw(st.integers(0, min(80, len(data) - 1)) | st.integers(0, len(data) - 1))
        change = draw(st.sampled_from(["set", "cut", "insert", "remove"]))
        if change == "set":
            data[at] = draw(st.integers(0, 255))
        elif change == "insert":
            data[at:at] = draw(st.binary(min_size=1, max_size=9))
        elif change == "remove":
            del data[at : at + draw(st.integers(1, 20))]
        elif draw(st.booleans()):
            del data[at + 1 :]
        if not data:
            break
    if data[:4] == b"\x89PNG" and draw(st.booleans()):
        data = repaired_png(data)
    return bytes(data)


def repaired_png(data):
    """Right checksums, so that the change reaches what lies behind them."""
    at = 8
    while at + 12 <= len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        end = at + 8 + length
        if end + 4 > len(data):
            break
        data[end : end + 4] = struct.pack(">I", zlib.crc32(bytes(data[at + 4 : end])))
        at = end + 4
    return data


def opened_or_refused(data):
    try:
        photo = open_image(data)
    except ImageError as error:
        assert_teaches(error)
        return False
    assert photo.pixels.shape == (224, 224, 3) and not photo.pixels.flags.writeable
    return True


FUZZ = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(data=mutated_photos())
def test_a_damaged_photo_opens_or_is_an_image_error_and_never_warns(data, monkeypatch):
    monkeypatch.setattr(decoding, "MAX_PIXELS", 1_000_000)  # damaged sizes should not cost the test minutes
    opened_or_refused(data)


@FUZZ
@given(
    start=st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"BM", b"II*\0", b"P6 "]),
    data=st.binary(max_size=300),
)
def test_random_bytes_open_or_are_an_image_error(start, data, monkeypatch):
    monkeypatch.setattr(decoding, "MAX_PIXELS", 1_000_000)
    opened_or_refused(start + data)


def test_the_photos_that_are_damaged_above_open_when_whole():
    assert all(opened_or_refused(data) for data in seeds())


@pytest.mark.parametrize("cut", [1, 2, 5, 50])
def test_a_jpeg_that_lacks_its_last_pixels_is_refused(cut):
    body = jpeg()[:-2]  # without the end marker
    with pytest.raises(ImageError, match="cut off"):
        open_image(body[:-cut])


# Warnings ------------------------------------------------------------------------------------------------


def warning_apng():
    """A PNG about which Pillow warns "Invalid APNG"."""
    return png(1, 1, 8, 0, [b"\0"], chunk(b"acTL", struct.pack(">II", 0, 0)))


def test_what_pillow_warns_about_opens_silently():
    with pytest.warns(UserWarning, match="Invalid APNG"):
        PIL.Image.open(io.BytesIO(warning_apng()))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert only_colour(open_image(warning_apng())) == (0, 0, 0)
    assert caught == []


def test_threads_open_the_same_photos_at_once_without_a_warning():
    data = [warning_apng(), saved(PIL.Image.fromarray(noise()), "JPEG")] * 20
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with ThreadPoolExecutor(8) as pool:
            photos = list(pool.map(open_image, data))
    assert caught == []
    assert len({photo.pixels.tobytes() for photo in photos[::2]}) == 1
    assert len({photo.pixels.tobytes() for photo in photos[1::2]}) == 1


# PNG -----------------------------------------------------------------------------------------------------


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), grey=st.booleans())
def test_encoded_pixels_come_back_the_same_from_the_same_bytes(seed, grey):
    pixels = noise(224, 224, seed=seed) // (200 if grey else 1)
    data = encode_png(pixels)
    assert np.array_equal(open_image(data).pixels, pixels)
    assert encode_png(pixels.copy(order="F")) == data


@pytest.mark.parametrize("pixels", [noise(), noise(224, 224).astype(float), None])
def test_only_pixels_of_an_image_can_be_encoded(pixels):
    with pytest.raises(ImageError, match=r"allowed: a uint8 array of shape \(224, 224, 3\)"):
        encode_png(pixels)


# Many ----------------------------------------------------------------------------------------------------


def test_many_photos_go_on_past_bad_ones_in_order_with_progress(tmp_path):
    good, bad = tmp_path / "good.png", tmp_path / "bad.jpg"
    good.write_bytes(saved(flat((1, 2, 3)), "PNG"))
    bad.write_text("no photo")
    ready = open_image(noise(), name="ready")
    seen = []
    images, rejected = open_images(
        iter([bad, good, b"junk", ready, noise(), str(tmp_path / "none.png"), None]),
        progress=lambda done, total: seen.append((done, total)),
    )
    assert [image.name for image in images] == ["good.png", "ready", "item 5"]
    assert [each.source for each in rejected] == [str(bad), "item 3", str(tmp_path / "none.png"), "item 7"]
    assert all(each.error.where == each.source for each in rejected)
    assert seen == [(done, 7) for done in range(1, 8)]


def test_no_photos_give_none():
    assert open_images([]) == ([], [])


@pytest.mark.parametrize("source", ["photo.jpg", Path("photo.jpg"), b"bytes"])
def test_a_single_photo_is_not_taken_for_many(source):
    with pytest.raises(ParameterError, match="put it in a list"):
        open_images(source)


# The rest ------------------------------------------------------------------------------------------------


def test_importing_does_not_load_pillow():
    code = "import sys, cbrkit_xai.images; assert not [m for m in sys.modules if m.split('.')[0] == 'PIL']"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_all_coco200_photos_open_to_pillows_own_computation(coco200):
    with (coco200 / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    paths = sorted((coco200 / "images").glob("*.jpg"))
    images, rejected = open_images(paths)
    assert (len(images), len(rejected)) == (200, 0)
    assert {image.name: image.sha256 for image in images} == {
        Path(row["file"]).name: row["sha256"] for row in rows
    }
    for image, path in zip(images, paths, strict=True):
        with PIL.Image.open(path) as expected:
            assert image.size == expected.size
            assert np.array_equal(image.pixels, lanczos(expected)), path.name
