"""1 - SSIM, held against scikit-image's own structural_similarity."""

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.metrics import structural_similarity as reference_similarity

from cbrkit_xai.errors import ParameterError
from cbrkit_xai_ssim import ssim_distance, structural_similarity
from cbrkit_xai_ssim.ssim_distance import SsimDistance


def noise(n=4, side=32, seed=0):
    """Images of noise on slopes, so that some are alike and some are not."""
    rng = np.random.default_rng(seed)
    slope = np.linspace(0, 180, side)[:, None, None] * rng.random((n, 1, 1, 3))
    return (slope + rng.integers(0, 75, (n, side, side, 3))).astype(np.uint8)


def by_scikit_image(queries, references, **parameters):
    parameters = {"channel_axis": -1, "data_range": 255, **parameters}
    return np.array(
        [
            [1 - reference_similarity(q.astype(float), r.astype(float), **parameters) for r in references]
            for q in queries
        ]
    )


SETTINGS = [
    {},
    {"win_size": 3},
    {"win_size": 11},
    {"win_size": 13},
    {"use_sample_covariance": False},
    {"K1": 0.05, "K2": 0.001},
    {"gaussian_weights": True},
    {"gaussian_weights": True, "sigma": 0.8, "use_sample_covariance": False},
    {"data_range": 100.0},
]


@pytest.mark.parametrize("parameters", SETTINGS, ids=str)
def test_the_numbers_are_those_of_scikit_image(parameters):
    images = noise()
    ours = SsimDistance(**parameters).pairwise(images[:2], images)
    np.testing.assert_allclose(ours, by_scikit_image(images[:2], images, **parameters), rtol=0, atol=1e-12)


@pytest.mark.parametrize("parameters", SETTINGS, ids=str)
def test_the_numbers_are_those_of_scikit_image_for_float_prototypes(parameters):
    images = noise(n=6)
    prototypes = np.stack([images[:3].mean(axis=0), images[3:].mean(axis=0)])
    ours = SsimDistance(**parameters).pairwise(images, prototypes)
    np.testing.assert_allclose(ours, by_scikit_image(images, prototypes, **parameters), rtol=0, atol=1e-12)


def test_float32_prototypes_are_computed_in_float64():
    images = noise()
    prototypes = images[:3].mean(axis=0, dtype=np.float32)[None]
    ours = SsimDistance().pairwise(images, prototypes)
    np.testing.assert_allclose(ours, by_scikit_image(images, prototypes), rtol=0, atol=1e-12)


def test_the_numbers_are_those_of_scikit_image_on_photos(coco200):
    from cbrkit_xai import open_image

    photos = np.stack([open_image(path).pixels for path in sorted((coco200 / "images").iterdir())[:4]])
    metric = SsimDistance()
    prototype = photos.mean(axis=0)[None]
    np.testing.assert_allclose(
        metric.pairwise(photos, photos), by_scikit_image(photos, photos), rtol=0, atol=1e-12
    )
    np.testing.assert_allclose(
        metric.pairwise(photos, prototype), by_scikit_image(photos, prototype), rtol=0, atol=1e-12
    )


def test_grey_is_the_ssim_of_scikit_images_luminance():
    from skimage.color import rgb2gray

    images = noise()
    ours = SsimDistance(channel="grey").pairwise(images[:2], images)
    grey = rgb2gray(images.astype(float))
    np.testing.assert_allclose(ours, by_scikit_image(grey[:2], grey, channel_axis=None), rtol=0, atol=1e-12)


def test_flat_images_differ_by_their_brightness_alone():
    black, grey, white = (np.full((1, 16, 16, 3), value, np.uint8) for value in (0, 128, 255))
    metric = SsimDistance()
    c1 = (0.01 * 255) ** 2
    np.testing.assert_allclose(metric.pairwise(black, white), 1 - c1 / (255**2 + c1), rtol=1e-14)
    np.testing.assert_allclose(
        metric.pairwise(grey, white), 1 - (2 * 128 * 255 + c1) / (128**2 + 255**2 + c1), rtol=1e-13
    )


