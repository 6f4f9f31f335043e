"""Stated chances against what happened, by hand and against independent implementations."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve

from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.evaluation.results import StatedConfidence
from cbrkit_xai.evaluation.scoring.calibration import calibration, coverage, log_scores, out_of_experience
from cbrkit_xai.evaluation.scoring.proportions import clopper_pearson, proportion

NAN = np.nan


def stated_of(p_best, in_set=None, outside=None):
    p_best = np.asarray(p_best, dtype=float)
    return StatedConfidence(
        k=5,
        p_best=p_best,
        in_set=np.full(p_best.shape, NAN) if in_set is None else in_set,
        out_of_experience=np.zeros(len(p_best)) if outside is None else outside,
    )


def alone(n):
    return Groups(labels=np.arange(n))


def drawn(n=400, seed=0, sharpen=1.0):
    """Chances, and winners drawn from them; `sharpen` above 1 states more than is true."""
    rng = np.random.default_rng(seed)
    truth = rng.dirichlet([1.0, 1.0, 1.0], size=n)
    winners = np.array([rng.choice(3, p=row) for row in truth])
    said = truth**sharpen
    return said / said.sum(axis=1, keepdims=True), np.eye(3)[winners]


@pytest.mark.parametrize(("successes", "trials"), [(0, 10), (3, 10), (10, 10), (77, 200)])
def test_the_interval_is_scipys_exact_one(successes, trials):
    for level in (0.9, 0.95):
        theirs = binomtest(successes, trials).proportion_ci(level, method="exact")
        np.testing.assert_allclose(clopper_pearson(successes, trials, level=level), theirs, atol=1e-12)


def test_cases_of_a_group_are_one_trial():
    groups = Groups(labels=[0, 0, 0, 1, 2, 2])
    found = proportion(np.array([1.0, 1.0, 0.0, 1.0, NAN, NAN]), groups)
    assert found.groups == 2
    assert found.share == pytest.approx((2 / 3 + 1) / 2)
    np.testing.assert_allclose((found.low, found.high), clopper_pearson(5 / 3, 2))


def test_of_nothing_nothing_is_known():
    found = proportion(np.full(3, NAN), alone(3))
    assert np.isnan(found.share)
    assert (found.low, found.high, found.groups) == (0, 1, 0)


def test_a_log_score_is_that_of_the_winner_and_of_tied_winners_the_mean():
    stated = stated_of([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]])
    got = log_scores(stated, np.array([[1.0, 4.0, 0.0], [2.0, 2.0, 0.0]]))
    np.testing.assert_allclose(got, [np.log(0.3), (np.log(0.5) + np.log(0.3)) / 2])


def test_nobody_gains_by_stating_other_chances_than_the_true_ones():
    truth, votes = drawn(4000)
    honest = log_scores(stated_of(truth), votes).mean()
    for power in (0.5, 2.0):
        other = truth**power / (truth**power).sum(axis=1, keepdims=True)
        assert log_scores(stated_of(other), votes).mean() < honest


def test_a_winner_that_was_held_impossible_costs_much_but_not_all():
    got = log_scores(stated_of([[1.0, 0.0]]), np.array([[0.0, 3.0]]))
    np.testing.assert_allclose(got, [np.log(1e-9)])


def test_chances_are_those_among_the_methods_that_were_asked_about():
    stated = stated_of([[0.5, 0.3, 0.2]])
    got = log_scores(stated, np.array([[NAN, 4.0, 0.0]]))
    np.testing.assert_allclose(got, [np.log(0.6)])
    assert calibration(stated, np.array([[NAN, 4.0, 0.0]]), alone(1)).stated == pytest.approx(0.6)


def test_a_case_without_a_statement_or_without_a_winner_does_not_count():
    stated = stated_of([[0.5, 0.5], [NAN, NAN], [0.9, 0.1], [0.9, 0.1], [0.2, 0.8]])
    votes = np.array([[1.0, 0], [1, 0], [0, 0], [3, NAN], [0, 2]])
    assert np.isnan(log_scores(stated, votes)).tolist() == [False, True, True, True, False]
    found = calibration(stated, votes, alone(5))
    assert found.cases == 2
    assert found.hits.groups == 2
    assert found.stated == pytest.approx(0.65)
    assert found.hits.share == pytest.approx((0.5 + 1) / 2)  # equal chances: either may be shown


def test_mean_stated_chance_and_hit_rate_agree_where_chances_are_true():
    p, votes = drawn(2000)
    found = calibration(stated_of(p), votes, alone(2000))
    assert abs(found.overconfidence) < 0.03
    assert found.hits.low <= found.stated <= found.hits.high
    assert found.expected_error < 0.05
    assert found.log_score > found.even_log_score
    assert found.even_log_score == pytest.approx(-np.log(3))


def test_too_sure_is_told():
    p, votes = drawn(2000, sharpen=4.0)
    found = calibration(stated_of(p), votes, alone(2000))
    assert found.overconfidence > 0.1
    assert found.stated > found.hits.high
    assert found.expected_error > 0.1


def test_the_reliability_curve_is_scikit_learns():
    p, votes = drawn(500, seed=3)
    found = calibration(stated_of(p), votes, alone(500))
    hit = votes[np.arange(500), p.argmax(axis=1)]
    share, mean = calibration_curve(hit, p.max(axis=1), n_bins=10)
    full = [one for one in found.bins if one.cases]
    np.testing.assert_allclose([one.stated for one in full], mean)
    np.testing.assert_allclose([one.hits.share for one in full], share)
    weights = np.array([one.cases for one in full]) / 500
    assert found.expected_error == pytest.approx(np.sum(weights * np.abs(mean - share)))
    assert sum(one.cases for one in found.bins) == found.cases == 500


def test_a_chance_on_a_bound_belongs_to_the_bin_below_and_certainty_to_the_last():
    stated = stated_of([[0.5, 0.5], [1.0, 0.0], [0.75, 0.25]])
    votes = np.array([[1.0, 0], [1, 0], [1, 0]])
    found = calibration(stated, votes, alone(3), bins=4)
    assert [one.cases for one in found.bins] == [0, 1, 1, 1]
    assert [(one.low, one.high) for one in found.bins] == [(0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1)]
    assert np.isnan(found.bins[0].stated)


def test_without_a_single_statement_all_is_unknown():
    found = calibration(stated_of(np.full((3, 2), NAN)), np.ones((3, 2)), alone(3))
    assert found.cases == 0
    assert np.isnan([found.stated, found.hits.share, found.expected_error, found.log_score]).all()


def test_photos_that_are_there_twice_do_not_narrow_the_interval():
    p, votes = drawn(100)
    once = calibration(stated_of(p), votes, alone(100))
    twice = calibration(
        stated_of(np.repeat(p, 2, axis=0)), np.repeat(votes, 2, axis=0), Groups(labels=np.arange(200) // 2)
    )
    assert twice.hits == once.hits
    assert twice.log_score == pytest.approx(once.log_score)
    assert twice.cases == 2 * once.cases


def test_coverage_by_hand():
    sets = [[1, 0, 0], [1, 1, 0], [1, 1, 1], [NAN, NAN, NAN], [0, 1, 0]]
    votes = np.array([[3.0, 0, 0], [0, 0, 3], [1, 0, 2], [1, 0, 0], [2, 2, 0]])
    found = coverage(stated_of(np.full((5, 3), 1 / 3), in_set=sets), votes, alone(5))
    assert found.cases == 4
    # The last winner is drawn from two, of which one is in the set.
    assert found.covered.share == pytest.approx((1 + 0 + 1 + 0.5) / 4)
    np.testing.assert_allclose((found.covered.low, found.covered.high), clopper_pearson(2.5, 4))
    assert found.mean_size == pytest.approx((1 + 2 + 3 + 1) / 4)
    assert found.undecided.share == pytest.approx(1 / 4)


def test_where_no_set_was_stated_nothing_is_covered():
    found = coverage(stated_of(np.full((3, 2), 0.5)), np.array([[1.0, 0]] * 3), alone(3))
    assert found.cases == 0
    assert np.isnan(found.covered.share)
    assert np.isnan(found.mean_size)


def test_photos_out_of_experience_are_counted_among_those_held_out():
    outside = np.array([1.0, 0.0, 0.0, NAN, 1.0])
    found = out_of_experience(
        stated_of(np.full((5, 2), 0.5), outside=outside), Groups(labels=[0, 1, 2, 3, 0])
    )
    assert found.share == pytest.approx(1 / 3)
    assert found.groups == 3
