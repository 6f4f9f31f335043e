"""HOG, local binary patterns and tiny images, held against plain loops and patterns known by hand."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbrkit_xai.errors import ParameterError
from cbrkit_xai_features.binary_patterns import BinaryPatterns
from cbrkit_xai_features.blue_histogram import BlueHistogram
from cbrkit_xai_features.channel_histogram import ChannelHistogram
from cbrkit_xai_features.joint_histogram import JointHistogram
from cbrkit_xai_features.oriented_gradients import OrientedGradients
from cbrkit_xai_features.tiny_image import TinyImage

SMALL = {
    OrientedGradients: OrientedGradients(pixels_per_cell=4),
    BinaryPatterns: BinaryPatterns(),
    TinyImage: TinyImage(side=5, standardised=True),
    BlueHistogram: BlueHistogram(),
}
EVERY = (*SMALL.values(), ChannelHistogram(), JointHistogram())


def noise(n=3, height=17, width=19, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, height, width, 3), dtype=np.uint8)


def grey(values):
    return np.repeat(np.asarray(values, np.uint8)[None, ..., None], 3, axis=3)


# HOG ------------------------------------------------------------------------------------------------------


def test_hog_puts_the_edges_of_vertical_stripes_into_the_horizontal_direction():
    stripes = grey(np.tile(np.repeat([0, 200], 4), (32, 4)))
    cells = OrientedGradients(orientations=4, pixels_per_cell=8, cells_per_block=1).describe(stripes)
    shares = cells.reshape(-1, 4).sum(axis=0)
    assert shares[0] > 0
    assert (shares[1:] == 0).all()


def test_hog_of_a_flat_photo_is_zero():
    assert not OrientedGradients().describe(grey(np.full((32, 32), 90))).any()


@pytest.mark.parametrize(
    ("parameters", "numbers"),
    [
        ({}, 13 * 13 * 4 * 9),
        ({"pixels_per_cell": 32, "cells_per_block": 1, "orientations": 6}, 7 * 7 * 6),
        ({"pixels_per_cell": 50, "cells_per_block": 3}, 2 * 2 * 9 * 9),
    ],
)
def test_hog_has_as_many_numbers_as_blocks_cells_and_directions(parameters, numbers):
    assert OrientedGradients(**parameters).describe(noise(n=1, height=224, width=224)).shape == (1, numbers)


def test_hog_is_normalised_block_by_block():
    blocks = OrientedGradients(pixels_per_cell=4).describe(noise(height=32, width=32)).reshape(-1, 36)
    np.testing.assert_allclose((blocks**2).sum(axis=1), 1, atol=1e-3)


def test_a_photo_smaller_than_one_block_is_refused():
    with pytest.raises(ParameterError, match=r"31 x 40 pixels are too small; allowed: at least 32 x 32"):
        OrientedGradients().describe(noise(height=31, width=40))


# Local binary patterns ------------------------------------------------------------------------------------


def code_by_hand(image, row, column):
    """Uniform pattern of 8 points at distance 1, bilinear in between, black beyond the rim."""
    height, width = image.shape
    signs = []
    for point in range(8):
        down = round(row - np.sin(2 * np.pi * point / 8), 5)
        right = round(column + np.cos(2 * np.pi * point / 8), 5)
        top, left = int(np.floor(down)), int(np.floor(right))
        value = 0.0
        for y, x in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
            weight = (1 - abs(down - y)) * (1 - abs(right - x))
            value += weight * image[y, x] if 0 <= y < height and 0 <= x < width else 0.0
        signs.append(value >= image[row, column])
    changes = sum(signs[point] != signs[point - 1] for point in range(8))
    return sum(signs) if changes <= 2 else 9


def test_patterns_are_those_that_a_loop_over_pixels_finds():
    image = np.random.default_rng(3).integers(0, 256, (12, 9))
    wanted = np.zeros(10)
    for row, column in np.ndindex(image.shape):
        wanted[code_by_hand(image, row, column)] += 1
    assert BinaryPatterns(norm="none").describe(grey(image))[0].tolist() == wanted.tolist()


def test_a_bright_dot_is_the_pattern_without_brighter_neighbours():
    image = np.full((9, 9), 10)
    image[4, 4] = 200
    counts = BinaryPatterns(norm="none").describe(grey(image))[0]
    assert counts[0] == 1
    assert counts.sum() == 81


def test_turning_a_photo_by_a_right_angle_leaves_its_patterns():
    # Not all of them: where an interpolated neighbour ties with its pixel, rounding decides.
    image = noise(n=1, height=16, width=16, seed=2)
    turned = np.rot90(image, axes=(1, 2)).copy()
    representation = BinaryPatterns(norm="none")
    assert np.abs(representation.describe(image) - representation.describe(turned)).sum() <= 4


def test_more_points_on_a_wider_circle_give_points_plus_two_numbers():
    shares = BinaryPatterns(radius=3, points=24).describe(noise())
    assert shares.shape == (3, 26)
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)


# Tiny images ----------------------------------------------------------------------------------------------


def area_mean(image, side):
    """Mean over areas, one axis after the other, by overlaps of intervals."""
    for axis in (0, 1):
        size = image.shape[axis]
        starts = np.arange(side + 1) * size / side
        weights = np.array(
            [
                [max(0.0, min(end, pixel + 1) - max(start, pixel)) for pixel in range(size)]
                for start, end in itertools.pairwise(starts)
            ]
        )
        image = np.stack(
            [np.average(image, axis=axis, weights=row) for row in weights], axis=axis
        )  # fmt: skip
    return image


@settings(max_examples=20)
@given(height=st.integers(5, 20), width=st.integers(5, 20), seed=st.integers(0, 9))
def test_a_tiny_pixel_is_the_mean_of_the_area_that_it_covers(height, width, seed):
    image = noise(n=1, height=height, width=width, seed=seed)
    (ours,) = TinyImage(side=5).describe(image)
    np.testing.assert_allclose(ours.reshape(5, 5, 3), area_mean(image[0].astype(float), 5), rtol=1e-5)


def test_a_tiny_image_of_full_size_is_the_photo():
    image = noise(n=1, height=8, width=8)
    assert TinyImage(side=8).describe(image).tolist() == image.reshape(1, -1).tolist()


def test_a_standardised_tiny_image_has_mean_0_and_deviation_1():
    rows = TinyImage(side=7, standardised=True).describe(noise()).astype(float)
    np.testing.assert_allclose(rows.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(rows.std(axis=1), 1, atol=1e-6)


def test_brightness_and_contrast_do_not_count_in_a_standardised_tiny_image():
    image = noise(n=1) // 4
    brighter = image * np.uint8(2) + np.uint8(50)
    describe = TinyImage(side=6, standardised=True).describe
    np.testing.assert_allclose(describe(image), describe(brighter), atol=1e-5)


@pytest.mark.parametrize("value", [0, 7, 85, 255])
def test_a_standardised_tiny_image_of_one_value_is_zero_not_rounding_noise(value):
    assert not TinyImage(side=5, standardised=True).describe(grey(np.full((17, 13), value))).any()


def test_a_tiny_image_larger_than_the_photo_is_refused():
    with pytest.raises(ParameterError, match="17 x 19 pixels are too small"):
        TinyImage(side=18).describe(noise())


# All of them ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("representation", EVERY, ids=lambda one: type(one).__name__)
def test_a_batch_gives_exactly_its_single_images_and_is_float32(representation):
    images = noise(n=3, height=40, width=33)
    images.flags.writeable = False
    batch = representation.describe(images)
    singles = [representation.describe(images[row : row + 1]) for row in range(3)]
    assert batch.dtype == np.float32
    assert (batch == np.concatenate(singles)).all()
    assert representation.describe(images[:0]).shape == (0, batch.shape[1])


@pytest.mark.parametrize("representation", EVERY, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("images", [noise().astype(float), noise()[0], noise()[..., :2]])
def test_what_is_not_a_batch_of_colour_images_is_refused(representation, images):
    with pytest.raises(ParameterError, match="uint8 of shape"):
        representation.describe(images)


def test_the_fingerprints_name_every_parameter_and_the_decoding():
    hog = OrientedGradients(orientations=6, pixels_per_cell=8, cells_per_block=3).fingerprint
    lbp = BinaryPatterns(radius=2, points=16, norm="none").fingerprint
    assert hog == "hog/orientations=6/pixels_per_cell=8/cells_per_block=3/l2-hys/srgb-lanczos-224/1"
    assert lbp == "lbp/uniform/radius=2/points=16/norm=none/srgb-lanczos-224/1"
    tiny = TinyImage(side=16, standardised=True).fingerprint
    assert tiny == "tiny-image/side=16/standardised=true/srgb-lanczos-224/1"


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        (OrientedGradients, {"orientations": 0}),
        (OrientedGradients, {"pixels_per_cell": 2.5}),
        (OrientedGradients, {"cells_per_block": True}),
        (BinaryPatterns, {"radius": 0}),
        (BinaryPatterns, {"points": -8}),
        (TinyImage, {"side": 225}),
    ],
)
def test_parameters_out_of_range_are_refused_by_name(kind, parameters):
    (name,) = parameters
    with pytest.raises(ParameterError, match=rf"{name}: .*out of range; allowed: a whole number from 1"):
        kind(**parameters)
