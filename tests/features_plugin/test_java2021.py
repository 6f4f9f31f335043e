"""The predecessor's three similarities by hand, and its bugs, none of which may come back."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import cdist

from cbrkit_xai import Ballot, Case, CaseBase, Entries, default_registry, load_configurations, use
from cbrkit_xai.cases import Cases
from cbrkit_xai.errors import ParameterError
from cbrkit_xai_features import block_ssim, blue_hist_bhattacharyya, java2021_similarities, pixel_difference
from cbrkit_xai_features.blue_histogram import BlueHistogram
from cbrkit_xai_features.ssim_of_blocks import BlockSsim

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"

BY_NAME = {record.name: record for record in java2021_similarities.cbrkit_xai_metrics()}
Bhattacharyya = BY_NAME["java2021-bhattacharyya"].resolve()

histograms = arrays(np.float64, st.tuples(st.integers(1, 5), st.just(6)), elements=st.integers(0, 1000))


def noise(n=3, height=24, width=32, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, height, width, 3), dtype=np.uint8)


def grey(values):
    return np.repeat(np.asarray(values, np.uint8)[None, ..., None], 3, axis=3)


# Histogram similarity -------------------------------------------------------------------------------------


def test_blue_is_counted_in_255_bins_and_scaled_to_1_to_255():
    images = noise()
    wanted = []
    for image in images:
        counts, _ = np.histogram(image[..., 2], bins=255, range=(0, 256))
        wanted.append(1 + 254 * (counts - counts.min()) / (counts.max() - counts.min()))
    found = BlueHistogram().describe(images)
    assert (found.shape, found.dtype) == ((3, 255), np.float32)
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_the_values_0_and_1_share_a_bin_and_255_has_the_last():
    image = np.zeros((1, 2, 2, 3), np.uint8)
    image[0, ..., 2] = [[0, 1], [254, 255]]
    (found,) = BlueHistogram().describe(image)
    assert found[[0, 1, 252, 253, 254]].tolist() == [255, 1, 1, 128, 128]


def test_red_and_green_do_not_count():
    images = noise()
    others = images.copy()
    others[..., :2] = 255 - others[..., :2]
    assert (BlueHistogram().describe(images) == BlueHistogram().describe(others)).all()


def test_bins_that_are_all_equally_full_are_all_1():
    image = np.zeros((1, 2, 255, 3), np.uint8)
    image[0, ..., 2] = np.arange(1, 256)
    assert (BlueHistogram().describe(image) == 1).all()


def test_the_fingerprint_names_the_decoding():
    assert BlueHistogram().fingerprint.startswith("java2021-blue-histogram/bins=255/scaled=1..255/")
    assert BlueHistogram().fingerprint.endswith("stored-lanczos-224/1")


def as_opencv(a, b):
    """`HISTCMP_BHATTACHARYYA`, as its manual writes it."""
    means = a.mean() * b.mean() * len(a) ** 2
    return np.sqrt(max(1 - np.sqrt(a * b).sum() / np.sqrt(means), 0))


@settings(max_examples=40)
@given(histograms, histograms)
def test_the_distance_is_opencvs_formula(queries, references):
    queries, references = queries + 1, references + 1  # the scaled ones are never empty
    found = Bhattacharyya().pairwise(queries, references)
    wanted = [[as_opencv(a, b) for b in references] for a in queries]
    np.testing.assert_allclose(found, wanted, rtol=0, atol=3e-8)  # 1 - BC loses half the digits near 0


def test_two_histograms_by_hand():
    # BC = (sqrt(1 * 4) + sqrt(4 * 1)) / sqrt(5 * 5) = 4 / 5
    found = Bhattacharyya().pairwise(np.array([[1.0, 4.0]]), np.array([[4.0, 1.0], [2.0, 8.0], [0.0, 3.0]]))
    np.testing.assert_allclose(found, [[np.sqrt(0.2), 0, np.sqrt(1 - np.sqrt(0.8))]], rtol=1e-14, atol=1e-16)


def test_histograms_that_share_no_bin_are_at_distance_1_and_similarity_0():
    (found,) = Bhattacharyya().pairwise(np.array([[3.0, 0.0]]), np.array([[0.0, 9.0]]))
    np.testing.assert_allclose(found, 1, rtol=1e-15)
    assert found <= 1


def test_nearly_equal_histograms_are_told_apart():
    one = np.full((1, 255), 100.0)
    other = one.copy()
    other[0, 3] += 1e-8
    # To first order: the deviation of the shares over sqrt(8 * share).
    np.testing.assert_allclose(
        Bhattacharyya().pairwise(one, other), 1e-10 / np.sqrt(8 * 255) * np.sqrt(254 / 255), rtol=1e-3
    )


def test_empty_histograms_are_alike_and_unlike_all_others():
    rows = np.array([[0.0, 0.0], [1.0, 2.0]])
    assert Bhattacharyya().pairwise(rows, rows).tolist() == [[0, 1], [1, 0]]


@settings(max_examples=30)
@given(histograms)
def test_the_euclidean_order_of_what_embed_gives_is_the_metrics(rows):
    from scipy.spatial.distance import cdist

    embedded = Bhattacharyya().embed(rows)
    found = Bhattacharyya().pairwise(rows, rows)
    np.testing.assert_allclose(cdist(embedded, embedded) / np.sqrt(2), found, rtol=0, atol=1e-9)


@pytest.mark.parametrize(("value", "message"), [(-1, "row 1 holds -1"), (np.nan, "row 1 holds nan")])
def test_what_is_no_count_is_refused(value, message):
    rows = np.ones((2, 3))
    rows[1, 2] = value
    with pytest.raises(ParameterError, match=message):
        Bhattacharyya().pairwise(np.ones((1, 3)), rows)


# SSIM of blocks -------------------------------------------------------------------------------------------


def by_loops(a, b):
    """Mean SSIM of whole 8 x 8 blocks of luma, with the standard library's statistics."""
    from statistics import correlation, fmean, variance

    a, b = (image.astype(float) @ np.array([0.2126, 0.7152, 0.0722]) for image in (a, b))
    found = []
    for top in range(0, a.shape[0] - 7, 8):
        for left in range(0, a.shape[1] - 7, 8):
            x, y = (image[top : top + 8, left : left + 8].ravel().tolist() for image in (a, b))
            product = (variance(x) * variance(y)) ** 0.5
            covariance = correlation(x, y) * product
            found.append(
                (2 * fmean(x) * fmean(y) + 6.5025) * (2 * covariance + 58.5225)
                / (fmean(x) ** 2 + fmean(y) ** 2 + 6.5025) / (variance(x) + variance(y) + 58.5225)
            )  # fmt: skip
    return fmean(found)


