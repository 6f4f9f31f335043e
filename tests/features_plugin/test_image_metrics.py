"""SSIM by the library, and SSIM over scales held against an implementation written another way."""

import numpy as np
import pytest
from scipy.signal import convolve
from skimage.metrics import structural_similarity

from cbrkit_xai.errors import ParameterError
from cbrkit_xai_features.library_ssim import LibrarySsim
from cbrkit_xai_features.multi_scale_ssim import WEIGHTS, MultiScaleSsim
from cbrkit_xai_features.ssim_of_blocks import BlockSsim
from cbrkit_xai_ssim.ssim_distance import SsimDistance

THREE = (0.2, 0.3, 0.5)
METRICS = (LibrarySsim(), LibrarySsim(gaussian_weights=True), MultiScaleSsim(weights=THREE), BlockSsim())
every_metric = pytest.mark.parametrize("metric", METRICS, ids=lambda one: type(one).__name__)


def noise(n=3, height=48, width=51, seed=0):
    """Images of noise on slopes, so that some are alike and some are not."""
    rng = np.random.default_rng(seed)
    slope = np.linspace(0, 180, height)[:, None, None] * rng.random((n, 1, 1, 3))
    return (slope + rng.integers(0, 75, (n, height, width, 3))).astype(np.uint8)


# scikit-image's SSIM --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"win_size": 11},
        {"use_sample_covariance": False},
        {"K1": 0.05, "K2": 0.001, "data_range": 100.0},
        {"gaussian_weights": True, "sigma": 0.8},
    ],
    ids=str,
)
def test_every_option_reaches_scikit_image_also_for_float_prototypes(parameters):
    images = noise()
    prototypes = images.mean(axis=0, keepdims=True, dtype=np.float32)
    theirs = [
        [1 - structural_similarity(one / 1.0, prototypes[0].astype(float), channel_axis=-1,
                                   **{"data_range": 255.0, **parameters})]
        for one in images
    ]  # fmt: skip
    ours = LibrarySsim(**parameters).pairwise(images, prototypes)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-14)


def test_the_fast_ssim_of_the_sibling_gives_the_same_numbers():
    images = noise()
    fast, library = SsimDistance().pairwise(images, images), LibrarySsim().pairwise(images, images)
    np.testing.assert_allclose(fast, library, rtol=0, atol=1e-12)


@pytest.mark.parametrize("win_size", [0, 1, 4, 7.0, True])
def test_a_window_without_a_middle_is_refused(win_size):
    with pytest.raises(ParameterError, match=r"win_size: .*odd"):
        LibrarySsim(win_size=win_size)


# MS-SSIM --------------------------------------------------------------------------------------------------


