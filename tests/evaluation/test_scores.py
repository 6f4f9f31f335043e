"""Scores of predictions, each against an independent reckoning."""

from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import kendalltau
from sklearn.metrics import ndcg_score

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.scoring.scores import (
    SCORES,
    kendall_tau_b,
    ndcg,
    pooled_rmse,
    reciprocal_rank,
    regret,
    regret_against,
    rmse_per_case,
    score_of,
    scored,
    squared_error,
    squared_error_of_shares,
    top_1,
    top_2,
)

NAN = np.nan
votes_of_one = arrays(float, 4, elements=st.integers(0, 3).map(float))
votes_of_several = st.integers(2, 5).flatmap(
    lambda m: st.tuples(*[arrays(float, m, elements=st.integers(0, 3).map(float))] * 2)
)


def orders(predicted):
    """Every order of the methods that the prediction leaves open."""
    return [
        order
        for order in permutations(range(len(predicted)))
        if all(predicted[a] >= predicted[b] for a, b in pairwise(order))
    ]


def winners(observed):
    return [method for method, votes in enumerate(observed) if votes == max(observed)]


def averaged(value, predicted, observed):
    """Mean of value(place of the winner) over the open orders and the tied winners."""
    return np.mean(
        [value(order.index(winner)) for order in orders(predicted) for winner in winners(observed)]
    )


@pytest.mark.parametrize(
    ("score", "value"),
    [
        (top_1, lambda place: float(place == 0)),
        (top_2, lambda place: float(place <= 1)),
        (reciprocal_rank, lambda place: 1 / (1 + place)),
    ],
)
@settings(max_examples=60, deadline=None)
@given(both=votes_of_several)
def test_scores_of_the_winners_place_average_over_all_open_orders(score, value, both):
    predicted, observed = both
    if np.ptp(observed) == 0:
        assert np.isnan(score(predicted, observed))
    else:
        np.testing.assert_allclose(score(predicted, observed), averaged(value, predicted, observed))


@settings(max_examples=60, deadline=None)
@given(both=votes_of_several)
def test_ndcg_is_scikit_learns(both):
    predicted, observed = both
    if np.ptp(observed) > 0:
        expected = ndcg_score(observed[None], predicted[None])
        np.testing.assert_allclose(ndcg(predicted, observed), expected)


@settings(max_examples=60, deadline=None)
@given(both=votes_of_several)
def test_tau_is_scipys(both):
    predicted, observed = both
    expected = kendalltau(predicted, observed, variant="b").statistic
    np.testing.assert_allclose(kendall_tau_b(predicted, observed), expected, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(both=votes_of_several)
def test_regret_is_what_was_lost_on_average_over_the_methods_that_may_be_shown(both):
    predicted, observed = both
    shown = [observed[order[0]] for order in orders(predicted)]
    np.testing.assert_allclose(regret(predicted, observed), max(observed) - np.mean(shown))


def test_top_1_by_hand():
    assert top_1(np.array([3.0, 1, 0]), np.array([2.0, 1, 0])) == 1
    assert top_1(np.array([3.0, 1, 0]), np.array([2.0, 2, 0])) == 0.5  # two share the win
    assert top_1(np.array([3.0, 3, 0]), np.array([2.0, 1, 0])) == 0.5  # two may be shown
    assert top_1(np.array([3.0, 3, 0]), np.array([2.0, 2, 0])) == 0.5
    assert top_1(np.array([3.0, 1, 0]), np.array([0.0, 1, 2])) == 0


def test_a_prediction_without_any_order_is_right_as_often_as_a_guess():
    observed = np.random.default_rng(0).integers(0, 3, (200, 4)).astype(float)
    even = np.ones((200, 4))
    np.testing.assert_allclose(np.nanmean(top_1(even, observed)), 1 / 4)
    np.testing.assert_allclose(np.nanmean(top_2(even, observed)), 2 / 4)


def test_an_order_is_not_decided_by_rounding():
    observed = np.array([1.0, 0.0, 0.0])
    rounded = np.array([0.1 + 0.2, 0.3, 0.0])
    assert rounded[0] != rounded[1]
    assert top_1(rounded, observed) == 0.5
    assert kendall_tau_b(rounded, observed) == kendall_tau_b(np.array([0.3, 0.3, 0.0]), observed)
    assert ndcg(rounded, observed) == ndcg(np.array([0.3, 0.3, 0.0]), observed)
    assert top_1(observed, rounded) == 0.5


def test_errors_by_hand():
    predicted, observed = np.array([2.0, 1.0, 1.0]), np.array([4.0, 0.0, 1.0])
    assert squared_error(predicted, observed) == pytest.approx((4 + 1 + 0) / 3)
    assert rmse_per_case(predicted, observed) == pytest.approx(np.sqrt(5 / 3))
    expected = np.mean((np.array([0.5, 0.25, 0.25]) - np.array([0.8, 0.0, 0.2])) ** 2)
    assert squared_error_of_shares(predicted, observed) == pytest.approx(expected)


def test_a_predicted_vote_below_none_counts_as_none_among_shares():
    observed = np.array([1.0, 1.0])
    assert squared_error_of_shares(np.array([2.0, -1.0]), observed) == pytest.approx(0.25)
    assert squared_error_of_shares(np.array([-2.0, -1.0]), observed) == 0  # even shares


@pytest.mark.parametrize("score", SCORES.values(), ids=SCORES)
def test_methods_that_nobody_was_asked_about_count_in_no_score(score):
    predicted = np.array([[2.0, 9.0, 1.0, 0.5], [2.0, -9.0, 1.0, 0.5], [2.0, NAN, 1.0, 0.5]])
    observed = np.array([1.0, NAN, 3.0, 0.0])
    alone = score(np.array([2.0, 1.0, 0.5]), np.array([1.0, 3.0, 0.0]))
    np.testing.assert_allclose(score(predicted, observed), np.full(3, alone))


@pytest.mark.parametrize("score", SCORES.values(), ids=SCORES)
def test_where_nobody_was_asked_or_nothing_predicted_there_is_no_score(score):
    nobody, nothing = np.full(3, NAN), np.full(3, NAN)
    assert np.isnan(score(np.array([1.0, 2, 3]), nobody))
    assert np.isnan(score(nothing, np.array([1.0, 2, 3])))
    assert np.isnan(score(np.array([1.0, NAN, NAN]), np.array([NAN, 2.0, 3.0])))


@pytest.mark.parametrize("name", ["squared-error", "rmse-per-case", "squared-error-of-shares"])
def test_a_predictor_cannot_pass_over_a_method_that_was_asked_about(name):
    assert np.isnan(SCORES[name](np.array([1.0, NAN]), np.array([1.0, 7.0])))


@pytest.mark.parametrize("name", ["top-1", "top-2", "reciprocal-rank", "ndcg", "kendall-tau-b", "regret"])
def test_a_method_without_a_prediction_ranks_last(name):
    observed = np.array([1.0, 3.0, 0.0])
    last = SCORES[name](np.array([1.0, -5.0, 0.5]), observed)
    assert SCORES[name](np.array([1.0, NAN, 0.5]), observed) == last


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("squared-error", 1.0),
        ("squared-error-of-shares", np.mean((np.array([3, 2, 1]) / 6 - 1 / 3) ** 2)),
        ("top-1", NAN),
        ("ndcg", NAN),
        ("kendall-tau-b", NAN),
        ("regret", 0.0),
    ],
)
def test_where_all_got_the_same_votes_there_is_nothing_to_rank_and_nothing_to_lose(name, expected):
    got = SCORES[name](np.array([3.0, 2.0, 1.0]), np.array([2.0, 2.0, 2.0]))
    if name == "squared-error":
        expected = (1 + 0 + 1) / 3
    np.testing.assert_allclose(got, expected)