@pytest.mark.parametrize("size", [(24, 32), (23, 39), (8, 8)], ids=str)
def test_it_is_the_mean_of_the_blocks_that_lie_wholly_inside(size):
    images = noise(n=3, height=size[0], width=size[1])
    wanted = [[1 - by_loops(a, b) for b in images] for a in images]
    np.testing.assert_allclose(BlockSsim().pairwise(images, images), wanted, rtol=0, atol=1e-12)


def test_pixels_beyond_the_last_whole_block_do_not_count():
    images = noise(n=1, height=15, width=23)
    others = images.copy()
    others[:, 8:] = 0
    others[:, :, 16:] = 255
    assert BlockSsim().pairwise(images, others).tolist() == [[0.0]]


def test_two_blocks_by_hand():
    # Left, equal chequers: 1. Right, black and white: 6.5025 / (255**2 + 6.5025).
    chequers = np.indices((8, 8)).sum(axis=0) % 2 * 100
    black, white = np.zeros((8, 8)), np.full((8, 8), 255)
    one, other = grey(np.hstack([chequers, black])), grey(np.hstack([chequers, white]))
    similarity = (1 + 6.5025 / (255**2 + 6.5025)) / 2
    np.testing.assert_allclose(BlockSsim().pairwise(one, other), 1 - similarity, rtol=1e-12)


def test_a_float_prototype_is_compared_as_it_is():
    images = noise()
    prototype = images.mean(axis=0, keepdims=True)
    np.testing.assert_allclose(
        BlockSsim().pairwise(images[:1], prototype), 1 - by_loops(images[0], prototype[0]), atol=1e-12
    )


# The predecessor's bugs -----------------------------------------------------------------------------------

SIMILARITIES = {
    "histogram": (BlueHistogram().describe, Bhattacharyya()),
    "blocks": (lambda images: images, BlockSsim()),
}
every_similarity = pytest.mark.parametrize(("describe", "metric"), SIMILARITIES.values(), ids=SIMILARITIES)


@every_similarity
def test_the_same_photo_is_the_nearest_never_the_farthest(describe, metric):
    from cbrkit_xai.aggregators.mean import Mean
    from cbrkit_xai.organizers.linear import Linear

    features = describe(noise(n=4))
    ids = ("a", "b", "c", "d")
    cases = Cases(ids=ids, features=features, votes=np.ones((4, 1)), methods=("lime",))
    found = Linear().organize(cases, metric, Mean()).nearest(features, k=4)
    assert [found.ids(row)[0] for row in range(4)] == list(ids)
    assert (np.asarray(found.distances)[:, 0] == 0).all()


@every_similarity
def test_identical_photos_have_similarity_one_not_a_half(describe, metric):
    features = describe(noise())
    assert (np.diag(1 - metric.pairwise(features, features.copy())) == 1).all()


def test_a_similarity_of_zero_stays_zero():
    # Not a tenth: histograms without a shared bin, and blocks that are black in one and white in the other.
    nothing = 1 - Bhattacharyya().pairwise(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]))
    np.testing.assert_allclose(nothing, 0, atol=1e-15)
    black, white = grey(np.zeros((8, 8))), grey(np.full((8, 8), 255))
    assert 1 - BlockSsim().pairwise(black, white)[0, 0] < 0.0002


