"""The controls know nothing of the classifier, and no more of the photo than they say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.filters import sobel_h, sobel_v
from toys import photo

from cbrkit_xai_explainers.controls import CentreAttribution, EdgeAttribution, RandomAttribution

CONTROLS = [RandomAttribution(), EdgeAttribution(), CentreAttribution()]
each_control = pytest.mark.parametrize("control", CONTROLS, ids=lambda one: type(one).__name__)


def shown(control, image, seed=0):
    return control.explain(image, None, 0, np.random.default_rng(seed)).attribution  # no classifier to ask


@each_control
@settings(max_examples=20)
@given(size=st.tuples(st.integers(1, 30), st.integers(1, 30)))
def test_a_photo_of_any_size_gets_an_attribution_without_a_call(control, size):
    found = shown(control, photo(0, *size))
    assert found.shape == size
    assert np.isfinite(found).all()
    assert (found >= 0).all()


@each_control
def test_the_same_photo_and_seed_give_the_same_bytes(control):
    assert shown(control, photo(), 3).tobytes() == shown(control, photo(), 3).tobytes()


def test_random_differs_by_seed_and_not_by_photo():
    assert (
        shown(RandomAttribution(), photo(1), 3).tobytes() == shown(RandomAttribution(), photo(2), 3).tobytes()
    )
    assert (
        shown(RandomAttribution(), photo(1), 3).tobytes() != shown(RandomAttribution(), photo(1), 4).tobytes()
    )


def test_random_fills_0_to_1_and_is_smoother_the_more_it_is_smoothed():
    def roughness(smoothness):
        found = shown(RandomAttribution(smoothness=smoothness), photo(height=60, width=60))
        assert (found.min(), found.max()) == (0, 1)
        return np.abs(np.diff(found, axis=0)).mean()

    assert roughness(0.0) > 2 * roughness(0.05) > 4 * roughness(0.2)


def test_edges_are_the_size_of_scikit_images_sobel_of_the_brightness():
    image = photo(height=20, width=30)
    grey = 0.299 * image[..., 0] + 0.587 * image[..., 1] + 0.114 * image[..., 2]
    expected = np.hypot(sobel_h(grey), sobel_v(grey))[1:-1, 1:-1]
    # scikit-image divides its kernels by 4
    np.testing.assert_allclose(shown(EdgeAttribution(), image)[1:-1, 1:-1], 4 * expected, rtol=1e-9)


def test_the_centre_is_highest_in_the_middle_and_falls_alike_on_all_sides():
    found = shown(CentreAttribution(), photo(height=21, width=41))
    assert np.unravel_index(found.argmax(), found.shape) == (10, 20)
    assert found[10, 20] == 1
    np.testing.assert_allclose(found, found[::-1, ::-1], rtol=1e-12)
    assert (np.diff(found[10, 20:]) < 0).all()
    # a quarter of the width from the middle: one standard deviation
    wide = shown(CentreAttribution(), photo(height=1, width=401))[0]
    assert wide[200 + 100] == pytest.approx(np.exp(-0.5), rel=0.01)


def test_the_centre_does_not_depend_on_photo_or_seed():
    assert (
        shown(CentreAttribution(), photo(1), 1).tobytes() == shown(CentreAttribution(), photo(2), 2).tobytes()
    )


def test_parameters_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="smoothness"):
        RandomAttribution(smoothness=-0.1)
    with pytest.raises(ValueError, match="width"):
        CentreAttribution(width=0.0)
