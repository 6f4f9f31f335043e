"""The linear organisation, against scikit-learn, brute force, and rebuilding."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors

from cbrkit_xai.cases import Cases
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.metrics.cosine import Cosine
from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.organizers.linear import Linear

METRICS = {"euclidean": Euclidean(), "cosine": Cosine()}


def linear(cases, metric=METRICS["euclidean"]):
    return Linear().organize(cases, metric, None)


def equal(found, wanted):
    """Whether two results name the same ids with the same distances, votes and sizes, bit for bit."""
    return (
        [found.ids(query) for query in range(len(found))]
        == [wanted.ids(query) for query in range(len(wanted))]
        and np.array_equal(found.distances, wanted.distances)
        and np.array_equal(found.votes, wanted.votes, equal_nan=True)
        and np.array_equal(found.sizes, wanted.sizes)
    )


@st.composite
def bases(draw):
    """A base with many ties and shuffled ids, queries, k, and what each query must not see."""
    n, q = draw(st.integers(1, 12)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    cases = Cases(
        ids=[f"case-{number}" for number in rng.permutation(n)],
        features=rng.integers(-2, 3, size=(n, 2)).astype(np.float32),
        votes=rng.choice([0.0, 1.0, 4.0, np.nan], size=(n, 3)),
        methods=("lime", "ig", "xrai"),
    )
    queries = rng.integers(-2, 3, size=(q, 2)).astype(np.float32)
    exclude = [list(rng.choice(cases.ids, rng.integers(0, n + 1), replace=False)) for _ in range(q)]
    return cases, queries, draw(st.integers(1, 14)), exclude


@pytest.mark.parametrize("name", METRICS)
def test_neighbours_equal_scikit_learns(name):
    rng = np.random.default_rng(0)
    rows, queries = rng.normal(size=(150, 20)), rng.normal(size=(30, 20))
    cases = Cases(
        ids=[f"{row:03d}" for row in range(150)], features=rows, votes=rows[:, :2], methods=("a", "b")
    )
    distances, places = (
        NearestNeighbors(n_neighbors=9, metric=name, algorithm="brute").fit(rows).kneighbors(queries)
    )
    found = linear(cases, METRICS[name]).nearest(queries, 9)
    assert np.array_equal(found.positions, places)
    np.testing.assert_allclose(found.distances, distances, atol=1e-10)
    assert np.array_equal(found.votes, rows[:, :2][places])


@pytest.mark.parametrize("name", METRICS)
def test_on_real_photos_neighbours_equal_scikit_learns(name, colour_histograms, make_cases):
    rows = colour_histograms.astype(np.float64)
    distances, places = (
        NearestNeighbors(n_neighbors=26, metric=name, algorithm="brute").fit(rows).kneighbors(rows)
    )
    found = linear(make_cases(colour_histograms), METRICS[name]).nearest(colour_histograms, 26)
    scale = distances.max()
    np.testing.assert_allclose(found.distances, distances, atol=1e-7 * scale)
    apart = np.diff(distances, axis=1, prepend=-scale, append=2 * scale) > 1e-7 * scale
    clear = apart[:, :-1] & apart[:, 1:]  # neither tied with the one before nor with the one after
    clear[:, -1] = False  # what comes after the last is unknown
    assert clear.mean() > 0.9
    assert np.array_equal(found.positions[clear], places[clear])


@given(bases())
def test_neighbours_are_sorted_by_distance_and_then_id(given_base):
    cases, queries, k, exclude = given_base
    found = linear(cases).nearest(queries, k, exclude)
    for query in range(len(queries)):
        candidates = [
            (float(np.hypot(*(row.astype(float) - queries[query]))), identifier)
            for identifier, row in zip(cases.ids, cases.features, strict=True)
            if identifier not in exclude[query]
        ]
        assert list(found.ids(query)) == [identifier for _, identifier in sorted(candidates)[:k]]
        assert found.k_eff[query] == min(k, len(candidates))


@pytest.mark.parametrize("name", METRICS)
@given(given_base=bases())
def test_a_batch_equals_its_single_queries_exactly(name, given_base):
    cases, queries, k, exclude = given_base
    index = linear(cases, METRICS[name])
    batch = index.nearest(queries, k, exclude)
    for query in range(len(queries)):
        single = index.nearest(queries[query : query + 1], k, exclude[query : query + 1])
        n = single.positions.shape[1]
        assert np.array_equal(batch.positions[query, :n], single.positions[0])
        assert np.array_equal(batch.distances[query, :n], single.distances[0])


@pytest.mark.parametrize("name", METRICS)
@given(given_base=bases())
def test_excluding_cases_equals_rebuilding_without_them(name, given_base):
    cases, queries, k, exclude = given_base
    index = linear(cases, METRICS[name])
    for query, held_out in enumerate(exclude):
        one = queries[query : query + 1]
        without = cases.take(np.array([identifier not in held_out for identifier in cases.ids]))
        assert equal(index.nearest(one, k, [held_out]), linear(without, METRICS[name]).nearest(one, k))


@pytest.mark.parametrize("name", METRICS)
@given(given_base=bases(), data=st.data())
def test_adding_and_removing_equal_rebuilding(name, given_base, data):
    cases, queries, k, _ = given_base
    cut = data.draw(st.integers(0, len(cases)))
    first, rest = cases.take(slice(0, cut)), cases.take(slice(cut, None))
    whole = linear(cases, METRICS[name]).nearest(queries, k)
    assert equal(linear(first, METRICS[name]).added(rest).nearest(queries, k), whole)
    assert equal(
        linear(cases, METRICS[name]).removed(rest.ids).nearest(queries, k),
        linear(first, METRICS[name]).nearest(queries, k),
    )


@given(bases(), st.data())
def test_permuting_the_cases_changes_nothing(given_base, data):
    cases, queries, k, exclude = given_base
    order = np.array(data.draw(st.permutations(range(len(cases)))))
    assert equal(
        linear(cases.take(order)).nearest(queries, k, exclude), linear(cases).nearest(queries, k, exclude)
    )


def test_adding_and_removing_leave_the_old_index_as_it_was(make_cases):
    cases = make_cases(np.eye(4))
    index = linear(cases.take(slice(0, 3)))
    index.added(cases.take(slice(3, 4)))
    index.removed(["case-000"])
    assert index.nearest(np.zeros((1, 4)), 9).ids(0) == ("case-000", "case-001", "case-002")


def test_an_empty_base_has_no_neighbours(make_cases):
    found = linear(make_cases(np.ones((0, 3)))).nearest(np.ones((2, 3)), 5)
    assert found.positions.shape == (2, 0)
    assert found.k_eff.tolist() == [0, 0]


def test_what_cannot_be_added_or_removed_is_named(make_cases):
    index = linear(make_cases(np.eye(3)))
    with pytest.raises(ParameterError, match="case 'case-000' is in the index already"):
        index.added(make_cases(np.eye(3)))
    with pytest.raises(ParameterError, match="votes are about method-0; allowed: method-0, method-1"):
        index.added(make_cases(np.eye(3), votes=[[1], [1], [1]], ids=["x", "y", "z"]))
    with pytest.raises(ParameterError, match=r"no case 'case-0001'.* did you mean 'case-0"):
        index.removed(["case-0001"])


def test_exclude_needs_one_list_of_ids_per_query(make_cases):
    index = linear(make_cases(np.eye(3)))
    with pytest.raises(ParameterError, match="1 rows for 2 queries; allowed: one list of case ids per query"):
        index.nearest(np.eye(3)[:2], 1, [["case-000"]])
    with pytest.raises(ParameterError, match=r"exclude\[0\]: 'case-000' is a text"):
        index.nearest(np.eye(3)[:1], 1, ["case-000"])


@pytest.mark.parametrize("k", [0, -1, 1.5, True, None])
def test_k_must_be_a_whole_number_of_at_least_one(k, make_cases):
    with pytest.raises(ParameterError, match=f"k is {k}; allowed: a whole number of at least 1"):
        linear(make_cases(np.eye(3))).nearest(np.eye(3), k)
