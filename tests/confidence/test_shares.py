import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cbrkit_xai.confidence.shares import informative, overall_shares, overall_shares_without, shares
from cbrkit_xai.errors import VotesError

NAN = np.nan


def test_shares_are_parts_of_the_votes_cast_and_unasked_stays_unasked():
    np.testing.assert_allclose(shares([[3, 1, NAN], [0.5, 0.5, 1]]), [[0.75, 0.25, NAN], [0.25, 0.25, 0.5]])


@pytest.mark.parametrize("row", [[0, 0], [NAN, NAN], [0, NAN]])
def test_a_case_without_votes_carries_no_information(row):
    table = shares([row, [1, 3]])
    assert np.isnan(table[0]).all()
    assert informative(table).tolist() == [False, True]
    np.testing.assert_allclose(overall_shares([row, [1, 3]]), [0.25, 0.75])


def test_a_case_that_asked_about_one_method_says_nothing():
    assert not informative(shares([[4, NAN]])).any()
    np.testing.assert_allclose(overall_shares([[4, NAN, NAN], [1, 2, 1]]), [0.25, 0.5, 0.25], atol=1e-6)


@pytest.mark.parametrize("vote", [-1, np.inf])
def test_an_impossible_vote_is_refused_with_its_place(vote):
    with pytest.raises(VotesError, match=r"case 1, method 0.*allowed"):
        shares([[1, 1], [vote, 1]])


def test_overall_shares_are_the_mean_in_which_each_case_counts_once():
    np.testing.assert_allclose(overall_shares([[100, 0], [1, 1]]), [0.75, 0.25])


def test_a_method_asked_about_later_is_not_put_down_nor_favoured():
    everywhere = [[2, 1, 1]] * 4
    before = [[2, 1, NAN]] * 50
    np.testing.assert_allclose(overall_shares(before + everywhere), [0.5, 0.25, 0.25], atol=1e-9)


def test_a_method_asked_nowhere_gets_nothing_and_no_votes_at_all_means_equal_shares():
    np.testing.assert_allclose(overall_shares([[1, 1, NAN]], imaginary_cases=1), [0.5, 0.5, 0])
    np.testing.assert_allclose(overall_shares(np.full((2, 4), NAN)), 0.25)


def test_an_imaginary_case_keeps_one_real_case_from_certainty():
    np.testing.assert_allclose(overall_shares([[4, 0]], imaginary_cases=1), [0.75, 0.25])


votes_with_gaps = arrays(
    float, (8, 3), elements=st.one_of(st.integers(0, 5).map(float), st.just(float("nan")))
)


@given(votes_with_gaps, st.lists(st.integers(0, 3), min_size=8, max_size=8))
def test_leaving_a_group_out_equals_computing_without_it(votes, groups):
    groups = np.array(groups)
    everyone = votes.copy()
    everyone[groups == groups[0]] = np.nan
    # Methods asked in the left-out group alone keep a place in the comparison, so give all of them one.
    anchor = np.ones((1, 3))
    got = overall_shares_without(
        np.vstack([votes, anchor]), np.unique(np.append(groups, 9), return_inverse=True)[1], imaginary_cases=1
    )
    want = overall_shares(np.vstack([everyone, anchor]), imaginary_cases=1)
    np.testing.assert_allclose(got[0], want, atol=1e-6)
