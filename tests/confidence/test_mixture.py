import subprocess
import sys

import numpy as np
import pytest
from scipy.special import gammaln
from scipy.stats import dirichlet_multinomial
from simulated import World, knn_shares

from cbrkit_xai.confidence.mixture import Mixture, fit_mixture, fit_overall, log_scores
from cbrkit_xai.confidence.shares import overall_shares_without, shares
from cbrkit_xai.errors import ParameterError

NAN = np.nan
MIXTURE = Mixture(lam=0.5, concentration=4.0, overall=(0.4, 0.3, 0.3), ballots=5)


def based_on(world, n=150):
    features, votes = world.sample(n, 0)
    groups = np.arange(n)
    neighbours = knn_shares(features, features, shares(votes), query_groups=groups, groups=groups)
    return votes, votes.sum(axis=1), neighbours, groups


def test_the_log_score_is_the_dirichlet_multinomials():
    counts, alphas = (
        np.array([[3.0, 0.0, 2.0], [1.0, 1.0, 4.0]]),
        np.array([[1.0, 0.5, 2.0], [0.2, 3.0, 1.0]]),
    )
    arrangements = gammaln(counts.sum(axis=1) + 1) - gammaln(counts + 1).sum(axis=1)
    want = [
        dirichlet_multinomial.logpmf(x.astype(int), a, int(x.sum()))
        for x, a in zip(counts, alphas, strict=True)
    ]
    np.testing.assert_allclose(log_scores(counts, alphas) + arrangements, want)


def test_methods_not_asked_leave_the_score_of_the_others():
    alphas = np.array([[1.0, 0.5, 2.0]])
    np.testing.assert_allclose(
        log_scores(np.array([[3.0, NAN, 2.0]]), alphas), log_scores(np.array([[3.0, 2.0]]), alphas[:, [0, 2]])
    )


def test_the_mean_lies_between_neighbours_and_base():
    np.testing.assert_allclose(MIXTURE.mean([[1, 0, 0]]), [[0.7, 0.15, 0.15]])


def test_neighbours_that_say_nothing_give_the_bases_shares():
    np.testing.assert_allclose(MIXTURE.mean([[NAN, NAN, NAN]]), [[0.4, 0.3, 0.3]])


def test_a_method_no_neighbour_was_asked_about_keeps_the_bases_share():
    np.testing.assert_allclose(MIXTURE.mean([[1, 0, NAN]]), [[0.5 * 0.7 + 0.5 * 0.4, 0.15, 0.3]])


def test_a_choice_among_fewer_methods_is_that_of_the_smaller_base():
    smaller = Mixture(lam=0.5, concentration=4.0 * 0.7, overall=(4 / 7, 3 / 7), ballots=5)
    got = MIXTURE.p_best([[0.4, 0.3, 0.3]], [True, True, False])
    np.testing.assert_allclose(got[:, :2], smaller.p_best([[4 / 7, 3 / 7]]))
    assert got[0, 2] == 0


def test_a_choice_among_no_methods_is_refused():
    with pytest.raises(ParameterError, match="methods"):
        MIXTURE.p_best([[0.4, 0.3, 0.3]], [False, False, False])


def test_no_other_lambda_or_concentration_scores_better():
    votes, effective, neighbours, groups = based_on(World(seed=3, signal=1.0))
    fitted = fit_mixture(votes, effective, neighbours, groups)
    overall = overall_shares_without(votes, groups, imaginary_cases=1)

    def score(lam, c):
        return log_scores(votes, c * (lam * neighbours + (1 - lam) * overall)).sum()

    best = score(fitted.lam, fitted.concentration)
    rng = np.random.default_rng(0)
    others = [
        score(lam, c)
        for lam, c in zip(rng.uniform(0, 0.999, 500), np.exp(rng.uniform(-3, 9, 500)), strict=True)
    ]
    assert best >= max(others) - 1e-3
    assert 0.2 < fitted.lam < 1


