import numpy as np
import pytest
from scipy import stats

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.decisions import bootstrap
from cbrkit_xai.evaluation.decisions.bootstrap import bca

RNG = np.random.default_rng(0)
SKEWED = RNG.exponential(size=60)


def ratio(means):
    return 1 - means[..., 0] / means[..., 1]


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_the_interval_of_a_mean_is_scipys_with_the_same_draws(level):
    ours = bca(SKEWED, np.arange(60), seed=5, draws=999, level=level)
    theirs = stats.bootstrap(
        (SKEWED,),
        np.mean,
        n_resamples=999,
        confidence_level=level,
        method="BCa",
        rng=np.random.default_rng(5),
    )
    assert ours.interval == pytest.approx(tuple(theirs.confidence_interval), rel=1e-9)
    assert ours.estimate == pytest.approx(SKEWED.mean())


def test_the_interval_of_a_ratio_is_scipys_with_the_same_draws():
    mine, theirs = RNG.exponential(1.0, 40), RNG.exponential(1.5, 40)
    ours = bca(np.stack([mine, theirs], axis=1), np.arange(40), ratio, seed=1, draws=800)
    expected = stats.bootstrap(
        (mine, theirs),
        lambda a, b, axis: 1 - a.mean(axis=axis) / b.mean(axis=axis),
        paired=True,
        n_resamples=800,
        method="BCa",
        rng=np.random.default_rng(1),
    )
    assert ours.interval == pytest.approx(tuple(expected.confidence_interval), rel=1e-9)


def test_copies_of_a_photo_do_not_narrow_the_interval():
    once = bca(SKEWED, np.arange(60), draws=500)
    copied = bca(np.repeat(SKEWED, 3), np.repeat(np.arange(60), 3), draws=500)
    assert copied.interval == pytest.approx(once.interval)
    assert copied.groups == 60


def test_groups_of_unequal_size_count_by_their_cases():
    values, groups = np.array([0.0, 0.0, 0.0, 4.0]), np.array([7, 7, 7, 2])
    assert bca(values, groups, draws=50).estimate == pytest.approx(1.0)


def test_resampling_in_blocks_gives_the_same_draws(monkeypatch):
    whole = bca(SKEWED, np.arange(60), seed=2, draws=400)
    monkeypatch.setattr(bootstrap, "_IN_MEMORY", 60 * 7)
    monkeypatch.setattr(bootstrap, "_KEPT", 0)
    assert bca(SKEWED, np.arange(60), seed=2, draws=400).interval == pytest.approx(whole.interval)


def test_the_same_seed_gives_the_same_interval_and_another_gives_another():
    first, again, other = (bca(SKEWED, np.arange(60), seed=seed, draws=300).interval for seed in (1, 1, 2))
    assert first == again != other


def test_of_normal_means_about_as_many_intervals_cover_as_they_say():
    rng = np.random.default_rng(9)
    covered = 0
    for _ in range(400):
        low, high = bca(rng.normal(size=50), np.arange(50), draws=400, level=0.9).interval
        covered += low <= 0 <= high
    assert 0.84 < covered / 400 < 0.95


def test_every_interval_says_what_it_is_conditional_on():
    assert bca(SKEWED, np.arange(60), draws=50).label == "conditional on these cases, likely too narrow"


@pytest.mark.parametrize(
    ("values", "groups", "why"),
    [
        (np.ones(5), np.arange(5), "every resample gives the same number"),
        (np.arange(5.0), np.zeros(5), "there is 1 group"),
        (np.array([1.0, np.nan]), np.arange(2), "1 of 2 cases have no number"),
    ],
)
def test_what_cannot_be_resampled_has_no_interval(values, groups, why):
    found = bca(values, groups, draws=50)
    assert found.problem.startswith("cannot be tested: ")
    assert why in found.problem
    assert np.isnan(found.interval).all()


def test_a_ratio_whose_denominator_vanishes_has_no_interval():
    columns = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    assert "does not exist in every resample" in bca(columns, np.arange(3), ratio, draws=200).problem


def test_no_cases_are_refused():
    with pytest.raises(ParameterError):
        bca(np.ones((0, 1)), np.ones(0))
