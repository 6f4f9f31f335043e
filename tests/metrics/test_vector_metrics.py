"""Euclidean and cosine distance, against arithmetic by hand, plain loops and scikit-learn."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import pairwise_distances

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.metrics.cosine import Cosine
from cbrkit_xai.metrics.euclidean import Euclidean

METRICS = [Euclidean(), Cosine()]
each_metric = pytest.mark.parametrize("metric", METRICS, ids=["euclidean", "cosine"])


@st.composite
def two_tables(draw):
    """Queries and references of equal width, with repeated values so that ties and zeros occur."""
    width = draw(st.integers(1, 40))
    dtype = draw(st.sampled_from([np.float32, np.float64, np.uint8]))
    numbers = (
        st.integers(0, 255) if dtype is np.uint8 else st.sampled_from([-1e3, -1.5, 0.0, 1e-3, 0.1, 1.0, 7.7])
    )
    tables = [
        draw(hnp.arrays(dtype, (draw(st.integers(1, 9)), width), elements=numbers.map(dtype)))
        for _ in range(2)
    ]
    for table in tables:
        table.flags.writeable = False
    return tables


def test_euclidean_distance_by_hand():
    queries = np.array([[0.0, 0.0], [3.0, 4.0]])
    assert Euclidean().pairwise(queries, np.array([[3.0, 4.0], [0.0, 1.0], [6.0, 8.0]])).tolist() == [
        [5.0, 1.0, 10.0],
        [0.0, math.sqrt(18), 5.0],
    ]


def test_cosine_distance_by_hand():
    distances = Cosine().pairwise(np.array([[2.0, 0.0]]), np.array([[5, 0], [0, 1], [-3, 0], [1, 1]]))
    np.testing.assert_allclose(distances, [[0, 1, 2, 1 - math.sqrt(0.5)]], rtol=0, atol=1e-15)


@given(two_tables())
def test_euclidean_distances_are_those_of_a_plain_loop(tables):
    queries, references = tables
    wanted = [[math.dist(map(float, a), map(float, b)) for b in references] for a in queries]
    np.testing.assert_allclose(Euclidean().pairwise(queries, references), wanted, rtol=1e-13)


@given(two_tables())
def test_cosine_distances_are_one_minus_the_cosine_of_a_plain_loop(tables):
    def distance(a, b):
        a, b = [float(x) for x in a], [float(x) for x in b]
        lengths = math.hypot(*a) * math.hypot(*b)
        if lengths == 0:
            return 0.0 if any(a) == any(b) else 1.0
        return 1 - math.fsum(x * y for x, y in zip(a, b, strict=True)) / lengths

    queries, references = tables
    wanted = [[distance(a, b) for b in references] for a in queries]
    np.testing.assert_allclose(Cosine().pairwise(queries, references), wanted, rtol=0, atol=1e-13)


@each_metric
def test_distances_agree_with_scikit_learn(metric):
    rng = np.random.default_rng(0)
    queries, references = rng.normal(size=(17, 300)), rng.normal(size=(23, 300))
    name = type(metric).__name__.lower()
    np.testing.assert_allclose(
        metric.pairwise(queries, references), pairwise_distances(queries, references, metric=name), atol=1e-12
    )


@each_metric
@given(tables=two_tables())
def test_a_batch_equals_its_single_queries_bit_for_bit(metric, tables):
    queries, references = tables
    single = np.concatenate([metric.pairwise(query[None], references) for query in queries])
    assert np.array_equal(metric.pairwise(queries, references), single)


@each_metric
@pytest.mark.parametrize(("width", "n"), [(1, 3), (3, 70_000), (1280, 130), (70_000, 3)])
def test_blocks_do_not_show_in_the_distances(metric, width, n):
    rng = np.random.default_rng(1)
    queries, references = rng.normal(size=(3, width)), rng.normal(size=(n, width))
    whole = metric.pairwise(queries, references)
    some = np.array([0, n // 2, n - 1])
    assert np.array_equal(whole[:, some], metric.pairwise(queries, references[some]))
    assert np.array_equal(whole[1:2], metric.pairwise(queries[1:2], references))


@each_metric
@given(tables=two_tables(), data=st.data())
def test_permuting_the_references_permutes_the_distances(metric, tables, data):
    queries, references = tables
    order = data.draw(st.permutations(range(len(references))))
    assert np.array_equal(
        metric.pairwise(queries, references[order]), metric.pairwise(queries, references)[:, order]
    )


@each_metric
@given(tables=two_tables())
def test_distances_are_symmetric_and_never_negative_and_zero_from_itself(metric, tables):
    queries, references = tables
    distances = metric.pairwise(queries, references)
    assert np.array_equal(distances, metric.pairwise(references, queries).T)
    assert (distances >= 0).all()
    assert np.isfinite(distances).all()
    assert not np.diag(metric.pairwise(queries, queries)).any()


@given(two_tables())
def test_cosine_stays_at_most_two(tables):
    assert (Cosine().pairwise(*tables) <= 2).all()


@each_metric
@given(tables=two_tables())
def test_prepared_references_give_what_pairwise_gives(metric, tables):
    queries, references = tables
    assert np.array_equal(metric.prepare(references)(queries), metric.pairwise(queries, references))


@each_metric
def test_prepared_references_survive_pickling(metric):
    rows = np.eye(3)
    prepared = pickle.loads(pickle.dumps(metric.prepare(rows)))  # noqa: S301 - our own bytes
    assert np.array_equal(prepared(rows), metric.pairwise(rows, rows))


@each_metric
@given(tables=two_tables())
def test_the_euclidean_order_of_embedded_rows_is_the_metrics(metric, tables):
    queries, references = tables
    embedded = Euclidean().pairwise(metric.embed(queries), metric.embed(references))
    distances = metric.pairwise(queries, references)
    wanted = distances if isinstance(metric, Euclidean) else np.sqrt(2 * distances)
    np.testing.assert_allclose(embedded, wanted, atol=1e-12)


def test_a_zero_vector_is_at_cosine_distance_one_from_all_but_another():
    rng = np.random.default_rng(2)
    references = np.concatenate([rng.normal(size=(50, 7)), np.zeros((2, 7))])
    assert Cosine().pairwise(np.zeros((1, 7)), references).tolist() == [[1.0] * 50 + [0.0] * 2]


@pytest.mark.parametrize("size", [1e-200, 1e-30, 1e30, 1e200])
def test_huge_and_tiny_numbers_keep_their_distances(size):
    rows = np.array([[3.0, 4.0], [0.0, 0.0], [4.0, 3.0]]) * size
    np.testing.assert_allclose(
        Euclidean().pairwise(rows, rows) / size,
        [[0, 5, math.sqrt(2)], [5, 0, 5], [math.sqrt(2), 5, 0]],
        rtol=1e-14,
    )
    np.testing.assert_allclose(
        Cosine().pairwise(rows, rows), [[0, 1, 0.04], [1, 0, 1], [0.04, 1, 0]], rtol=1e-13
    )


@each_metric
def test_the_largest_float32_numbers_have_finite_distances(metric):
    largest = np.finfo(np.float32).max
    rows = np.array([[largest, -largest], [-largest, largest], [1e-45, 0]], dtype=np.float32)
    assert np.isfinite(metric.pairwise(rows, rows)).all()


def test_cosine_resolves_angles_that_one_minus_cos_cannot():
    angle = 1e-9  # 1 - cos(1e-9) is 5e-19, far below the spacing of numbers near 1
    distance = Cosine().pairwise(np.array([[1.0, 0.0]]), np.array([[math.cos(angle), math.sin(angle)]]))
    assert distance[0, 0] == pytest.approx(5e-19, rel=1e-6)


@each_metric
def test_no_references_give_no_distances(metric):
    assert metric.pairwise(np.ones((2, 5)), np.ones((0, 5))).shape == (2, 0)
    assert metric.pairwise(np.ones((0, 5)), np.ones((3, 5))).shape == (0, 3)


@each_metric
@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_numbers_that_are_none_are_refused_with_their_row(metric, broken):
    rows = np.ones((4, 3))
    rows[2, 1] = broken
    with pytest.raises(ParameterError, match=f"references: row 2 holds {broken}; allowed: finite numbers"):
        metric.pairwise(np.ones((1, 3)), rows)
    with pytest.raises(ParameterError, match=f"queries: row 2 holds {broken}"):
        metric.pairwise(rows, np.ones((1, 3)))


@each_metric
def test_rows_of_different_length_are_refused_even_if_they_would_broadcast(metric):
    with pytest.raises(ParameterError, match=r"1 numbers? a row and references \d"):
        Euclidean().pairwise(np.ones((2, 1)), np.ones((2, 5)))
    with pytest.raises(ParameterError, match="numbers a row"):
        metric.pairwise(np.ones((2, 4)), np.ones((2, 5)))


@each_metric
def test_pixels_are_refused(metric):
    with pytest.raises(ParameterError, match=r"shape \(1, 4, 4, 3\).*vectors, not pixels"):
        metric.pairwise(np.ones((1, 4, 4, 3)), np.ones((1, 4, 4, 3)))