def test_the_truth_is_found_again():
    rng = np.random.default_rng(5)
    means = rng.dirichlet([2, 2, 2], size=1500)
    neighbours = np.clip(means, 1e-9, 1)
    p = np.array([rng.dirichlet(6 * (0.7 * mean + 0.3 / 3)) for mean in means])
    votes = np.array([rng.multinomial(12, row) for row in p]).astype(float)
    fitted = fit_mixture(votes, np.full(1500, 12.0), neighbours, np.arange(1500))
    assert fitted.lam == pytest.approx(0.7, abs=0.1)
    assert fitted.concentration == pytest.approx(6, rel=0.2)


def test_judges_that_repeat_each_other_count_once():
    votes, effective, neighbours, groups = based_on(World(seed=4, signal=1.0, voters=4))
    once = fit_mixture(votes, effective, neighbours, groups)
    thrice = fit_mixture(3 * votes, effective, neighbours, groups)
    assert (once.lam, once.concentration) == pytest.approx((thrice.lam, thrice.concentration), abs=1e-9)
    assert thrice.ballots == once.ballots == 4


def test_fractions_of_votes_count_like_the_numbers_they_stand_for():
    votes, effective, neighbours, groups = based_on(World(seed=4, signal=1.0))
    whole = fit_mixture(votes, effective, neighbours, groups)
    parts = fit_mixture(shares(votes), effective, neighbours, groups)
    np.testing.assert_allclose((parts.lam, parts.concentration), (whole.lam, whole.concentration))
    assert parts.ballots == whole.ballots == 10


def test_neighbours_that_equal_the_base_get_no_weight():
    votes, effective, _, groups = based_on(World(seed=5, signal=1.0))
    base = overall_shares_without(votes, groups, imaginary_cases=1)
    assert fit_mixture(votes, effective, base, groups).lam == 0
    assert fit_mixture(votes, effective, np.full_like(base, NAN), groups) == fit_overall(
        votes, effective, groups
    )


def test_a_case_is_scored_without_its_own_group():
    groups = np.array([0, 0, 1, 2])
    votes = np.array([[9.0, 0.0], [9.0, 0.0], [1.0, 1.0], [0.0, 2.0]])
    changed = votes.copy()
    changed[0] = [1e6, 3e6]
    before = overall_shares_without(votes, groups)
    after = overall_shares_without(changed, groups)
    np.testing.assert_allclose(before[:2], [[0.25, 0.75]] * 2)
    np.testing.assert_array_equal(after[:2], before[:2])


def test_a_base_of_one_group_stays_modest():
    fitted = fit_overall([[5, 0, 0]], [5], ["only"])
    assert fitted.concentration <= 2.0 + 1e-9
    assert max(fitted.p_best([fitted.overall])[0]) < 0.95


@pytest.mark.parametrize("effective", [[1.0], [1.0, -1.0], [1.0, np.inf]])
def test_effective_numbers_that_cannot_be_are_refused(effective):
    with pytest.raises(ParameterError, match="effective"):
        fit_overall([[1, 2], [2, 1]], effective, [0, 1])


def test_predicting_loads_no_scipy():
    code = (
        "import sys; from cbrkit_xai.confidence import Mixture;"
        "m = Mixture(lam=.5, concentration=3., overall=(.5, .3, .2), ballots=5);"
        "m.p_best(m.mean([[.2, .2, .6]]));"
        "assert not any(n.split('.')[0] in ('scipy', 'sklearn') for n in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_judges_that_agree_by_halves_decide_like_more_than_their_families():
    rng = np.random.default_rng(0)
    votes = rng.multinomial(6, [0.5, 0.3, 0.2], size=400).astype(float)
    nothing = np.full_like(votes, NAN)
    cautious = fit_mixture(votes, np.full(400, 2.0), nothing, np.arange(400))
    stated = cautious.p_best([cautious.overall])[0, 0]
    level = votes == votes.max(axis=1, keepdims=True)
    assert stated == pytest.approx((level / level.sum(axis=1, keepdims=True))[:, 0].mean(), abs=0.05)
    assert cautious.ballots > 2
