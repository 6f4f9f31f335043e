"""The colour histogram, held against NumPy's and Pillow's own counting."""

import subprocess
import sys

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cbrkit_xai import RepresentationPlugin
from cbrkit_xai.case import Case
from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.choice import use
from cbrkit_xai.errors import ParameterError
from cbrkit_xai_histogram import histogram
from cbrkit_xai_histogram.colour_histogram import ColourHistogram

DIVISORS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
small_images = arrays(
    np.uint8, st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 9), st.just(3))
)


def noise(n=3, height=17, width=11, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, height, width, 3), dtype=np.uint8)


def test_counts_are_those_of_pillow():
    image = noise(n=1)
    (ours,) = ColourHistogram().describe(image)
    assert ours.tolist() == PIL.Image.fromarray(image[0]).histogram()


@pytest.mark.parametrize("bins", DIVISORS)
def test_counts_are_those_of_numpy_for_every_number_of_bins(bins):
    image = noise(n=1)
    (ours,) = ColourHistogram(bins=bins).describe(image)
    theirs = [np.histogram(image[0, ..., c], bins=bins, range=(0, 256))[0] for c in range(3)]
    assert ours.tolist() == np.concatenate(theirs).tolist()


def test_the_channels_come_in_the_order_red_green_blue():
    red, green, blue = (
        ColourHistogram().describe(np.full((1, 2, 2, 3), (10, 20, 30), np.uint8)).reshape(3, 256)
    )
    assert (red[10], green[20], blue[30]) == (4, 4, 4)


def test_features_are_float32_rows():
    features = ColourHistogram(bins=8).describe(noise(n=3))
    assert features.shape == (3, 24)
    assert features.dtype == np.float32


def test_no_images_give_no_rows():
    assert ColourHistogram(norm="l1").describe(noise(n=0)).shape == (0, 768)


def test_a_photo_of_one_colour_is_counted_exactly():
    (counts,) = ColourHistogram().describe(np.full((1, 224, 224, 3), 255, np.uint8))
    assert counts[[255, 511, 767]].tolist() == [50176] * 3
    assert counts.sum() == 3 * 50176


@given(small_images, st.sampled_from(DIVISORS))
def test_the_counts_of_each_channel_sum_to_the_pixels(images, bins):
    counts = ColourHistogram(bins=bins).describe(images).reshape(len(images), 3, bins)
    assert (counts.sum(axis=2) == images.shape[1] * images.shape[2]).all()


@given(small_images, st.sampled_from(DIVISORS))
def test_with_l1_the_whole_vector_sums_to_one_and_each_channel_to_a_third(images, bins):
    shares = ColourHistogram(bins=bins, norm="l1").describe(images).astype(np.float64)
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(shares.reshape(len(images), 3, bins).sum(axis=2), 1 / 3, atol=1e-5)


@given(small_images, st.randoms(use_true_random=False))
def test_where_the_pixels_stand_does_not_matter(images, random):
    n, height, width, _ = images.shape
    order = list(range(height * width))
    random.shuffle(order)
    shuffled = images.reshape(n, height * width, 3)[:, order].reshape(images.shape)
    assert (ColourHistogram().describe(shuffled) == ColourHistogram().describe(images)).all()


def test_with_l1_the_size_of_the_photo_does_not_matter():
    image = noise(n=1)
    four_times = np.tile(image, (1, 2, 2, 1))
    describe = ColourHistogram(norm="l1").describe
    np.testing.assert_allclose(describe(four_times), describe(image), rtol=1e-6)


@pytest.mark.parametrize("norm", ["none", "l1"])
def test_a_batch_gives_exactly_its_single_images(norm):
    images, representation = noise(n=5), ColourHistogram(norm=norm)
    singles = np.concatenate([representation.describe(images[row : row + 1]) for row in range(5)])
    assert (representation.describe(images) == singles).all()


def test_read_only_images_are_described_and_left_as_they_are():
    images = noise()
    before = images.copy()
    images.flags.writeable = False
    ColourHistogram(norm="l1").describe(images)
    assert (images == before).all()


@pytest.mark.parametrize("norm", ["none", "l1"])
@pytest.mark.parametrize("bins", DIVISORS)
def test_describing_is_deriving_from_what_is_stored(bins, norm):
    representation, images = ColourHistogram(bins=bins, norm=norm), noise()
    stored = (representation.stored_as or representation).describe(images)
    before = stored.copy()
    stored.flags.writeable = False
    assert (representation.derive(stored) == representation.describe(images)).all()
    assert (stored == before).all()


def test_only_the_full_counts_are_stored():
    counts = ColourHistogram()
    assert counts.stored_as is None
    assert ColourHistogram(norm="l1").stored_as == counts
    assert ColourHistogram(bins=32).stored_as == counts
    assert ColourHistogram(bins=32, norm="l1").stored_as == counts


def test_a_base_that_holds_counts_alone_serves_every_histogram():
    images, counts = noise(n=2), ColourHistogram()
    rows = dict(zip(("a" * 64, "b" * 64), counts.describe(images), strict=True))
    base = CaseBase(
        name="counts only",
        cases=[Case(id=sha256[0], image_sha256=sha256, ballots=()) for sha256 in rows],
        features={counts.fingerprint: rows},
        representations={counts.fingerprint: use("histogram")},
    )
    wanted = ColourHistogram(bins=16, norm="l1")
    assert (base.columns(wanted).features == wanted.describe(images)).all()


def test_the_fingerprint_names_all_that_changes_the_numbers():
    representation = ColourHistogram(bins=16, norm="l1")
    assert representation.fingerprint == "histogram/rgb/bins=16/norm=l1/srgb-lanczos-224/1"
    all_of_them = {ColourHistogram(bins=b, norm=n).fingerprint for b in DIVISORS for n in ("none", "l1")}
    assert len(all_of_them) == 2 * len(DIVISORS)


@pytest.mark.parametrize("bins", [0, -4, 3, 100, 257, 512, 16.0, True, "16"])
def test_bins_that_do_not_divide_256_are_refused(bins):
    with pytest.raises(ParameterError, match=r"histogram\.bins: .*1, 2, 4, 8, 16, 32, 64, 128, 256"):
        ColourHistogram(bins=bins)


def test_an_unknown_norm_is_refused():
    with pytest.raises(ValueError, match="'norm' must be in"):
        ColourHistogram(norm="l2")


@pytest.mark.parametrize("images", [noise().astype(float), noise()[0], noise()[..., :2]])
def test_what_is_not_a_batch_of_colour_images_is_refused(images):
    with pytest.raises(ParameterError, match="uint8 of shape"):
        ColourHistogram().describe(images)


def test_the_hook_registers_the_histogram_and_its_factory_makes_it():
    (record,) = histogram.cbrkit_xai_representations()
    assert isinstance(record, RepresentationPlugin)
    assert (record.name, record.yields) == ("histogram", "vectors")
    assert record.resolve()(bins=8) == ColourHistogram(bins=8)


@pytest.mark.parametrize("module", ["histogram", "hist_euc", "hist_cos"])
def test_listing_the_plugin_loads_nothing_heavy(module):
    code = (
        f"import sys; import cbrkit_xai_histogram.{module};"
        "print([m for m in ('numpy', 'scipy', 'sklearn', 'skimage', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
