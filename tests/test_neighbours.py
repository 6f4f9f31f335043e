from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbrkit_xai import Cases, Entries
from cbrkit_xai.errors import ParameterError, PluginError
from cbrkit_xai.neighbours import check_k, mean_votes, weighted_mean

NAN = float("nan")


def cases(ids, votes=None, groups=None):
    n = len(ids)
    return Cases(
        ids=ids,
        features=np.arange(n, dtype=float)[:, None],
        votes=np.arange(2.0 * n).reshape(n, 2) if votes is None else votes,
        methods=("lime", "xrai"),
        **({} if groups is None else {"groups": groups}),
    )


def entries(*ids):
    return Entries.of_cases(cases(ids))


# Against brute force --------------------------------------------------------------------------------------

unique_ids = st.lists(st.text("ab1-", max_size=3), min_size=1, max_size=9, unique=True)


@st.composite
def searches(draw):
    ids = draw(unique_ids)
    queries = draw(st.integers(1, 4))
    few_values = st.sampled_from([0.0, 1.0, 1.0 + 2**-52, 2.0])  # many ties
    rows = st.lists(few_values, min_size=len(ids), max_size=len(ids))
    distances = np.array(draw(st.lists(rows, min_size=queries, max_size=queries)))
    flags = st.lists(st.booleans(), min_size=len(ids), max_size=len(ids))
    allowed = draw(st.none() | st.lists(flags, min_size=queries, max_size=queries).map(np.array))
    return ids, distances, draw(st.integers(1, len(ids) + 2)), allowed


@given(searches())
def test_the_nearest_are_those_of_a_full_sort_by_distance_then_id(search):
    ids, distances, k, allowed = search
    index = Entries.of_cases(cases(ids))
    found = index.nearest(distances, k, allowed)
    expected = []
    for query, row in enumerate(distances):
        pairs = [
            (d, i)
            for place, (d, i) in enumerate(zip(row, ids, strict=True))
            if allowed is None or allowed[query][place]
        ]
        expected.append(sorted(pairs)[:k])
    width = max(len(row) for row in expected)
    assert found.positions.shape == found.distances.shape == found.sizes.shape == (len(distances), width)
    assert found.votes.shape == (len(distances), width, 2)
    assert found.k_eff.tolist() == [len(row) for row in expected]
    for query, row in enumerate(expected):
        n = len(row)
        assert found.ids(query) == tuple(i for _, i in row)
        assert found.distances[query, :n].tolist() == [d for d, _ in row]
        places = [ids.index(i) for _, i in row]
        assert found.positions[query].tolist() == places + [-1] * (width - n)
        np.testing.assert_array_equal(found.votes[query, :n], index.votes[places])
        assert found.sizes[query].tolist() == [1] * n + [0] * (width - n)
        assert np.isinf(found.distances[query, n:]).all()
        assert np.isnan(found.votes[query, n:]).all()


@given(searches())
def test_a_batch_equals_its_single_queries_and_fewer_are_the_first_of_more(search):
    ids, distances, k, allowed = search
    index = Entries.of_cases(cases(ids))
    batch = index.nearest(distances, k, allowed)
    for query in range(len(distances)):
        one = slice(query, query + 1)
        single = index.nearest(distances[one], k, None if allowed is None else allowed[one])
        assert single.ids(0) == batch.ids(query) == batch.take([query]).ids(0)
    for fewer in range(1, k + 1):
        smaller = index.nearest(distances, fewer, allowed)
        cut = batch.first(fewer)
        for field in ("positions", "distances", "votes", "sizes"):
            np.testing.assert_array_equal(getattr(cut, field), getattr(smaller, field))


def test_equal_distances_are_told_apart_by_id_and_not_by_place():
    found = entries("c", "a", "b").nearest(np.zeros((1, 3)), 2)
    assert found.ids(0) == ("a", "b")
    assert found.positions.tolist() == [[1, 2]]


def test_more_neighbours_than_entries_are_all_of_them():
    found = entries("a", "b").nearest(np.array([[2.0, 1.0]]), 10**9)
    assert found.ids(0) == ("b", "a")
    assert found.k_eff.tolist() == [2]


