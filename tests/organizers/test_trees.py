"""Trees of embedded rows: what they find is what the linear organisation finds, ties and all."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbrkit_xai.aggregators.mean import Mean
from cbrkit_xai.cases import Cases
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.metrics.cosine import Cosine
from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.organizers.ball_tree import BallTree
from cbrkit_xai.organizers.kd_tree import KdTree
from cbrkit_xai.organizers.linear import Linear

TREES = {"kd-tree": KdTree(leaf_size=2), "ball-tree": BallTree(leaf_size=2)}
every_tree = pytest.mark.parametrize("tree", TREES.values(), ids=TREES)


def both(tree, cases, metric):
    return (organizer.organize(cases, metric, Mean()) for organizer in (tree, Linear()))


def assert_equal(found, wanted):
    assert [found.ids(query) for query in range(len(found))] == [
        wanted.ids(query) for query in range(len(wanted))
    ]
    assert np.array_equal(found.distances, wanted.distances)
    assert np.array_equal(found.votes, wanted.votes, equal_nan=True)


@st.composite
def bases(draw):
    """Rows with ties, zeros and duplicates, on scales from the tiny to the huge, and queries among them."""
    n, d, q = draw(st.integers(1, 30)), draw(st.integers(1, 5)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    scale = draw(st.sampled_from([1.0, 1e-12, 1e12, 1e-200, 1e200]))
    rows = rng.integers(-2, 3, size=(n + q, d)) * scale
    if draw(st.booleans()):
        rows = rows + rng.normal(size=rows.shape) * scale * 1e-9
    cases = Cases(
        ids=[f"case-{number:02d}" for number in rng.permutation(n)],
        features=rows[:n],
        votes=rng.choice([0.0, 1.0, np.nan], size=(n, 2)),
        methods=("lime", "xrai"),
    )
    exclude = [list(rng.choice(cases.ids, rng.integers(0, n + 1), replace=False)) for _ in range(q)]
    return cases, rows[n:], draw(st.integers(1, 32)), exclude


@every_tree
@pytest.mark.parametrize("metric", [Euclidean(), Cosine()], ids=["euclidean", "cosine"])
@settings(max_examples=25)
@given(given_base=bases())
def test_neighbours_are_those_of_linear_bit_for_bit(tree, metric, given_base):
    cases, queries, k, exclude = given_base
    index, linear = both(tree, cases, metric)
    assert_equal(index.nearest(queries, k), linear.nearest(queries, k))
    assert_equal(index.nearest(queries, k, exclude), linear.nearest(queries, k, exclude))


@every_tree
def test_all_ties_with_the_kth_are_compared_by_id(tree):
    angles = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    rows = np.concatenate([np.round([np.cos(angles), np.sin(angles)], 0).T, [[5.0, 5.0]]])
    cases = Cases(ids=[f"{99 - n}" for n in range(65)], features=rows, votes=rows, methods=("lime", "xrai"))
    index, linear = both(tree, cases, Euclidean())
    assert_equal(index.nearest(np.zeros((1, 2)), 3), linear.nearest(np.zeros((1, 2)), 3))


@every_tree
def test_few_cases_are_compared_where_few_are_near(tree, make_cases):
    compared = []

    def pairwise(queries, references):
        compared.append(len(references))
        return Euclidean().pairwise(queries, references)

    rows = np.random.default_rng(0).normal(size=(2000, 3))
    metric = SimpleNamespace(pairwise=pairwise, embed=Euclidean().embed)
    tree.organize(make_cases(rows), metric, Mean()).nearest(rows[:20], 5)
    assert compared == [5] * 20


@every_tree
def test_a_query_far_beyond_all_cases_finds_the_nearest_of_them(tree, make_cases):
    cases = make_cases(np.arange(1.0, 21.0)[:, None])
    index, linear = both(tree, cases, Euclidean())
    for query in (np.array([[1e200]]), np.array([[-1e200]]), np.array([[1e-200]])):
        assert_equal(index.nearest(query, 3), linear.nearest(query, 3))


@every_tree
def test_a_metric_without_an_embedding_is_refused(tree, make_cases):
    with pytest.raises(
        ParameterError, match="SimpleNamespace is not Euclidean after a mapping: it has no embed"
    ):
        tree.organize(make_cases(np.eye(3)), SimpleNamespace(pairwise=None), Mean())


@every_tree
def test_broken_queries_are_refused_as_by_linear(tree, make_cases):
    index, linear = both(tree, make_cases(np.eye(9)), Euclidean())
    for broken in (np.full((1, 9), np.nan), np.ones((1, 2))):
        messages = []
        for one in (index, linear):
            with pytest.raises(ParameterError) as caught:
                one.nearest(broken, 1)
            messages.append(str(caught.value))
        assert messages[0] == messages[1]


@every_tree
def test_an_empty_base_has_no_neighbours(tree, make_cases):
    found = tree.organize(make_cases(np.ones((0, 3))), Euclidean(), Mean()).nearest(np.ones((2, 3)), 5)
    assert found.k_eff.tolist() == [0, 0]


@every_tree
def test_exclude_needs_one_list_of_ids_per_query(tree, make_cases):
    index = tree.organize(make_cases(np.eye(3)), Euclidean(), Mean())
    with pytest.raises(ParameterError, match="1 rows for 2 queries"):
        index.nearest(np.eye(3)[:2], 1, [["case-000"]])
