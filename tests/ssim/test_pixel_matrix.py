"""The pixel matrix is the photo itself."""

import numpy as np
import pytest

from cbrkit_xai.errors import ParameterError
from cbrkit_xai_ssim import pixels
from cbrkit_xai_ssim.pixel_matrix import PixelMatrix


def test_the_features_are_the_images_themselves():
    images = np.arange(2 * 5 * 4 * 3, dtype=np.uint8).reshape(2, 5, 4, 3)
    images.flags.writeable = False
    assert PixelMatrix().describe(images) is images


def test_the_fingerprint_names_the_decoding():
    assert PixelMatrix().fingerprint == "pixels/srgb-lanczos-224/1"


@pytest.mark.parametrize(
    "images", [np.zeros((1, 4, 4, 3)), np.zeros((4, 4, 3), np.uint8), np.zeros((1, 4, 4), np.uint8)]
)
def test_what_is_not_a_batch_of_colour_images_is_refused(images):
    with pytest.raises(ParameterError, match="uint8 of shape"):
        PixelMatrix().describe(images)


def test_the_hook_registers_pixels_and_its_factory_makes_them():
    (record,) = pixels.cbrkit_xai_representations()
    assert (record.name, record.yields) == ("pixels", "pixels")
    assert record.resolve()() == PixelMatrix()