def test_a_query_to_which_nothing_is_allowed_gets_nothing():
    found = entries("a", "b").nearest(np.array([[2.0, 1.0]]), 1, np.zeros((1, 2), dtype=bool))
    assert found.k_eff.tolist() == [0]
    assert found.ids(0) == ()


def test_a_search_without_queries_finds_nothing():
    assert len(entries("a").nearest(np.zeros((0, 1)), 3)) == 0


@pytest.mark.parametrize(
    ("distances", "told"),
    [
        (np.zeros((2, 3)), r"distances: gives float64 of shape \(2, 3\); allowed: numbers of shape \(q, 2\)"),
        (np.zeros(2), r"shape \(2,\)"),
        (np.zeros((2, 2, 1)), r"shape \(2, 2, 1\)"),
        (3.0, r"shape \(\)"),
        (None, "gives object"),
        ([[1.0, 2.0], [1.0]], "gives object"),
        ([["near", "far"]], "gives <U4"),
        ([[1.0, NAN]], "a distance is nan; allowed: finite numbers >= 0"),
        ([[np.inf, 1.0]], "a distance is inf"),
        ([[1.0, -1e-9]], "a distance is -1e-09"),
    ],
    ids=[
        "too many",
        "a row",
        "a cube",
        "a number",
        "nothing",
        "ragged",
        "texts",
        "NaN",
        "infinite",
        "negative",
    ],
)
def test_what_is_no_distance_is_refused_and_shown(distances, told):
    with pytest.raises(PluginError, match=told):
        entries("a", "b").nearest(distances, 1)


def test_what_stands_for_an_entry_that_is_not_allowed_may_be_anything():
    allowed = np.array([[False, True]])
    assert entries("a", "b").nearest(np.array([[NAN, 1.0]]), 2, allowed).ids(0) == ("b",)
    with pytest.raises(PluginError, match="a distance is nan"):
        entries("a", "b").nearest(np.array([[NAN, 1.0]]), 2, ~allowed)


def test_taking_queries_keeps_their_order():
    found = entries("a", "b", "c").nearest(np.array([[0.0, 1, 2], [2, 0, 1], [1, 2, 0]]), 2)
    picked = found.take([2, 0])
    assert len(picked) == 2
    assert [picked.ids(0), picked.ids(1)] == [("c", "a"), ("a", "b")]
    assert found.take(np.array([False, True, False])).ids(0) == ("b", "c")


def test_votes_and_sizes_may_belong_to_the_query():
    index = entries("a", "b")
    own = index.neighbours([np.array([1])], [np.array([0.5])], [np.array([[7.0, 8.0]])], [np.array([3])])
    assert own.votes.tolist() == [[[7.0, 8.0]]]
    assert own.sizes.tolist() == [[3]]
    assert index.votes[1].tolist() == [2.0, 3.0]


@pytest.mark.parametrize("k", [0, -1, True, False, "five", 2.0, None, [1], NAN])
def test_k_is_a_whole_number_of_at_least_1(k):
    found = entries("a").nearest(np.zeros((1, 1)), 1)
    for ask in (check_k, found.first, lambda k: entries("a").nearest(np.zeros((1, 1)), k)):
        with pytest.raises(ParameterError, match="allowed: a whole number of at least 1"):
            ask(k)


def test_a_whole_number_may_be_numpys():
    assert check_k(np.int64(3)) == 3
    assert type(check_k(np.int64(3))) is int


# Immutable, consistent ------------------------------------------------------------------------------------


def test_no_array_of_neighbours_entries_or_cases_can_be_written():
    columns = cases(("a", "b"))
    index = Entries.of_cases(columns)
    found = index.nearest(np.zeros((1, 2)), 1)
    arrays = [
        *(getattr(found, name) for name in ("positions", "distances", "votes", "sizes")),
        *(getattr(index, name) for name in ("features", "votes", "is_prototype", "sizes", "ranks")),
        columns.features,
        columns.votes,
        found.take([0]).votes,
        found.first(1).distances,
        columns.take([0]).votes,
    ]
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def prototypes(**changes):
    parts = {
        "ids": ("p", "q"),
        "features": np.zeros((2, 1)),
        "votes": np.zeros((2, 2)),
        "members": [("a", "b", "c"), ("d",)],
        "is_prototype": [True, False],
    }
    return Entries(**{**parts, **changes})


