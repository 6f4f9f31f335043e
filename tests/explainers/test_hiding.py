"""Photos with hidden superpixels, held against pixels set one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import mean as label_mean

from cbrkit_xai.errors import ParameterError
from cbrkit_xai_explainers.hiding import FILLS, fill_image, hide

RNG = np.random.default_rng(3)
IMAGE = RNG.integers(0, 256, (12, 10, 3), dtype=np.uint8)
LABELS = RNG.integers(0, 5, (12, 10))


@given(rows=st.lists(st.lists(st.booleans(), min_size=5, max_size=5), min_size=1, max_size=4))
def test_each_pixel_is_the_photos_where_its_superpixel_is_kept_and_the_fillings_elsewhere(rows):
    fill = 255 - IMAGE
    hidden = hide(IMAGE, fill, LABELS, np.array(rows))
    assert hidden.shape == (len(rows), 12, 10, 3) and hidden.dtype == np.uint8
    for number, row in enumerate(rows):
        for y in range(12):
            for x in range(10):
                source = IMAGE if row[LABELS[y, x]] else fill
                assert (hidden[number, y, x] == source[y, x]).all()


def test_rows_of_zeros_and_ones_mean_the_same_as_rows_of_flags():
    kept = np.array([[0, 1, 1, 0, 1]])
    fill = np.zeros_like(IMAGE)
    np.testing.assert_array_equal(hide(IMAGE, fill, LABELS, kept), hide(IMAGE, fill, LABELS, kept == 1))


def test_each_row_can_have_a_filling_of_its_own():
    fills = np.stack([np.full_like(IMAGE, 7), np.full_like(IMAGE, 9)])
    hidden = hide(IMAGE, fills, LABELS, np.zeros((2, 5), dtype=bool))
    np.testing.assert_array_equal(hidden, fills)


def test_the_photo_itself_is_never_written_to():
    image = IMAGE.copy()
    image.flags.writeable = False
    for how in FILLS:
        hide(image, fill_image(image, LABELS, how, RNG), LABELS, np.zeros((1, 5)))
    np.testing.assert_array_equal(image, IMAGE)


def test_mean_is_the_mean_colour_of_each_superpixel():
    filled = fill_image(IMAGE, LABELS, "mean", RNG)
    for channel in range(3):
        expected = label_mean(IMAGE[..., channel].astype(float), LABELS, index=LABELS)
        np.testing.assert_array_less(np.abs(filled[..., channel] - expected), 0.5 + 1e-9)


def test_mean_survives_a_number_that_no_pixel_has():
    labels = np.where(LABELS == 2, 9, LABELS)
    np.testing.assert_array_equal(
        fill_image(IMAGE, labels, "mean", RNG), fill_image(IMAGE, LABELS, "mean", RNG)
    )


def test_black_is_black():
    assert not fill_image(IMAGE, LABELS, "black", RNG).any()


def test_blur_takes_away_what_is_small_and_leaves_the_brightness():
    board = (np.indices((64, 64)).sum(axis=0) // 2 % 2 * 255).astype(np.uint8)[..., None].repeat(3, axis=2)
    filled = fill_image(board, np.zeros((64, 64), int), "blur", RNG).astype(float)
    assert board.std() > 120
    assert filled.std() < 2
    assert abs(filled.mean() - board.mean()) < 1


def test_blur_does_not_mix_the_channels():
    red = np.zeros((32, 32, 3), np.uint8)
    red[8:24, 8:24, 0] = 255
    filled = fill_image(red, np.zeros((32, 32), int), "blur", RNG)
    assert filled[..., 0].max() > 0
    assert not filled[..., 1:].any()


def test_noise_is_uniform_over_all_values():
    from scipy.stats import chisquare

    flat = np.zeros((200, 200, 3), np.uint8)
    filled = fill_image(flat, np.zeros((200, 200), int), "noise", np.random.default_rng(0))
    assert chisquare(np.bincount(filled.ravel(), minlength=256)).pvalue > 0.001


@pytest.mark.parametrize("how", FILLS)
def test_the_same_seed_gives_the_same_filling(how):
    one, other = (fill_image(IMAGE, LABELS, how, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert one.shape == IMAGE.shape and one.dtype == np.uint8


def test_an_unknown_filling_is_refused_with_those_there_are():
    with pytest.raises(ParameterError, match=r"unknown filling 'grey'.*mean, black, blur, noise"):
        fill_image(IMAGE, LABELS, "grey", RNG)