def test_a_photo_and_its_negative_are_farther_than_1():
    image = noise(n=1)
    assert SsimDistance().pairwise(image, 255 - image)[0, 0] > 1


images_of_any_content = arrays(
    np.uint8, st.tuples(st.integers(1, 4), st.just(8), st.just(9), st.just(3)), elements=st.integers(0, 255)
)


@settings(max_examples=40)
@given(images_of_any_content)
def test_distances_are_exactly_symmetric_and_exactly_zero_from_itself(images):
    one_way = SsimDistance().pairwise(images, images.copy())
    assert (one_way == one_way.T).all()
    assert (np.diag(one_way) == 0).all()
    assert (one_way >= 0).all()
    assert np.isfinite(one_way).all()


@pytest.mark.parametrize("parameters", [*SETTINGS, {"channel": "grey"}], ids=str)
def test_a_float_image_is_at_distance_exactly_zero_from_itself(parameters):
    images = noise() / 3.0
    assert (np.diag(SsimDistance(**parameters).pairwise(images, images.copy())) == 0).all()


@pytest.mark.parametrize("parameters", [*SETTINGS, {"channel": "grey"}], ids=str)
def test_the_type_in_which_whole_numbers_arrive_does_not_matter(parameters):
    images, metric = noise(), SsimDistance(**parameters)
    in_bytes = metric.pairwise(images, images[1:])
    assert (metric.pairwise(images.astype(np.float64), images[1:]) == in_bytes).all()
    assert (metric.pairwise(images, images[1:].astype(np.float32)) == in_bytes).all()


@pytest.mark.parametrize("parameters", [{}, {"gaussian_weights": True}, {"channel": "grey"}], ids=str)
def test_a_batch_gives_exactly_its_single_queries(parameters):
    images, metric = noise(n=20, side=12), SsimDistance(**parameters)
    batch = metric.pairwise(images, images)
    singles = np.concatenate([metric.pairwise(images[row : row + 1], images) for row in range(len(images))])
    assert (batch == singles).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
def test_prepared_references_give_exactly_what_pairwise_gives(dtype):
    images, metric = noise(n=20, side=12), SsimDistance()
    references = images.astype(dtype)
    prepared = metric.prepare(references)
    assert (prepared(images[:3]) == metric.pairwise(images[:3], references)).all()
    assert (prepared(references) == metric.pairwise(references, references)).all()
    assert (prepared(images[:3] / 2) == metric.pairwise(images[:3] / 2, references)).all()


def test_references_beyond_the_room_for_moments_are_computed_anew(monkeypatch):
    images, metric = noise(n=20, side=12), SsimDistance()
    one = 6 * 6 * 6 * 3  # 6 bytes for each of 6 x 6 windows in 3 channels
    monkeypatch.setattr(ssim_distance, "KEPT_BYTES", 5 * one)
    prepared = metric.prepare(images)
    assert len(prepared.keywords["kept"]) == 5
    assert (prepared(images[:2]) == metric.pairwise(images[:2], images)).all()


def test_a_prepared_metric_travels_to_a_worker_process():
    images = noise()
    prepared = SsimDistance().prepare(images)
    assert (pickle.loads(pickle.dumps(prepared))(images[:1]) == prepared(images[:1])).all()  # noqa: S301


def test_prepared_references_serve_several_threads_at_once():
    images = noise(n=12, side=40)
    prepared = SsimDistance().prepare(images)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(prepared, [images[row : row + 1] for row in range(12)] * 3))
    assert (np.concatenate(answers[:12]) == prepared(images)).all()
    assert all((one == again).all() for one, again in zip(answers, answers[12:], strict=False))


def test_read_only_images_are_compared_and_left_as_they_are():
    images, references = noise(), noise(seed=1) / 2
    before = images.copy(), references.copy()
    images.flags.writeable = references.flags.writeable = False
    SsimDistance().pairwise(images, references)
    SsimDistance().prepare(references)(images)
    assert (images == before[0]).all()
    assert (references == before[1]).all()


