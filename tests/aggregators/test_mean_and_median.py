"""The mean and the median of rows, against arithmetic by hand and numpy."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cbrkit_xai.aggregators.mean import Mean
from cbrkit_xai.aggregators.median import Median
from cbrkit_xai.errors import ParameterError

each_aggregator = pytest.mark.parametrize("aggregator", [Mean(), Median()], ids=["mean", "median"])


@st.composite
def stacks(draw):
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=4, max_side=6))
    dtype = draw(st.sampled_from([np.float32, np.float64, np.uint8, np.int64]))
    numbers = st.floats(-1e6, 1e6, width=32) if np.dtype(dtype).kind == "f" else st.integers(0, 255)
    stack = draw(hnp.arrays(dtype, shape, elements=numbers))
    stack.flags.writeable = False
    return stack


def test_the_mean_by_hand():
    assert Mean().aggregate(np.array([[1.0, 10.0], [3.0, 20.0], [8.0, 60.0]])).tolist() == [4.0, 30.0]


def test_the_median_by_hand():
    assert Median().aggregate(np.array([[1.0, 10.0], [3.0, 60.0], [8.0, 20.0]])).tolist() == [3.0, 20.0]
    assert Median().aggregate(np.array([[1.0], [3.0], [8.0], [90.0]])).tolist() == [5.5]


def test_the_weighted_mean_and_median_by_hand():
    stack, weights = np.array([[0.0], [1.0], [10.0]]), np.array([1, 2, 1])
    assert Mean().aggregate(stack, weights).tolist() == [3.0]
    assert Median().aggregate(stack, weights).tolist() == [1.0]
    assert Median().aggregate(stack, np.array([2, 1, 1])).tolist() == [
        0.5
    ]  # half of the weight is reached at 0


@given(stacks())
def test_mean_and_median_agree_with_numpy(stack):
    rows = stack.astype(np.float64)
    np.testing.assert_allclose(Mean().aggregate(stack), rows.mean(axis=0), rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(Median().aggregate(stack), np.median(rows, axis=0), rtol=1e-12)


@each_aggregator
@given(stack=stacks(), data=st.data())
def test_a_weight_counts_as_a_repetition(aggregator, stack, data):
    times = data.draw(hnp.arrays(np.int64, len(stack), elements=st.integers(0, 4)))
    assume(times.any())
    np.testing.assert_allclose(
        aggregator.aggregate(stack, times),
        aggregator.aggregate(np.repeat(stack, times, axis=0)),
        rtol=1e-12,
        atol=1e-9,
    )


@each_aggregator
@given(stack=stacks(), data=st.data())
def test_the_result_lies_within_the_range_of_each_column_to_the_last_bit(aggregator, stack, data):
    weights = data.draw(st.none() | hnp.arrays(np.float64, len(stack), elements=st.floats(0.01, 9)))
    result = aggregator.aggregate(stack, weights)
    assert (result >= stack.min(axis=0)).all()
    assert (result <= stack.max(axis=0)).all()


@each_aggregator
@given(stack=stacks(), times=st.integers(1, 7))
def test_equal_rows_give_that_row_exactly(aggregator, stack, times):
    same = np.repeat(stack[:1], times, axis=0)
    assert np.array_equal(aggregator.aggregate(same), stack[0])
    assert np.array_equal(aggregator.aggregate(same, np.full(times, 0.1)), stack[0])


@each_aggregator
@given(stack=stacks(), data=st.data())
def test_the_order_of_the_rows_does_not_matter(aggregator, stack, data):
    order = data.draw(st.permutations(range(len(stack))))
    np.testing.assert_allclose(
        aggregator.aggregate(stack[order]), aggregator.aggregate(stack), rtol=1e-12, atol=1e-9
    )


@given(stacks(), st.floats(-9, 9), st.floats(-9, 9))
def test_the_mean_is_linear(stack, factor, shift):
    rows = stack.astype(np.float64)
    np.testing.assert_allclose(
        Mean().aggregate(factor * rows + shift),
        factor * Mean().aggregate(rows) + shift,
        rtol=1e-10,
        atol=1e-6,
    )


@each_aggregator
def test_pixels_give_floats_and_do_not_wrap_round(aggregator):
    stack = np.array([[[[250]]], [[[251]]]], dtype=np.uint8)
    result = aggregator.aggregate(stack)
    assert result.dtype == np.float64
    assert result.tolist() == [[[250.5]]]


@each_aggregator
def test_fractional_weights_that_round_still_reach_the_half(aggregator):
    tenths = np.full(10, 0.1)  # ten times 0.1 adds up to 0.9999999999999999
    assert aggregator.aggregate(np.arange(10.0)[:, None], tenths).tolist() == [pytest.approx(4.5)]


@each_aggregator
@pytest.mark.parametrize(
    ("weights", "reason"),
    [
        ([0, 0, 0], "weights: all weights are 0"),
        ([1, -1, 1], r"weights\[1\]: -1.0 is not a weight"),
        ([1, np.nan, 1], r"weights\[1\]: nan is not a weight"),
        ([1, np.inf, 1], r"weights\[1\]: inf is not a weight"),
        ([1, 1], r"weights: the weights have shape \(2,\)"),
        ([[1, 1, 1]], r"weights: the weights have shape \(1, 3\)"),
        (["1", "1", "1"], "weights: the weights have shape"),
    ],
)
def test_weights_that_are_none_are_refused(aggregator, weights, reason):
    with pytest.raises(ParameterError, match=f"{reason}.*allowed: 3 finite numbers >= 0"):
        aggregator.aggregate(np.ones((3, 2)), np.array(weights))


@each_aggregator
@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_numbers_that_are_none_are_refused_with_their_row(aggregator, broken):
    stack = np.ones((3, 2, 2))
    stack[1, 0, 1] = broken
    with pytest.raises(
        ParameterError, match=f"stack: row 1 holds {broken}; allowed: finite numbers; leave the row out"
    ):
        aggregator.aggregate(stack)


@each_aggregator
@pytest.mark.parametrize("nothing", [np.ones((0, 3)), np.float64(3.0)])
def test_no_rows_are_refused(aggregator, nothing):
    with pytest.raises(ParameterError, match="nothing to aggregate"):
        aggregator.aggregate(nothing)


@each_aggregator
def test_texts_are_refused(aggregator):
    with pytest.raises(ParameterError, match="allowed: numbers"):
        aggregator.aggregate(np.array([["1"], ["2"]]))