def test_where_no_vote_was_cast_there_are_no_shares():
    assert np.isnan(squared_error_of_shares(np.array([1.0, 2.0]), np.zeros(2)))
    assert np.isnan(ndcg(np.array([1.0, 2.0]), np.zeros(2)))


@pytest.mark.parametrize("score", SCORES.values(), ids=SCORES)
@settings(max_examples=30, deadline=None)
@given(predicted=votes_of_one, observed=votes_of_one, order=st.permutations(range(4)))
def test_the_order_in_which_methods_stand_changes_no_score(score, predicted, observed, order):
    np.testing.assert_allclose(
        score(predicted[order], observed[order]), score(predicted, observed), atol=1e-12
    )


@pytest.mark.parametrize("score", SCORES.values(), ids=SCORES)
def test_the_votes_themselves_score_best(score):
    rng = np.random.default_rng(1)
    observed = rng.integers(0, 4, (100, 4)).astype(float)
    own = score(observed, observed)
    other = score(rng.normal(size=(100, 4)), observed)
    with np.errstate(invalid="ignore"):
        worse = other < own - 1e-12 if score.better == "lower" else other > own + 1e-12
    assert not worse.any()


@pytest.mark.parametrize("score", SCORES.values(), ids=SCORES)
def test_a_table_of_cases_scores_as_its_single_cases(score):
    rng = np.random.default_rng(2)
    predicted = rng.integers(0, 3, (3, 6, 2, 4)).astype(float)
    predicted[0, 0] = NAN
    votes = rng.integers(0, 3, (6, 4)).astype(float)
    votes[1, 2] = NAN
    table = scored(predicted, votes, [score.name])[score.name]
    assert table.shape == (3, 6, 2)
    for repeat, case, k in np.ndindex(3, 6, 2):
        np.testing.assert_array_equal(table[repeat, case, k], score(predicted[repeat, case, k], votes[case]))


def test_the_pooled_error_weighs_every_pair_that_was_asked_alike():
    predicted = np.zeros((2, 3, 1, 2))
    votes = np.array([[1.0, 2.0], [3.0, NAN], [NAN, NAN]])
    got = pooled_rmse(predicted, votes[:, None], over=(0, 1))
    np.testing.assert_allclose(got, [np.sqrt((1 + 4 + 9) / 3)])
    predicted[0, 1] = NAN  # not held out in one of two repeats
    got = pooled_rmse(predicted, votes[:, None], over=(0, 1))
    np.testing.assert_allclose(got, [np.sqrt((5 + 5 + 9) / 5)])


def test_without_a_single_pair_there_is_no_pooled_error():
    assert np.isnan(pooled_rmse(np.zeros((3, 2)), np.full((3, 2), NAN), over=0))


def test_regret_against_a_reference_is_what_showing_the_other_method_costs():
    observed = np.array([[3.0, 1.0], [0.0, 4.0]])
    lime = np.array([1.0, 0.0])
    np.testing.assert_array_equal(regret_against(observed, lime, observed), [0.0, -4.0])


def test_a_misspelt_score_is_named_with_the_nearest():
    with pytest.raises(ParameterError, match="kendall-tau-b"):
        score_of("kendal-tau-b")


def test_names_are_kebab_case_and_lead_to_their_scores():
    assert all(name == score.name == name.lower().replace("_", "-") for name, score in SCORES.items())
