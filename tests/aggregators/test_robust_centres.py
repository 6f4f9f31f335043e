"""Weighted and trimmed mean, geometric median, medoid, max and min, against other people's arithmetic."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import minimize
from scipy.spatial.distance import cdist
from scipy.stats import trim_mean

from cbrkit_xai import Registry
from cbrkit_xai.aggregators.geometric_median import GeometricMedian
from cbrkit_xai.aggregators.max import Max
from cbrkit_xai.aggregators.mean import Mean
from cbrkit_xai.aggregators.medoid import Medoid
from cbrkit_xai.aggregators.min import Min
from cbrkit_xai.aggregators.trimmed_mean import TrimmedMean
from cbrkit_xai.aggregators.weighted_mean import WeightedMean
from cbrkit_xai.choice import use
from cbrkit_xai.errors import ConfigurationError, ParameterError
from cbrkit_xai.metrics.cosine import Cosine

EACH = {
    "weighted-mean": WeightedMean(),
    "trimmed-mean": TrimmedMean(share=0.2),
    "geometric-median": GeometricMedian(),
    "medoid": Medoid(),
    "max": Max(),
    "min": Min(),
}
each_aggregator = pytest.mark.parametrize("aggregator", EACH.values(), ids=EACH)

small_tables = hnp.arrays(
    np.float64, st.tuples(st.integers(1, 7), st.integers(1, 4)), elements=st.integers(-3, 3).map(float)
)


@st.composite
def weighted_tables(draw):
    rows = draw(small_tables)
    weights = draw(hnp.arrays(np.int64, len(rows), elements=st.integers(0, 3)).filter(np.any))
    return rows, weights


@each_aggregator
@settings(max_examples=25)
@given(weighted_tables())
def test_a_weight_counts_as_a_repetition_and_0_as_absence(aggregator, table):
    rows, weights = table
    np.testing.assert_allclose(
        aggregator.aggregate(rows, weights),
        aggregator.aggregate(np.repeat(rows, weights, axis=0)),
        atol=1e-6,
    )


@each_aggregator
@settings(max_examples=25)
@given(small_tables, st.randoms(use_true_random=False))
def test_the_order_of_rows_with_ties_does_not_matter(aggregator, rows, random):
    order = random.sample(range(len(rows)), len(rows))
    np.testing.assert_allclose(aggregator.aggregate(rows[order]), aggregator.aggregate(rows), atol=1e-6)


@each_aggregator
@pytest.mark.parametrize("number", [0.1, 1e12, 1e-300, 0.0, -7.0])
def test_equal_rows_give_that_row_exactly_whatever_their_size(aggregator, number):
    rows = np.full((7, 3), number)
    assert np.array_equal(aggregator.aggregate(rows), rows[0])
    assert np.array_equal(aggregator.aggregate(rows, np.full(7, 0.3)), rows[0])


@each_aggregator
def test_pixels_keep_their_shape_and_become_floats(aggregator):
    stack = np.random.default_rng(0).integers(0, 256, (5, 4, 3, 3), dtype=np.uint8)
    result = aggregator.aggregate(stack)
    assert result.shape == (4, 3, 3)
    assert result.dtype == np.float64
    np.testing.assert_allclose(
        result.ravel(), aggregator.aggregate(stack.reshape(5, -1).astype(float)), rtol=1e-9
    )


@each_aggregator
def test_the_least_of_an_empty_list_is_refused_and_not_nan(aggregator):
    with pytest.raises(ParameterError, match="nothing to aggregate"):
        aggregator.aggregate(np.empty((0, 3)))


@each_aggregator
def test_nan_is_refused_with_its_row(aggregator):
    with pytest.raises(ParameterError, match="row 1 holds nan"):
        aggregator.aggregate(np.array([[1.0], [np.nan]]))


# Weighted mean --------------------------------------------------------------------------------------------


def test_the_weighted_mean_by_hand():
    # Mean 2, distances 2, 2, 1, 5, mean distance 2.5: similarities 5/9, 5/9, 5/7, 1/3.
    rows = np.array([[0.0], [0.0], [1.0], [7.0]])
    expected = (5 / 7 * 1 + 1 / 3 * 7) / (5 / 9 + 5 / 9 + 5 / 7 + 1 / 3)
    np.testing.assert_allclose(WeightedMean().aggregate(rows), [expected], rtol=1e-14)


def test_an_odd_row_moves_the_weighted_mean_less_than_the_mean():
    rows = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 0.0], [90.0, 90.0]])
    assert (WeightedMean().aggregate(rows) < 0.7 * Mean().aggregate(rows)).all()


def test_a_small_similarity_is_used_as_it_is():
    # The predecessor put 0.1 in place of a similarity of 0: with 999 near rows that would show.
    rows = np.zeros((1000, 1))
    rows[-1] = 1.0
    mean, d_mean = 1e-3, (999 * 1e-3 + 0.999) / 1000
    near, far = 1 / (1 + mean / d_mean), 1 / (1 + 0.999 / d_mean)
    assert far < 0.003
    np.testing.assert_allclose(WeightedMean().aggregate(rows), [far / (999 * near + far)], rtol=1e-12)


# Trimmed mean ---------------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(hnp.arrays(np.float64, (10, 3), elements=st.floats(-100, 100)), st.sampled_from([0.0, 0.1, 0.2, 0.4]))
def test_where_whole_rows_are_cut_it_is_scipys_trimmed_mean(rows, share):
    np.testing.assert_allclose(
        TrimmedMean(share=share).aggregate(rows), trim_mean(rows, share), rtol=1e-9, atol=1e-9
    )


def test_a_row_that_the_cut_goes_through_counts_with_what_is_left_of_it():
    # Five rows, a quarter at each end: 1.25 rows are cut, and .75, 1 and .75 of the inner three stay.
    rows = np.array([[-50.0], [1.0], [2.0], [6.0], [900.0]])
    expected = (0.75 * 1 + 2 + 0.75 * 6) / 2.5
    np.testing.assert_allclose(TrimmedMean(share=0.25).aggregate(rows), [expected])


@pytest.mark.parametrize("share", [-0.1, 0.5, float("nan")])
def test_a_share_that_leaves_nothing_is_refused(share):
    with pytest.raises(ValueError, match="share"):
        TrimmedMean(share=share)


# Geometric median -----------------------------------------------------------------------------------------


def summed(point, rows, weights):
    return (weights * np.linalg.norm(rows - point, axis=1)).sum()


@settings(max_examples=15)
@given(weighted_tables())
def test_no_general_optimizer_finds_a_point_with_a_smaller_sum_of_distances(table):
    rows, weights = table
    found = summed(GeometricMedian().aggregate(rows, weights), rows, weights)
    start = rows.mean(axis=0) + 0.01
    other = minimize(summed, start, args=(rows, weights), method="Nelder-Mead", options={"maxiter": 400})
    least = min(other.fun, *(summed(row, rows, weights) for row in rows))
    assert found <= least * (1 + 1e-8) + 1e-9


def test_in_a_triangle_it_is_fermats_point():
    # Of an equilateral triangle the centre; with an angle over 120 degrees that very corner.
    equilateral = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])
    np.testing.assert_allclose(
        GeometricMedian().aggregate(equilateral), [0.5, np.sqrt(3) / 6], rtol=0, atol=1e-9
    )
    flat = np.array([[-10.0, 0.0], [0.0, 1.0], [10.0, 0.0]])
    np.testing.assert_allclose(GeometricMedian().aggregate(flat), [0.0, 1.0], rtol=0, atol=1e-12)


def test_an_iterate_that_hits_a_row_is_no_division_by_zero():
    # The mean, from which Weiszfeld would start, is the third row, and not the median.
    rows = np.array([[-8.0, 0.0], [1.0, 1.0], [0.0, 0.0], [1.0, -1.0], [6.0, 0.0]])
    assert rows.mean(axis=0).tolist() == [0.0, 0.0]
    median = GeometricMedian().aggregate(rows)
    assert summed(median, rows, 1) < summed(rows[2], rows, 1) - 0.09


def test_rows_on_one_line_have_their_median_halfway_between_the_middle_two():
    assert GeometricMedian().aggregate(np.array([[0.0], [1.0], [2.0], [10.0]])).tolist() == [1.5]
    diagonal = np.array([[9.0, 9.0], [0.0, 0.0]])
    np.testing.assert_allclose(GeometricMedian().aggregate(diagonal), [4.5, 4.5])


def test_almost_half_of_the_rows_cannot_carry_it_off():
    rows = np.random.default_rng(1).normal(size=(21, 5))
    rows[:10] += 1e9
    assert np.abs(GeometricMedian().aggregate(rows)).max() < 10


def test_rows_with_more_numbers_than_there_are_rows_keep_their_median():
    rows = np.random.default_rng(2).normal(size=(6, 3))
    wide = np.concatenate([rows, np.zeros((6, 40))], axis=1)
    np.testing.assert_allclose(
        GeometricMedian().aggregate(wide)[:3], GeometricMedian().aggregate(rows), rtol=0, atol=1e-8
    )


@pytest.mark.parametrize("wrong", [{"tolerance": 0.0}, {"max_steps": 0}], ids=str)
def test_an_iteration_that_cannot_end_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        GeometricMedian(**wrong)


# Medoid ---------------------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(weighted_tables())
def test_no_row_has_a_smaller_sum_of_distances_than_the_medoid(table):
    rows, weights = table
    chosen = Medoid().aggregate(rows, weights)
    present = rows[weights > 0]
    assert chosen.tolist() in present.tolist()
    assert (cdist(chosen[None], rows) @ weights)[0] <= (cdist(present, rows) @ weights).min() + 1e-9


def test_of_equally_good_rows_the_medoid_is_the_one_with_the_least_numbers():
    square = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    for order in ([0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]):
        assert Medoid().aggregate(square[order]).tolist() == [0.0, 0.0]


def test_another_metric_may_choose_another_medoid():
    rows = np.array([[1.0, 0.0], [3.0, 3.0], [0.0, 1.0], [0.0, 0.9], [0.0, 0.95]])
    assert Medoid().aggregate(rows).tolist() == [0.0, 0.95]
    assert Medoid(metric=Cosine()).aggregate(rows).tolist() == [3.0, 3.0]


def test_a_medoids_metric_is_composed_by_name():
    registry = Registry()
    made = registry.create("aggregator", use("medoid", metric=use("cosine")), where="aggregator")
    assert made == Medoid(metric=Cosine())
    with pytest.raises(ConfigurationError, match=r"aggregator 'medoid'.*cosinus.*did you mean 'cosine'"):
        registry.create("aggregator", use("medoid", metric="cosinus"), where="aggregator")


# Max and min ----------------------------------------------------------------------------------------------


def test_the_largest_and_the_least_by_hand():
    rows = np.array([[1, 9], [3, 2], [8, 5]], dtype=np.uint8)
    assert Max().aggregate(rows).tolist() == [8.0, 9.0]
    assert Min().aggregate(rows).tolist() == [1.0, 2.0]
    assert Max().aggregate(rows, [5, 1, 0]).tolist() == [3.0, 9.0]
    assert Min().aggregate(rows, [0, 0.1, 7]).tolist() == [3.0, 2.0]