def by_convolution(a, b, weights):
    """MS-SSIM of two grey images: windows by two-dimensional convolution, scales by recursion."""
    place = np.arange(11) - 5
    window = np.exp(-(place[:, None] ** 2 + place[None] ** 2) / (2 * 1.5**2))
    window /= window.sum()

    def mean(image):
        return convolve(image, window, mode="valid", method="direct")

    c1, c2 = 6.5025, 58.5225
    covariance = mean(a * b) - mean(a) * mean(b)
    variances = mean(a**2) - mean(a) ** 2 + mean(b**2) - mean(b) ** 2
    similar = (2 * covariance + c2) / (variances + c2)
    if len(weights) == 1:
        similar = similar * (2 * mean(a) * mean(b) + c1) / (mean(a) ** 2 + mean(b) ** 2 + c1)
        return max(similar.mean(), 0) ** weights[0]
    height, width = (side // 2 for side in a.shape)
    half_a, half_b = (
        np.array([[image[2 * y : 2 * y + 2, 2 * x : 2 * x + 2].mean() for x in range(width)]
                  for y in range(height)])
        for image in (a, b)
    )  # fmt: skip
    return max(similar.mean(), 0) ** weights[0] * by_convolution(half_a, half_b, weights[1:])


@pytest.mark.parametrize("weights", [(1.0,), (0.4, 0.6), THREE], ids=len)
def test_ms_ssim_is_what_another_way_of_writing_it_gives(weights):
    images = noise()
    grey = images @ np.array([0.2125, 0.7154, 0.0721])
    wanted = [[1 - by_convolution(a, b, weights) for b in grey] for a in grey]
    ours = MultiScaleSsim(weights=weights).pairwise(images, images)
    np.testing.assert_allclose(ours, wanted, rtol=0, atol=1e-10)


def test_ms_ssim_of_the_channels_is_their_mean():
    images = noise(n=2)
    wanted = np.mean([by_convolution(*images[..., c].astype(float), THREE) for c in range(3)])
    ours = MultiScaleSsim(weights=THREE, channel="mean").pairwise(images[:1], images[1:])
    np.testing.assert_allclose(ours, 1 - wanted, rtol=0, atol=1e-10)


def test_the_five_weights_are_those_of_the_paper_and_sum_to_about_one():
    assert MultiScaleSsim().weights == WEIGHTS == (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
    assert MultiScaleSsim(weights=[1, 2.5]) == MultiScaleSsim(weights=(1, 2.5))


def test_the_more_noise_the_farther_by_ms_ssim():
    photo = noise(n=1, height=224, width=224)
    grain = np.random.default_rng(5).normal(size=photo.shape)
    noisy = np.concatenate([photo, *(photo + amount * grain for amount in (2, 5, 15, 40))])
    (distances,) = MultiScaleSsim().pairwise(photo, noisy)
    assert distances[0] == 0
    assert (np.diff(distances) > 0).all()
    assert distances[-1] < 1


def test_fine_noise_is_nearer_by_ms_ssim_than_by_one_scale():
    # What many scales are for: grain is gone from afar.
    photo = noise(n=1, height=176, width=176)
    grain = photo + np.random.default_rng(5).normal(scale=20, size=photo.shape)
    five, one = MultiScaleSsim().pairwise(photo, grain), MultiScaleSsim(weights=(1.0,)).pairwise(photo, grain)
    assert five[0, 0] < one[0, 0]


def test_a_negative_mean_of_contrast_and_structure_counts_as_zero():
    photo = noise(n=1)
    assert MultiScaleSsim(weights=THREE).pairwise(photo, 255 - photo).tolist() == [[1.0]]


def test_flat_images_differ_by_their_luminance_at_the_coarsest_scale_alone():
    black, white = (np.full((1, 44, 44, 3), value, np.uint8) for value in (0, 255))
    c1 = (0.01 * 255) ** 2
    wanted = 1 - (c1 / (255**2 + c1)) ** 0.5
    np.testing.assert_allclose(MultiScaleSsim(weights=THREE).pairwise(black, white), wanted, rtol=1e-12)


@pytest.mark.parametrize(("side", "weights"), [(175, WEIGHTS), (21, (0.5, 0.5)), (10, (1.0,))])
def test_an_image_too_small_for_its_scales_is_refused_with_what_would_do(side, weights):
    image = np.zeros((1, side, 224, 3), np.uint8)
    with pytest.raises(ParameterError, match=rf"at least {side + 1} x {side + 1} pixels; give fewer weights"):
        MultiScaleSsim(weights=weights).pairwise(image, image)


def test_an_image_of_just_the_needed_size_is_taken():
    images = noise(n=2, height=44, width=44)
    assert 0 < MultiScaleSsim(weights=THREE).pairwise(images[:1], images[1:])[0, 0] < 1


@pytest.mark.parametrize("weights", [(), (0.5, -0.1), (np.nan,), 0.5, ("a",)])
def test_weights_that_are_no_exponents_are_refused(weights):
    with pytest.raises(ParameterError, match=r"weights: .*positive numbers"):
        MultiScaleSsim(weights=weights)


# All of them ----------------------------------------------------------------------------------------------


@every_metric
def test_more_queries_than_are_held_at_once_give_exactly_their_single_answers(metric):
    images = noise(n=18, height=44, width=46)
    batch = metric.pairwise(images, images[:2])
    singles = np.concatenate([metric.pairwise(images[row : row + 1], images[:2]) for row in range(18)])
    assert (batch == singles).all()


@every_metric
def test_equal_images_are_at_distance_exactly_zero_in_any_type(metric):
    images = noise()
    assert (np.diag(metric.pairwise(images, images.astype(np.float32))) == 0).all()
    assert (np.diag(metric.pairwise(images / 3, images / 3)) == 0).all()


@every_metric
def test_what_cannot_be_compared_is_refused(metric):
    images = noise()
    with pytest.raises(ParameterError, match="images of one size"):
        metric.pairwise(images, noise(width=60))
    with pytest.raises(ParameterError, match=r"\(n, h, w, 3\)"):
        metric.pairwise(np.zeros((2, 768)), np.zeros((2, 768)))
    with pytest.raises(ParameterError, match="too small; allowed: at least"):
        metric.pairwise(images[:, :6], images[:, :6])


@every_metric
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e200])
def test_pixels_that_are_no_brightness_are_refused(metric, value):
    images = noise(n=2) / 1.0
    images[1, 20, 20, 0] = value
    with pytest.raises(ParameterError, match="from reference 1 is not a number"):
        metric.pairwise(np.stack([images[0], images[1]]), np.stack([images[0] * 0, images[1]]))
