"""Colour histograms in three spaces, held against NumPy's own counting and against known colours."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.color import rgb2hsv, rgb2lab

from cbrkit_xai.case import Case
from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.choice import use
from cbrkit_xai.errors import ParameterError
from cbrkit_xai_features.channel_histogram import ChannelHistogram
from cbrkit_xai_features.colour_spaces import RANGES, converted
from cbrkit_xai_features.joint_histogram import JointHistogram

KINDS = (ChannelHistogram, JointHistogram)
SPACES = ("rgb", "hsv", "lab")
CONVERT = {"rgb": lambda image: image.astype(float), "hsv": rgb2hsv, "lab": rgb2lab}
both_kinds = pytest.mark.parametrize("kind", KINDS)
every_space = pytest.mark.parametrize("space", SPACES)
small_images = arrays(
    np.uint8, st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 9), st.just(3))
)


def noise(n=3, height=17, width=11, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, height, width, 3), dtype=np.uint8)


def plain(*colour):
    return np.full((1, 4, 5, 3), colour, np.uint8)


@every_space
@pytest.mark.parametrize("bins", [1, 4, 7, 16, 256])
def test_each_channel_is_counted_as_numpy_counts_it(space, bins):
    image = noise(n=1)
    (ours,) = ChannelHistogram(space=space, bins=bins, norm="none").describe(image)
    values = CONVERT[space](image[0])
    theirs = [np.histogram(values[..., c], bins=bins, range=RANGES[space][c])[0] for c in range(3)]
    assert ours.tolist() == np.concatenate(theirs).tolist()


@every_space
@pytest.mark.parametrize("bins", [1, 3, 8])
def test_whole_colours_are_counted_as_numpy_counts_them(space, bins):
    image = noise(n=1)
    (ours,) = JointHistogram(space=space, bins=bins, norm="none").describe(image)
    theirs, _ = np.histogramdd(CONVERT[space](image[0]).reshape(-1, 3), bins=bins, range=RANGES[space])
    assert ours.tolist() == theirs.ravel().tolist()


@every_space
def test_the_ranges_hold_every_colour_of_srgb(space):
    # What sRGB can show is largest on the surface of its cube.
    first, second = (side.ravel() for side in np.meshgrid(np.arange(0, 256, 3), np.arange(0, 256, 3)))
    faces = [
        np.insert(np.column_stack([first, second]), axis, end, axis=1)
        for axis in range(3)
        for end in (0, 255)
    ]
    channels = np.moveaxis(converted(np.array(faces, np.uint8), space), -1, 0)
    for channel, (low, high) in zip(channels, RANGES[space], strict=True):
        assert low <= channel.min()
        assert channel.max() <= high + 1e-9


def test_pure_red_lies_where_each_space_puts_it():
    red = plain(255, 0, 0)
    first, last = (1, 0, 0, 0), (0, 0, 0, 1)
    rgb, hsv, lab = (ChannelHistogram(space=s, bins=4, norm="none").describe(red)[0] for s in SPACES)
    assert (rgb / 20).tolist() == [*last, *first, *first]
    assert (hsv / 20).tolist() == [*first, *last, *last]  # hue 0, full saturation, full value
    assert (lab / 20).tolist() == [0, 0, 1, 0, *last, 0, 0, 0, 1]  # L* 53, a* 80, b* 67


def test_no_edge_between_two_bins_of_lab_runs_through_grey():
    greys = np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(1, 16, 16, 3)
    _, a, b = ChannelHistogram(space="lab", norm="none").describe(greys).reshape(3, 16)
    assert sorted(a)[-1] == sorted(b)[-1] == 256


def test_only_the_joint_histogram_tells_red_beside_blue_from_violet_beside_black():
    two = np.stack([plain(255, 0, 0)[0], plain(0, 0, 255)[0]]).reshape(1, 8, 5, 3)
    mixed = np.stack([plain(255, 0, 255)[0], plain(0, 0, 0)[0]]).reshape(1, 8, 5, 3)
    separate, together = ChannelHistogram(space="rgb").describe, JointHistogram().describe
    assert (separate(two) == separate(mixed)).all()
    assert np.abs(together(two) - together(mixed)).sum() == 2


def test_the_place_of_a_colour_is_counted_in_the_order_of_its_channels():
    (counts,) = JointHistogram(bins=4, norm="none").describe(plain(64, 128, 255))
    assert counts[(1 * 4 + 2) * 4 + 3] == counts.sum() == 20


@settings(max_examples=30)
@given(small_images, st.sampled_from(SPACES), st.integers(1, 9))
def test_shares_sum_to_one_and_counts_to_what_was_counted(images, space, bins):
    pixels = images.shape[1] * images.shape[2]
    for kind, each in ((ChannelHistogram, 3), (JointHistogram, 1)):
        counts = kind(space=space, bins=bins, norm="none").describe(images)
        shares = kind(space=space, bins=bins, norm="l1").describe(images)
        assert (counts.sum(axis=1) == each * pixels).all()
        np.testing.assert_allclose(shares.sum(axis=1, dtype=float), 1, atol=1e-5)


@both_kinds
@every_space
def test_a_batch_gives_exactly_its_single_images(kind, space):
    images, representation = noise(n=4), kind(space=space)
    singles = np.concatenate([representation.describe(images[row : row + 1]) for row in range(4)])
    batch = representation.describe(images)
    assert batch.dtype == np.float32
    assert (batch == singles).all()


@both_kinds
def test_a_base_that_holds_counts_alone_serves_shares(kind):
    images, counts = noise(n=2), kind(norm="none")
    assert counts.stored_as is None
    rows = dict(zip(("a" * 64, "b" * 64), counts.describe(images), strict=True))
    base = CaseBase(
        name="counts only",
        cases=[Case(id=sha256[0], image_sha256=sha256, ballots=()) for sha256 in rows],
        features={counts.fingerprint: rows},
        representations={counts.fingerprint: use("by-hand")},
    )
    wanted = kind(norm="l1")
    assert (base.columns(wanted).features == wanted.describe(images)).all()


def test_the_fingerprints_name_all_that_changes_the_numbers():
    assert ChannelHistogram().fingerprint == "colour-histogram/hsv/bins=16/norm=l1/srgb-lanczos-224/1"
    assert JointHistogram().fingerprint == "joint-histogram/rgb/bins=8/norm=l1/srgb-lanczos-224/1"
    parameters = list(itertools.product(SPACES, (4, 5), ("none", "l1")))
    found = {kind(space=s, bins=b, norm=n).fingerprint for kind in KINDS for s, b, n in parameters}
    assert len(found) == len(KINDS) * len(parameters)


@both_kinds
@pytest.mark.parametrize("bins", [0, -1, 257, 8.0, True, "8"])
def test_a_number_of_bins_that_cannot_be_is_refused(kind, bins):
    with pytest.raises(ParameterError, match=r"bins: .*a whole number from 1 to"):
        kind(bins=bins)


@both_kinds
@pytest.mark.parametrize("parameters", [{"space": "xyz"}, {"norm": "l2"}])
def test_an_unknown_space_or_norm_is_refused(kind, parameters):
    with pytest.raises(ValueError, match="must be in"):
        kind(**parameters)
