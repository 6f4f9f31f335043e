"""Bounds on probabilities, held against root finding, scipy's own and exact binomial sums."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import rel_entr
from scipy.stats import binom, binomtest

from cbrkit_xai_explainers.kl_bounds import bernoulli_kl, exact_lower, exploration, kl_lower, kl_upper

inner = st.floats(0.001, 0.999)
levels = st.floats(1e-4, 5)


@given(p=st.floats(0, 1), q=inner)
def test_the_divergence_is_scipys_relative_entropy(p, q):
    expected = rel_entr(p, q) + rel_entr(1 - p, 1 - q)
    assert float(bernoulli_kl(p, q)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("p", "q", "expected"), [(0, 0, 0), (1, 1, 0), (0.5, 0, math.inf), (0.5, 1, math.inf)]
)
def test_the_divergence_at_the_ends(p, q, expected):
    assert float(bernoulli_kl(p, q)) == expected


@given(mean=inner, level=levels)
def test_the_upper_bound_is_the_root_that_brent_finds(mean, level):
    def excess(q):
        return rel_entr(mean, q) + rel_entr(1 - mean, 1 - q) - level

    root = brentq(excess, mean, 1 - 1e-15, xtol=1e-14) if excess(1 - 1e-15) > 0 else 1.0
    assert float(kl_upper(mean, level)) == pytest.approx(root, abs=1e-8)


@given(mean=inner, level=levels)
def test_the_lower_bound_is_the_first_point_of_a_fine_grid_that_is_inside(mean, level):
    grid = np.linspace(1e-9, mean, 20_001)
    inside = rel_entr(mean, grid) + rel_entr(1 - mean, 1 - grid) <= level
    expected = grid[inside.argmax()]
    assert float(kl_lower(mean, level)) == pytest.approx(expected, abs=mean / 20_000 + 1e-8)


@given(level=levels)
def test_all_hits_give_the_closed_form(level):
    assert float(kl_lower(1.0, level)) == pytest.approx(math.exp(-level), abs=1e-9)
    assert float(kl_upper(1.0, level)) == 1.0
    assert float(kl_upper(0.0, level)) == pytest.approx(1 - math.exp(-level), abs=1e-9)


@given(mean=st.floats(0, 1), level=levels)
def test_bounds_enclose_the_mean_and_widen_with_the_level(mean, level):
    assert 0 <= kl_lower(mean, 2 * level) <= kl_lower(mean, level) <= mean
    assert mean <= kl_upper(mean, level) <= kl_upper(mean, 2 * level) <= 1


@given(low=st.floats(0, 1), high=st.floats(0, 1), level=levels)
def test_a_higher_mean_has_higher_bounds(low, high, level):
    low, high = sorted((low, high))
    assert kl_lower(low, level) <= kl_lower(high, level) + 1e-9
    assert kl_upper(low, level) <= kl_upper(high, level) + 1e-9


def test_many_means_give_what_each_gives_alone():
    means, level = np.linspace(0, 1, 11), np.linspace(0.01, 1, 11)
    alone = [float(kl_upper(mean, each)) for mean, each in zip(means, level, strict=True)]
    np.testing.assert_array_equal(kl_upper(means, level), alone)


@pytest.mark.parametrize("p", [0.05, 0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("samples", [16, 100, 200])
@pytest.mark.parametrize("delta", [0.01, 0.1])
def test_the_lower_bounds_fail_no_more_often_than_delta_summed_exactly(p, samples, delta):
    hits = np.arange(samples + 1)
    chances = binom.pmf(hits, samples, p)
    exact = np.array([exact_lower(int(hit), samples, delta) for hit in hits])
    chernoff = kl_lower(hits / samples, math.log(1 / delta) / samples)
    assert chances[exact > p].sum() <= delta
    assert chances[chernoff > p].sum() <= delta
    assert (chernoff <= exact + 1e-9).all()  # what is exact claims more


@given(samples=st.integers(1, 300), share=st.floats(0, 1), delta=st.floats(0.001, 0.5))
def test_the_exact_bound_is_scipys_clopper_pearson(samples, share, delta):
    hits = round(share * samples)
    test = binomtest(hits, samples, alternative="greater")
    expected = test.proportion_ci(confidence_level=1 - delta, method="exact").low
    assert exact_lower(hits, samples, delta) == pytest.approx(expected, abs=1e-9)


def test_exploration_is_the_papers_formula_and_grows_with_arms_and_rounds():
    plain = math.log(405.5) + math.log(60) + 1.1 * math.log(7) - math.log(0.1)
    assert exploration(60, 7, 0.1) == pytest.approx(plain + math.log(plain))
    assert exploration(60, 8, 0.1) > exploration(60, 7, 0.1)
    assert exploration(61, 7, 0.1) > exploration(60, 7, 0.1)
    assert exploration(60, 7, 0.05) > exploration(60, 7, 0.1)


def test_the_bounds_on_ten_arms_hold_in_all_rounds_at_once():
    rng = np.random.default_rng(0)
    truth, rounds, failures = np.linspace(0.05, 0.95, 10), 150, 0
    for _ in range(50):
        seen = np.cumsum(rng.random((rounds, 10)) < truth, axis=0)
        samples = np.arange(1, rounds + 1)[:, None]
        level = np.array([[exploration(10, t, 0.1)] for t in range(1, rounds + 1)]) / samples
        low, high = kl_lower(seen / samples, level), kl_upper(seen / samples, level)
        failures += bool(((truth < low) | (truth > high)).any())
    assert failures <= 5