def test_no_queries_and_no_references_give_empty_answers():
    images, metric = noise(), SsimDistance()
    assert metric.pairwise(images[:0], images).shape == (0, 4)
    assert metric.pairwise(images, images[:0]).shape == (4, 0)
    assert metric.pairwise(images[:0], images[:0]).shape == (0, 0)


def test_the_largest_integer_window_does_not_overflow():
    white = np.full((1, 12, 12, 3), 255, np.uint8)
    checks = (np.indices((12, 12)).sum(axis=0) % 2 * 255).astype(np.uint8)
    images = np.concatenate([white, white // 2, np.repeat(checks[None, ..., None], 3, axis=3)])
    metric = SsimDistance(win_size=11)
    assert (metric.pairwise(images, images.copy()) == metric.pairwise(images.astype(float), images)).all()


@pytest.mark.parametrize("parameters", [{"win_size": 9}, {"gaussian_weights": True}])
def test_an_image_smaller_than_the_window_is_refused(parameters):
    tiny = np.zeros((1, 8, 20, 3), np.uint8)
    with pytest.raises(ParameterError, match="8 x 20 pixels are smaller than the window"):
        SsimDistance(**parameters).pairwise(tiny, tiny)


def test_an_image_of_just_the_window_is_one_window():
    images = noise(n=2, side=7)
    np.testing.assert_allclose(
        SsimDistance().pairwise(images, images), by_scikit_image(images, images), rtol=0, atol=1e-12
    )


def test_images_of_two_sizes_are_refused():
    with pytest.raises(ParameterError, match="images of one size"):
        SsimDistance().pairwise(noise(side=12), noise(side=13))


def test_vectors_are_refused():
    with pytest.raises(ParameterError, match=r"\(n, h, w, 3\)"):
        SsimDistance().pairwise(np.zeros((2, 768)), np.zeros((2, 768)))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e200])
def test_pixels_that_are_no_brightness_are_refused(value):
    images = noise().astype(float)
    images[1, 5, 5, 0] = value
    with pytest.raises(ParameterError, match="query 0 from reference 1 is not a number"):
        SsimDistance().pairwise(noise(), images)


@pytest.mark.parametrize("win_size", [0, 1, 4, -7, 7.0, True])
def test_a_window_without_a_middle_is_refused(win_size):
    with pytest.raises(ParameterError, match=r"ssim\.win_size: .*odd"):
        SsimDistance(win_size=win_size)


@pytest.mark.parametrize(
    "parameters", [{"K1": 0}, {"K2": -1.0}, {"data_range": 0}, {"sigma": 0.1}, {"channel": "red"}]
)
def test_parameters_out_of_range_are_refused(parameters):
    with pytest.raises(ValueError, match=next(iter(parameters))):
        SsimDistance(**parameters)


def test_the_hook_registers_ssim_and_its_factory_makes_it():
    (record,) = structural_similarity.cbrkit_xai_metrics()
    assert record.facts == {
        "accepts": "pixels",
        "domain": "any",
        "triangle": False,
        "zero_vector": "ordinary",
        "self_distance": 0.0,
        "invariant": ("mirroring",),
    }
    assert record.resolve()(win_size=11) == SsimDistance(win_size=11)


@pytest.mark.parametrize("module", ["structural_similarity", "pixels", "ssim"])
def test_listing_the_plugin_loads_nothing_heavy(module):
    code = (
        f"import sys; import cbrkit_xai_ssim.{module};"
        "print([m for m in ('numpy', 'scipy', 'sklearn', 'skimage', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_usual_window_needs_no_scipy():
    code = (
        "import sys, numpy as np; from cbrkit_xai_ssim.ssim_distance import SsimDistance;"
        "SsimDistance().pairwise(*[np.zeros((1, 9, 9, 3), np.uint8)] * 2); print('scipy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
