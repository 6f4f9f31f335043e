"""The mean absolute difference of pixels, against a plain loop."""

import numpy as np
import pytest

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.metrics.pixel_difference import PixelDifference


def test_black_is_at_distance_one_from_white_and_a_third_from_red():
    photos = np.zeros((3, 4, 5, 3), dtype=np.uint8)
    photos[1] = 255
    photos[2, ..., 0] = 255
    np.testing.assert_allclose(PixelDifference().pairwise(photos[:1], photos), [[0, 1, 1 / 3]], rtol=1e-15)


def test_distances_are_those_of_a_plain_loop_across_blocks():
    rng = np.random.default_rng(0)
    queries, references = (rng.integers(0, 256, (n, 7, 6, 3), dtype=np.uint8) for n in (18, 35))
    wanted = [[np.abs(a.astype(float) - b).mean() / 255 for b in references] for a in queries]
    np.testing.assert_allclose(PixelDifference().pairwise(queries, references), wanted, rtol=1e-14)


def test_a_float_prototype_counts_as_the_pixels_it_holds():
    rng = np.random.default_rng(1)
    photos = rng.integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)
    distances = PixelDifference().pairwise(photos, photos)
    assert np.array_equal(PixelDifference().pairwise(photos, photos.astype(np.float32)), distances)
    mean = photos.mean(axis=0, keepdims=True)
    assert PixelDifference().pairwise(photos, mean)[2, 0] == pytest.approx(
        np.abs(photos[2] - mean).mean() / 255
    )


def test_what_is_no_photo_of_the_same_size_is_refused():
    photos = np.zeros((2, 4, 4, 3), dtype=np.uint8)
    with pytest.raises(ParameterError, match=r"queries have shape \(2, 48\).*gives pixels, not vectors"):
        PixelDifference().pairwise(photos.reshape(2, 48), photos)
    with pytest.raises(ParameterError, match=r"queries have shape \(4, 4, 3\) and references \(8, 2, 3\)"):
        PixelDifference().pairwise(photos, photos.reshape(2, 8, 2, 3))
    with pytest.raises(ParameterError, match="references: row 1 holds nan"):
        broken = photos.astype(float)
        broken[1, 0, 0, 0] = np.nan
        PixelDifference().pairwise(photos, broken)
