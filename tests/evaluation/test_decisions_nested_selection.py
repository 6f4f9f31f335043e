import numpy as np
import pytest

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.decisions.nested_selection import assembled, choose

FOLD_OF = np.array([[0, 0, 1, 1, 2, 2], [2, 1, 0, 2, 1, 0]])


def by_loops(errors):
    candidates, repeats, folds = errors.shape
    chosen = np.empty((repeats, folds), dtype=int)
    for repeat in range(repeats):
        for fold in range(folds):
            others = [other for other in range(folds) if other != fold]
            means = [errors[c, repeat, others].mean() for c in range(candidates)]
            chosen[repeat, fold] = means.index(min(means))
    return chosen


def test_each_fold_takes_what_was_best_on_the_others():
    errors = np.random.default_rng(0).uniform(size=(7, 4, 5))
    found = choose(errors)
    np.testing.assert_array_equal(found.chosen, by_loops(errors))
    assert found.apparent == errors.mean(axis=(1, 2)).argmin()
    assert not found.is_inner


def test_a_folds_own_errors_have_no_say_in_its_choice():
    errors = np.random.default_rng(1).uniform(size=(3, 2, 4))
    changed = errors.copy()
    changed[:, 1, 2] = [1e6, 0.0, 1e6]
    assert choose(changed).chosen[1, 2] == choose(errors).chosen[1, 2]


def test_an_inner_result_decides_where_there_is_one():
    errors = np.random.default_rng(2).uniform(size=(3, 2, 4))
    inner = np.random.default_rng(3).uniform(size=(3, 2, 4))
    found = choose(errors, inner)
    np.testing.assert_array_equal(found.chosen, inner.argmin(axis=0))
    assert found.is_inner


def test_a_candidate_that_misses_a_fold_is_never_chosen():
    errors = np.array([[[0.1, 0.1, np.nan]], [[0.9, 0.8, 0.7]]])
    assert choose(errors).chosen.tolist() == [[1, 1, 1]]
    assert choose(errors, np.zeros_like(errors)).chosen.tolist() == [[1, 1, 1]]


def test_of_equally_good_candidates_it_is_the_first():
    assert choose(np.ones((4, 1, 3))).chosen.tolist() == [[0, 0, 0]]


def test_the_shares_say_how_often_each_was_chosen():
    inner = np.array([[[0.1, 0.9, 0.1, 0.1]], [[0.9, 0.1, 0.9, 0.9]]])
    assert choose(np.ones((2, 1, 4)), inner).shares == {0: 0.75, 1: 0.25}


@pytest.mark.parametrize(
    ("errors", "why"),
    [
        (np.full((2, 1, 3), np.nan), "none of 2 candidates predicts every held-out case"),
        (np.ones((2, 3, 1)), "with one fold a repeat there is no other fold to choose on"),
    ],
)
def test_where_nothing_can_be_chosen_it_is_said(errors, why):
    found = choose(errors)
    assert found.problem == f"cannot be tested: {why}"
    assert np.all(found.chosen == -1)


def test_a_fold_without_any_inner_error_chooses_nothing_and_says_so():
    inner = np.array([[[0.1, np.nan]], [[0.2, np.nan]]])
    found = choose(np.ones((2, 1, 2)), inner)
    assert found.chosen.tolist() == [[0, -1]]
    assert found.problem == "cannot be tested: in 1 of 2 folds no candidate has an inner error"


def test_one_fold_a_repeat_is_enough_for_an_inner_result():
    assert choose(np.ones((2, 3, 1)), np.ones((2, 3, 1))).problem == ""


def test_each_case_gets_the_error_of_its_own_folds_choice():
    errors = np.arange(36.0).reshape(3, 2, 6)
    chosen = np.array([[0, 2, 1], [1, 1, 0]])
    expected = [
        [errors[chosen[repeat, FOLD_OF[repeat, case]], repeat, case] for case in range(6)]
        for repeat in range(2)
    ]
    np.testing.assert_array_equal(assembled(chosen, lambda one: errors[one], FOLD_OF), expected)


def test_a_case_that_is_never_held_out_has_no_error():
    fold_of = np.array([[0, -1, 1]])
    found = assembled(np.array([[0, 0]]), lambda one: np.ones((1, 3)), fold_of)
    np.testing.assert_array_equal(found, [[1.0, np.nan, 1.0]])


def test_inner_errors_of_other_folds_are_refused():
    with pytest.raises(ParameterError):
        choose(np.ones((2, 3, 4)), np.ones((2, 3, 5)))
