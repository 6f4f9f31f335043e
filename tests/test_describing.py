"""Which pixels a representation is given: sRGB, or those that the photo's file stores."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import PIL.Image
import pytest
from icc_profiles import SRGB_BLUE, SRGB_GREEN, SRGB_RED, icc_matrix_profile

from cbrkit_xai.describing import described
from cbrkit_xai.errors import ImageError
from cbrkit_xai.images import encode_png, open_image, stored_pixels
from cbrkit_xai.pictures import Pictures

COLOUR = (250, 10, 40)


@pytest.fixture
def swapped(tmp_path):
    """A photo whose file stores red and blue exchanged, as its profile says."""
    path = tmp_path / "swapped.png"
    profile = icc_matrix_profile(SRGB_BLUE, SRGB_GREEN, SRGB_RED, gamma=2.2)
    PIL.Image.new("RGB", (224, 224), COLOUR).save(path, icc_profile=profile)
    return path


class Blue:
    """The mean of the blue channel, of whichever pixels it asks for."""

    def __init__(self, pixels):
        self.pixels = pixels

    def describe(self, images):
        return images[..., 2].mean(axis=(1, 2))[:, None].astype(np.float32)


class Both:
    """Two of them by name."""

    made_of = MappingProxyType({"srgb": Blue("srgb"), "stored": Blue("stored")})

    def joined(self, features):
        return dict(features)

    def describe(self, images):
        return self.joined({name: part.describe(images) for name, part in self.made_of.items()})


def test_stored_pixels_are_those_of_the_file_whatever_its_profile_says(swapped):
    image = open_image(swapped)
    assert image.is_as_stored is False
    assert image.pixels[0, 0, 0] < 100 < image.pixels[0, 0, 2]  # the profile exchanges red and blue
    assert (stored_pixels(image) == COLOUR).all()


def test_of_a_photo_without_a_profile_they_are_its_pixels():
    image = open_image(np.full((224, 224, 3), 7, dtype=np.uint8))
    assert image.is_as_stored
    assert stored_pixels(image) is image.pixels


def test_each_part_of_several_is_given_the_pixels_that_it_asks_for(swapped):
    found = described(Both(), [open_image(swapped)])
    assert found["srgb"][0, 0] > 200
    assert found["stored"][0, 0] == COLOUR[2]


def test_a_photo_known_by_its_srgb_pixels_alone_is_refused_where_stored_ones_are_asked_for(swapped):
    image = open_image(swapped)
    embedded = Pictures(embedded={image.sha256: encode_png(image.pixels)}).open(image.sha256)
    with pytest.raises(ImageError, match=r"only its sRGB pixels are known.*--images DIR"):
        described(Blue("stored"), [embedded])
    assert described(Blue("srgb"), [embedded])[0, 0] > 200


def test_a_file_that_was_replaced_meanwhile_is_not_taken_for_the_photo(swapped):
    image = open_image(swapped)
    PIL.Image.new("RGB", (224, 224), (1, 2, 3)).save(swapped)
    with pytest.raises(ImageError, match="has changed since it was opened"):
        stored_pixels(image)