def test_the_size_of_a_prototype_is_the_number_of_its_members():
    assert prototypes().sizes.tolist() == [3, 1]
    assert len(prototypes()) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"ids": ("p",)},
        {"ids": ("p", "p")},
        {"features": np.zeros((3, 1))},
        {"features": {"a": np.zeros((2, 1)), "b": np.zeros((1, 1))}},
        {"votes": np.zeros((1, 2))},
        {"members": [("a",)]},
        {"is_prototype": [True]},
    ],
    ids=str,
)
def test_entries_that_do_not_agree_in_number_or_share_an_id_are_refused(changes):
    with pytest.raises(ParameterError, match=r"differ in number|unique|the same number"):
        prototypes(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"ids": ("a", "a")},
        {"features": np.zeros((3, 1))},
        {"votes": np.zeros((2, 1))},
        {"votes": np.zeros((1, 2))},
        {"groups": ("a",)},
    ],
    ids=str,
)
def test_columns_that_do_not_agree_are_refused(changes):
    parts = {
        "ids": ("a", "b"),
        "features": np.zeros((2, 1)),
        "votes": np.zeros((2, 2)),
        "methods": ("lime", "xrai"),
    }
    with pytest.raises(ParameterError, match=r"unique|rows|shape"):
        Cases(**{**parts, **changes})


# Columns --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [[2, 0], np.array([True, False, True]), slice(1, None), []], ids=str)
def test_taking_cases_takes_every_column(rows):
    columns = cases(("a", "b", "c"), groups=("x", "y", "x"))
    taken = columns.take(rows)
    expected = np.arange(3)[rows]
    assert taken.ids == tuple("abc"[row] for row in expected)
    assert taken.groups == tuple("xyx"[row] for row in expected)
    np.testing.assert_array_equal(taken.features, columns.features[expected])
    np.testing.assert_array_equal(taken.votes, columns.votes[expected])
    assert taken.methods == columns.methods


def test_rows_and_shares_of_cases_are_computed_once():
    columns = cases("ab", votes=[[3.0, 1.0], [NAN, 2.0]])
    assert dict(columns.row_of) == {"a": 0, "b": 1}
    np.testing.assert_array_equal(columns.shares, [[0.75, 0.25], [NAN, 1.0]])
    assert columns.shares is columns.shares
    assert columns.row_of is columns.row_of
    np.testing.assert_array_equal(columns.take([1]).shares, [[NAN, 1.0]])


def test_leaving_a_case_out_leaves_its_whole_group_out():
    assert cases(("a", "b", "c"), groups=("x", "y", "x")).held_out() == [["a", "c"], ["b"], ["a", "c"]]
    assert cases(("a", "b")).held_out() == [["a"], ["b"]]


# Means of votes -------------------------------------------------------------------------------------------


def test_the_mean_of_votes_leaves_out_who_was_not_asked_and_counts_0():
    votes = np.array([[4.0, 1.0, NAN], [0.0, NAN, NAN]])
    np.testing.assert_array_equal(mean_votes(votes), [2.0, 1.0, NAN])
    np.testing.assert_array_equal(mean_votes(np.zeros((0, 2))), [NAN, NAN])


def test_the_weighted_mean_shares_the_weight_of_those_asked():
    values = np.array([[[4.0, NAN, NAN], [1.0, 3.0, NAN], [9.0, 9.0, 5.0]]])
    weights = np.array([[0.75, 0.25, 0.0]])
    np.testing.assert_array_equal(weighted_mean(values, weights), [[3.25, 3.0, NAN]])


@given(
    st.lists(st.lists(st.sampled_from([NAN, 0.0, 1.0, 5.0]), min_size=2, max_size=2), min_size=1, max_size=5),
    st.data(),
)
def test_the_weighted_mean_is_numpys_average_over_those_asked(rows, data):
    values = np.array(rows)
    weights = np.array(
        data.draw(st.lists(st.sampled_from([0.0, 0.5, 2.0]), min_size=len(rows), max_size=len(rows)))
    )
    found = weighted_mean(values[None], weights[None])[0]
    for method in range(2):
        asked = ~np.isnan(values[:, method])
        if weights[asked].sum() == 0:
            assert np.isnan(found[method])
        else:
            assert found[method] == pytest.approx(np.average(values[asked, method], weights=weights[asked]))