def test_a_photo_and_its_negative_have_a_similarity_below_zero():
    image = grey(np.indices((8, 8)).sum(axis=0) % 2 * 200)
    assert 1 - BlockSsim().pairwise(image, 200 - image)[0, 0] < -0.9


def a_base(images):
    representation = BlueHistogram()
    rows = representation.describe(images)
    return CaseBase(
        name="by hand",
        cases=[
            Case(id=name, image_sha256=f"sha-{name}", ballots=[Ballot(votes={"lime": vote}, source="human")])
            for name, vote in zip("abc", (1.0, 2.0, 4.0), strict=True)
        ],
        features={representation.fingerprint: {f"sha-{n}": row for n, row in zip("abc", rows, strict=True)}},
        representations={representation.fingerprint: use("java2021-blue-histogram")},
    )


def test_a_query_leaves_the_case_base_and_the_next_answer_as_they_were():
    from cbrkit_xai import configuration

    images = noise(height=224, width=224)
    base = a_base(images)
    before = base.content_hash
    chosen = configuration("blue-hist-bhattacharyya", profile="java2021").evolve(k=2)
    recommender = chosen.fit(base, learn_now=False)
    first = recommender.index.nearest(BlueHistogram().describe(images), 3)
    again = recommender.index.nearest(BlueHistogram().describe(images), 3)
    assert base.content_hash == before
    assert (np.asarray(first.distances) == np.asarray(again.distances)).all()
    assert [first.ids(row)[0] for row in range(3)] == ["a", "b", "c"]


# Configurations -------------------------------------------------------------------------------------------

CONFIGURATIONS = {
    "blue-hist-bhattacharyya": (blue_hist_bhattacharyya, "java2021-blue-histogram", "java2021-bhattacharyya"),
    "pixel-difference": (pixel_difference, "pixels", "pixel-difference"),
    "block-ssim": (block_ssim, "pixels", "java2021-block-ssim"),
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_configuration_searches_all_cases_and_takes_the_mean_of_five(name):
    module, representation, metric = CONFIGURATIONS[name]
    (record,) = module.cbrkit_xai_configurations()
    assert record.name == name
    (profile,) = record.profiles.values()
    assert list(record.profiles) == ["java2021"]
    assert (profile.representation, profile.metric) == (use(representation), use(metric))
    assert (profile.organizers, profile.reuse, profile.k) == ((use("linear"),), use("mean"), 5)


def test_five_similarities_are_the_predecessors_weighted_sum_of_five_distances():
    from cbrkit_xai import configuration

    photos = noise(height=224, width=224)
    made = configuration("five-similarities").components(default_registry())
    found = made.metric.pairwise(made.representation.describe(photos), made.representation.describe(photos))

    def features(name, **parameters):
        return default_registry().create("representation", use(name, **parameters)).describe(photos)

    def distances(metric, rows):
        return default_registry().create("metric", metric).pairwise(rows, rows)

    probabilities = features("class-probabilities", classifier={"use": "efficientnet-lite0"}).astype(float)
    roots, pixels = np.sqrt(probabilities), photos.astype(float)
    by_hand = (
        0.5 * np.sqrt(np.maximum(1 - roots @ roots.T, 0))
        + 0.1 * distances("java2021-bhattacharyya", features("java2021-blue-histogram"))
        + 0.15 * np.abs(pixels[:, None] - pixels[None]).mean(axis=(2, 3, 4)) / 255
        + 0.4 * distances("java2021-block-ssim", photos)
        + 0.3 * cdist(features("latent"), features("latent"), "cosine")
    )
    np.testing.assert_allclose(found, by_hand, atol=1e-3)


def test_the_predecessors_four_aggregations_are_a_grid():
    made = load_configurations(EXAMPLES / "java2021-aggregations.toml")
    votes = np.array([[[6.0, 0.0], [2.0, 4.0]]])  # of the nearer neighbour, and of the farther one
    entries = Entries(
        ids=["near", "far"],
        features=np.zeros((2, 1)),
        members=[["near"], ["far"]],
        is_prototype=[False, False],
        votes=votes[0],
    )
    neighbours = entries.nearest(np.array([[0.2, 0.6]]), k=2)
    found = [one.components().reuse.reuse(neighbours)[0].tolist() for one in made]
    weighted = [(0.8 * 6 + 0.4 * 2) / 1.2, (0.8 * 0 + 0.4 * 4) / 1.2]
    assert found == [[4, 2], pytest.approx(weighted), [6, 4], [2, 0]]


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_its_components_are_registered_and_fit_together(name):
    from cbrkit_xai import configuration

    components = configuration(name, profile="java2021").components(default_registry())
    assert components.metric.pairwise is not None
