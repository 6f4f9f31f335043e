"""Superpixels: every pixel in exactly one, whatever the photo."""

import numpy as np
import pytest
import skimage.data
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import label as connected_parts

from cbrkit_xai import open_image
from cbrkit_xai.errors import NotApplicableError, ParameterError
from cbrkit_xai_explainers.superpixels import superpixels


def photo(kind, height, width, seed=0):
    rng = np.random.default_rng(seed)
    if kind == "noise":
        return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    pixels = np.full((height, width, 3), 100, dtype=np.uint8)
    if kind == "one odd pixel":
        pixels[height // 2, width // 2] = 101
    return pixels


def assert_numbered_without_gaps(labels):
    assert labels.dtype.kind == "i"
    np.testing.assert_array_equal(np.unique(labels), np.arange(labels.max() + 1))
    assert labels.max() >= 1


@settings(max_examples=60)
@given(
    kind=st.sampled_from(["noise", "one colour", "one odd pixel"]),
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    segments=st.integers(2, 2000),
    seed=st.integers(0, 99),
)
def test_any_photo_is_split_without_gaps_or_said_to_be_unsplittable(kind, height, width, segments, seed):
    pixels = photo(kind, height, width, seed)
    try:
        labels = superpixels(pixels, segments=segments)
    except NotApplicableError as error:
        assert f"{height} x {width} pixels" in str(error)
        assert f"{segments} superpixels" in str(error)
    else:
        assert labels.shape == (height, width)
        assert_numbered_without_gaps(labels)


@pytest.mark.parametrize("kind", ["noise", "one colour", "one odd pixel"])
@pytest.mark.parametrize("shape", [(8, 8), (1, 50), (50, 1), (1, 2), (224, 224), (60, 301)])
def test_noise_one_colour_and_narrow_photos_are_split_by_default(kind, shape):
    labels = superpixels(photo(kind, *shape))
    assert_numbered_without_gaps(labels)
    assert labels.max() + 1 >= min(10, shape[0] * shape[1])


def test_more_segments_than_pixels_give_each_pixel_its_own():
    labels = superpixels(photo("noise", 5, 4), segments=1000)
    assert len(np.unique(labels)) == 20


def test_one_pixel_is_not_applicable():
    with pytest.raises(NotApplicableError, match="1 x 1 pixels"):
        superpixels(photo("noise", 1, 1))


@pytest.mark.parametrize("parameters", [{"segments": 1}, {"compactness": 0.0}, {"compactness": -1.0}])
def test_parameters_out_of_range_are_refused_by_name(parameters):
    with pytest.raises(ParameterError, match=next(iter(parameters))):
        superpixels(photo("noise", 8, 8), **parameters)


def test_each_superpixel_of_a_photo_is_in_one_piece():
    labels = superpixels(open_image(skimage.data.chelsea()).pixels)
    assert 20 <= labels.max() + 1 <= 70
    pieces = [connected_parts(labels == number)[1] for number in range(labels.max() + 1)]
    assert pieces == [1] * len(pieces)


def test_superpixels_follow_the_edge_between_two_colours():
    pixels = photo("one colour", 64, 64)
    edge = 20 + (np.arange(64) // 8)  # a slanting edge, nowhere on SLIC's own grid
    right = np.arange(64)[None, :] >= edge[:, None]
    pixels[right] = (200, 30, 30)
    labels = superpixels(pixels, segments=30)
    shares = np.array([right[labels == number].mean() for number in range(labels.max() + 1)])
    assert (np.minimum(shares, 1 - shares) < 0.05).all()


def test_the_same_photo_is_split_in_the_same_way_and_left_alone():
    pixels = open_image(skimage.data.chelsea()).pixels.copy()
    before = pixels.copy()
    pixels.flags.writeable = False
    np.testing.assert_array_equal(superpixels(pixels), superpixels(pixels))
    np.testing.assert_array_equal(pixels, before)


def test_more_compact_superpixels_are_more_alike_in_size():
    pixels = open_image(skimage.data.chelsea()).pixels
    spreads = [
        np.bincount(superpixels(pixels, compactness=compactness).ravel()).std() for compactness in (5, 50)
    ]
    assert spreads[1] < spreads[0]
