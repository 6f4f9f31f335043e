"""Eqs. 4 and 5 by hand, and the learnt share against a grid search."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cbrkit_xai import Cases, Entries
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.reuse.mean import Mean

NAN = float("nan")


def cases(votes, groups=None, at=None):
    votes = np.asarray(votes, dtype=float)
    n = len(votes)
    return Cases(
        ids=[f"c{row:02}" for row in range(n)],
        features=np.array(range(n) if at is None else at, dtype=float)[:, None],
        votes=votes,
        methods=[f"m{column}" for column in range(votes.shape[1])],
        **({} if groups is None else {"groups": groups}),
    )


def found(votes, distances, k=None, sizes=None, allowed=None):
    """Neighbours of queries at `distances` from entries with `votes`; sizes by members."""
    votes = np.asarray(votes, dtype=float)
    sizes = sizes or [1] * len(votes)
    entries = Entries(
        ids=[f"e{row}" for row in range(len(votes))],
        features=np.zeros((len(votes), 1)),
        votes=votes,
        members=[[f"e{row}-{member}" for member in range(size)] for row, size in enumerate(sizes)],
        is_prototype=[size > 1 for size in sizes],
    )
    return entries.nearest(np.asarray(distances, dtype=float), k or len(votes), allowed)


def test_a_prediction_is_the_mean_of_the_neighbours_votes():
    near = found([[4, 1], [2, 3], [9, 9]], [[0.0, 1.0, 2.0]], k=2)
    np.testing.assert_array_equal(Mean().reuse(near), [[3.0, 2.0]])


def test_a_method_nobody_was_asked_about_counts_as_unknown_and_not_as_0():
    near = found([[4, NAN, NAN], [2, 3, NAN], [0, 0, NAN]], [[0.0, 1.0, 2.0]])
    np.testing.assert_array_equal(Mean().reuse(near), [[2.0, 1.5, NAN]])


def test_a_query_with_fewer_neighbours_uses_those_it_has():
    allowed = np.array([[True, True, True], [True, False, False], [False, False, False]])
    near = found([[6, 1], [3, NAN], [0, 2]], np.zeros((3, 3)), allowed=allowed)
    np.testing.assert_array_equal(Mean().reuse(near), [[3.0, 1.5], [6.0, 1.0], [NAN, NAN]])
    np.testing.assert_allclose(Mean().weights(near), [[1 / 3] * 3, [1, 0, 0], [0, 0, 0]])


def test_weights_by_size_count_the_cases_an_entry_stands_for():
    near = found([[4.0], [0.0]], [[1.0, 1.0]], sizes=[1, 3])
    np.testing.assert_array_equal(Mean(weight="size").weights(near), [[0.25, 0.75]])
    np.testing.assert_array_equal(Mean(weight="size").reuse(near), [[1.0]])


def test_weights_by_similarity_fall_with_distance_relative_to_the_mean():
    near = found([[4.0], [0.0]], [[1.0, 3.0]])  # mean distance 2: 1 / 1.5 and 1 / 2.5
    np.testing.assert_allclose(Mean(weight="similarity").weights(near), [[0.625, 0.375]], rtol=1e-15)
    np.testing.assert_allclose(Mean(weight="similarity").reuse(near), [[2.5]], rtol=1e-15)


def test_weights_by_similarity_leave_padding_out_of_the_mean_distance():
    allowed = np.array([[True, True, False], [True, True, True]])
    near = found([[4.0], [0.0], [1.0]], [[1.0, 3.0, 9.0], [1.0, 1.0, 1.0]], allowed=allowed)
    np.testing.assert_allclose(Mean(weight="similarity").weights(near), [[0.625, 0.375, 0], [1 / 3] * 3])


def test_neighbours_all_at_distance_0_count_alike():
    near = found([[4.0], [0.0]], [[0.0, 0.0]])
    np.testing.assert_array_equal(Mean(weight="similarity").weights(near), [[0.5, 0.5]])


vote = st.sampled_from([NAN, 0.0, 1.0, 2.0, 5.0])
distance = st.sampled_from([0.0, 0.25, 1.0, 1000.0])


@given(
    st.lists(st.tuples(vote, vote), min_size=1, max_size=6),
    st.data(),
    st.sampled_from(["none", "similarity", "size"]),
)
def test_weights_sum_to_1_and_a_prediction_stays_between_its_neighbours_votes(votes, data, weight):
    distances = data.draw(st.lists(distance, min_size=len(votes), max_size=len(votes)))
    sizes = data.draw(st.lists(st.integers(1, 4), min_size=len(votes), max_size=len(votes)))
    near = found(votes, [distances], sizes=sizes)
    weights = Mean(weight=weight).weights(near)
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    predicted = Mean(weight=weight).reuse(near)[0]
    for method in range(2):
        asked = [pair[method] for pair in votes if not np.isnan(pair[method])]
        if asked:
            assert min(asked) - 1e-12 <= predicted[method] <= max(asked) + 1e-12
        else:
            assert np.isnan(predicted[method])


@given(st.lists(st.tuples(vote, distance), min_size=1, max_size=5), st.sampled_from([0.5, 8.0, 1024.0]))
def test_the_unit_of_the_metric_does_not_matter(rows, unit):
    votes, distances = zip(*rows, strict=True)
    near = found([[one] for one in votes], [distances])
    in_another_unit = found([[one] for one in votes], [[unit * one for one in distances]])
    strategy = Mean(weight="similarity")
    np.testing.assert_allclose(strategy.reuse(near), strategy.reuse(in_another_unit), rtol=1e-12)


# Shrinkage ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "expected"), [(0, [4.0, 1.0]), (0.25, [3.5, 1.5]), (1, [2.0, 3.0]), (1.0, [2.0, 3.0])]
)
def test_a_share_of_the_bases_mean_is_mixed_in(share, expected):
    near = found([[4.0, 1.0]], [[0.0]])
    np.testing.assert_array_equal(Mean(shrinkage=share, overall=(2.0, 3.0)).reuse(near), [expected])


def test_the_bases_mean_speaks_where_no_neighbour_was_asked_and_the_other_way_round():
    near = found([[NAN, 1.0, NAN]], [[0.0]])
    predicted = Mean(shrinkage=0.5, overall=(2.0, NAN, NAN)).reuse(near)
    np.testing.assert_array_equal(predicted, [[2.0, 1.0, NAN]])


@pytest.mark.parametrize(
    "strategy",
    [Mean(shrinkage=0.5), Mean(shrinkage="fitted"), Mean(shrinkage="fitted", overall=(1.0,))],
    ids=str,
)
def test_shrinking_before_fitting_is_refused(strategy):
    with pytest.raises(ParameterError, match="shrinkage needs the base's mean"):
        strategy.reuse(found([[4.0]], [[0.0]]))


@pytest.mark.parametrize("share", [-0.1, 1.1, NAN, True, False, "half", None, "Fitted"])
def test_a_share_lies_between_0_and_1(share):
    with pytest.raises(
        ParameterError, match=r"shrinkage: .* does not fit; allowed: a number from 0 to 1, or 'fitted'"
    ):
        Mean(shrinkage=share)


@pytest.mark.parametrize("weight", ["sizes", None, True])
def test_a_weight_is_one_of_three(weight):
    with pytest.raises(ValueError, match="weight"):
        Mean(weight=weight)


def test_fitting_learns_the_bases_mean_and_changes_nothing_else():
    strategy = Mean(weight="size", shrinkage=0.5)
    fitted = strategy.fitted(cases([[4, NAN], [2, NAN], [0, NAN]]))
    assert (fitted.weight, fitted.shrinkage, fitted.overall[0]) == ("size", 0.5, 2.0)
    assert np.isnan(fitted.overall[1])
    assert strategy.overall is None


def leave_one_out(columns, k):
    distances = np.abs(columns.features - columns.features.T)
    groups = np.asarray(columns.groups)
    return Entries.of_cases(columns).nearest(distances, k, groups[:, None] != groups[None, :])


def squared_error(columns, k, share):
    """Leave-one-out squared error of a share, case by case and method by method, in plain Python."""
    total, n = 0.0, len(columns)
    for i in range(n):
        others = [j for j in range(n) if columns.groups[j] != columns.groups[i]]
        near = sorted(
            others,
            key=lambda j: (abs(float(columns.features[i, 0] - columns.features[j, 0])), columns.ids[j]),
        )[:k]
        for method in range(len(columns.methods)):
            truth = columns.votes[i, method]
            of_near = [columns.votes[j, method] for j in near if not np.isnan(columns.votes[j, method])]
            of_all = [columns.votes[j, method] for j in others if not np.isnan(columns.votes[j, method])]
            if of_near and of_all and not np.isnan(truth):
                predicted = (1 - share) * sum(of_near) / len(of_near) + share * sum(of_all) / len(of_all)
                total += (predicted - truth) ** 2
    return total


@settings(max_examples=40)
@given(
    st.lists(st.tuples(vote, vote), min_size=3, max_size=7),
    st.integers(1, 3),
    st.lists(st.sampled_from("xyz"), min_size=7, max_size=7) | st.none(),
)
def test_the_fitted_share_is_the_one_a_grid_search_finds(votes, k, groups):
    columns = cases(votes, None if groups is None else groups[: len(votes)])
    assume(len(set(columns.groups)) > 1)
    fitted = Mean(shrinkage="fitted").fitted(columns, leave_one_out(columns, k))
    assert 0 <= fitted.shrinkage <= 1
    least = min(squared_error(columns, k, share) for share in np.linspace(0, 1, 101))
    assert squared_error(columns, k, fitted.shrinkage) <= least + 1e-9


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ([[0.0], [0.0], [9.0], [9.0]], 0.0),  # the neighbour knows it all
        ([[0.0], [9.0], [0.0], [9.0]], 1.0),  # the neighbour misleads
    ],
    ids=["alike", "unlike"],
)
def test_the_share_is_small_where_neighbours_agree_and_large_where_they_mislead(votes, expected):
    columns = cases(votes, at=[0, 1, 10, 11])
    assert Mean(shrinkage="fitted").fitted(columns, leave_one_out(columns, 1)).shrinkage == expected


@pytest.mark.parametrize("k", [1, None], ids=["one case", "no neighbours"])
def test_with_nothing_to_compare_the_base_speaks_alone(k):
    columns = cases([[4.0, 1.0]])
    neighbours = None if k is None else leave_one_out(columns, k)
    fitted = Mean(shrinkage="fitted").fitted(columns, neighbours)
    assert fitted.shrinkage == 1.0
    assert fitted.overall == (4.0, 1.0)
