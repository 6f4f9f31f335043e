import numpy as np
import pytest

from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.questions.differences import differences_of, fold_means, over_repeats

RNG = np.random.default_rng(0)
FOLDS = Folds(fold_of=np.array([RNG.permutation(np.arange(23) % 4) for _ in range(3)]))


def by_loops(values, folds):
    found = np.empty((folds.repeats, folds.per_repeat))
    for split in folds.splits():
        found[split.repeat, split.fold] = np.nanmean(values[split.repeat, split.held_out])
    return found


def test_a_fold_is_the_mean_of_its_held_out_cases():
    values = RNG.normal(size=(3, 23))
    np.testing.assert_allclose(fold_means(values, FOLDS), by_loops(values, FOLDS))


def test_a_case_that_nobody_voted_on_counts_in_no_mean():
    values = RNG.normal(size=(3, 23))
    values[:, [2, 9]] = np.nan
    np.testing.assert_allclose(fold_means(values, FOLDS), by_loops(values, FOLDS))


def test_a_case_that_is_held_out_in_no_fold_counts_in_no_mean():
    folds = Folds(fold_of=np.array([[0, 0, -1], [-1, 0, 0]]))
    values = np.array([[1.0, 3.0, 100.0], [100.0, 5.0, 7.0]])
    np.testing.assert_array_equal(fold_means(values, folds), [[2.0], [6.0]])


def test_a_fold_without_votes_has_no_difference_and_is_not_tested():
    folds = Folds(fold_of=np.array([[0, 1, 2]]))
    found = differences_of(np.array([[1.0, np.nan, 2.0]]), np.array([[0.5, np.nan, 0.0]]), folds)
    np.testing.assert_array_equal(found.per_fold, [[0.5, np.nan, 2.0]])
    np.testing.assert_array_equal(found.tested, [0.5, 2.0])


def test_differences_are_first_minus_second_and_know_how_large_the_second_is():
    first, second = RNG.uniform(size=(3, 23)), RNG.uniform(size=(3, 23))
    found = differences_of(first, second, FOLDS)
    np.testing.assert_allclose(found.per_case, first - second)
    np.testing.assert_allclose(found.of_cases, (first - second).mean(axis=0))
    assert found.second_error == pytest.approx(second.mean())
    assert found.test_over_training == pytest.approx(FOLDS.test_over_training)


def test_errors_added_up_in_another_order_are_the_same_errors():
    first = np.full((3, 23), 0.1 + 0.2 + 0.3)
    second = np.full((3, 23), 0.3 + 0.2 + 0.1)
    assert first[0, 0] != second[0, 0]
    assert not differences_of(first, second, FOLDS).per_case.any()


def test_a_cases_mean_is_over_the_repeats_that_hold_it_out():
    values = np.array([[1.0, np.nan, np.nan], [3.0, 5.0, np.nan]])
    np.testing.assert_array_equal(over_repeats(values), [2.0, 5.0, np.nan])
