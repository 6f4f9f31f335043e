"""The Mantel test against scipy, brute force, all permutations of a small base, and its own null."""

import itertools

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import pearsonr, rankdata, spearmanr

from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.evaluation.reproduction.mantel import mantel
from cbrkit_xai.evaluation.reproduction.pair_permutations import between_groups, orders

CORRELATIONS = {"spearman": spearmanr, "pearson": pearsonr}


def singles(n):
    return Groups(labels=np.arange(n))


def matrices(rng, n, *, ties=False):
    photos, votes = rng.normal(size=(n, 3)), rng.normal(size=(n, 2))
    near, apart = cdist(photos, photos), cdist(votes, votes)
    return (near.round(0), apart.round(0)) if ties else (near, apart)


def upper(matrix, counted=None):
    rows, columns = np.triu_indices(len(matrix), 1)
    values = matrix[rows, columns]
    return values if counted is None else values[counted[rows, columns]]


def mantel_of(near, apart, ways, counted=None, **more):
    counted = between_groups(singles(len(near))) if counted is None else counted
    return mantel({"near": near}, apart, counted, ways, **more)["near"]


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("name", CORRELATIONS)
def test_the_correlation_is_scipys_over_the_pairs(name, ties):
    near, apart = matrices(np.random.default_rng(1), 15, ties=ties)
    found = mantel_of(near, apart, orders(singles(15), 19, 0), correlation=name)
    assert found.r == pytest.approx(CORRELATIONS[name](upper(near), upper(apart)).statistic, abs=1e-12)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("name", CORRELATIONS)
def test_p_is_what_correlating_each_permutation_by_itself_gives(name, ties):
    near, apart = matrices(np.random.default_rng(2), 9, ties=ties)
    ways = orders(singles(9), 200, 3)
    found = mantel_of(near, apart, ways, correlation=name)
    drawn = np.array(
        [CORRELATIONS[name](upper(near), upper(apart[np.ix_(way, way)])).statistic for way in ways]
    )
    assert found.p == (1 + (drawn >= found.r - 1e-10).sum()) / 201
    assert found.p_below == (1 + (0.1 + drawn <= found.r + 1e-10).sum()) / 201
    assert found.chance == pytest.approx(tuple(np.quantile(drawn, (0.025, 0.975))))
    assert found.interval == pytest.approx((found.r - found.chance[1], found.r - found.chance[0]))


def test_over_all_permutations_the_correlation_averages_to_zero():
    near, apart = matrices(np.random.default_rng(4), 5)
    ways = np.array(list(itertools.permutations(range(5))))
    drawn = [mantel_of(near, apart[np.ix_(way, way)], ways[:1], correlation="pearson").r for way in ways]
    assert np.mean(drawn) == pytest.approx(0, abs=1e-12)
    found = mantel_of(near, apart, ways, correlation="pearson")
    assert found.p == (1 + sum(one >= found.r - 1e-10 for one in drawn)) / 121


def test_equal_matrices_correlate_fully_and_are_as_clear_as_can_be():
    near, _ = matrices(np.random.default_rng(5), 12)
    found = mantel_of(near, near, orders(singles(12), 99, 0))
    assert found.r == pytest.approx(1)
    assert (found.p, found.p_below) == (0.01, 1.0)


def test_ranks_do_not_change_when_distances_are_stretched():
    near, apart = matrices(np.random.default_rng(6), 12)
    ways = orders(singles(12), 49, 0)
    assert mantel_of(near**3, apart, ways).r == pytest.approx(mantel_of(near, apart, ways).r, abs=1e-12)
    assert mantel_of(near**3, apart, ways, correlation="pearson").r != pytest.approx(
        mantel_of(near, apart, ways, correlation="pearson").r, abs=1e-6
    )


def test_distances_that_tie_share_the_mean_of_their_ranks():
    near = np.array([[0, 1, 1, 2], [1, 0, 2, 2], [1, 2, 0, 3], [2, 2, 3, 0]], dtype=float)
    apart = cdist([[0.0], [1], [3], [7]], [[0.0], [1], [3], [7]])
    expected = pearsonr(rankdata(upper(near)), rankdata(upper(apart))).statistic
    assert mantel_of(near, apart, orders(singles(4), 9, 0)).r == pytest.approx(expected)


def test_two_cases_of_one_photo_are_no_evidence():
    rng = np.random.default_rng(7)
    near, apart = matrices(rng, 8)
    groups = Groups(labels=[0, 0, 1, 2, 2, 3, 4, 5])
    counted, ways = between_groups(groups), orders(groups, 49, 1)
    found = mantel_of(near, apart, ways, counted)
    assert found.r == pytest.approx(spearmanr(upper(near, counted), upper(apart, counted)).statistic)
    moved = apart.copy()
    moved[0, 1] = moved[1, 0] = 99.0
    assert mantel_of(near, moved, ways, counted) == found


def test_a_pair_without_a_common_method_counts_as_the_mean_of_the_others():
    near, apart = matrices(np.random.default_rng(8), 7)
    gap, filled = apart.copy(), apart.copy()
    gap[2, 5] = gap[5, 2] = np.nan
    others = np.delete(upper(apart), 11 + 2)  # (2, 5) is the 14th of the 21 pairs
    assert upper(gap)[13] != upper(gap)[13]
    filled[2, 5] = filled[5, 2] = others.mean()
    ways = orders(singles(7), 29, 0)
    assert mantel_of(near, gap, ways).r == pytest.approx(mantel_of(near, filled, ways).r)


def test_where_all_votes_are_equal_it_says_so():
    near, _ = matrices(np.random.default_rng(9), 6)
    found = mantel_of(near, np.ones((6, 6)), orders(singles(6), 9, 0))
    assert np.isnan(found.r)
    assert found.problem == "all pairs of photos have equally similar votes"


def test_where_all_photos_are_equally_far_apart_it_says_so():
    _, apart = matrices(np.random.default_rng(9), 6)
    found = mantel_of(np.ones((6, 6)), apart, orders(singles(6), 9, 0))
    assert found.problem == "all pairs of photos are equally far apart"


def test_several_metrics_are_tested_as_each_by_itself():
    rng = np.random.default_rng(10)
    (first, apart), (second, _) = matrices(rng, 10), matrices(rng, 10)
    counted, ways = between_groups(singles(10)), orders(singles(10), 99, 2)
    both = mantel({"a": first, "b": second}, apart, counted, ways)
    for name, near in (("a", first), ("b", second)):
        alone = mantel({name: near}, apart, counted, ways)[name]
        assert both[name].p == alone.p
        assert (both[name].r, *both[name].chance) == pytest.approx((alone.r, *alone.chance))


def test_without_signal_small_p_are_as_rare_as_they_say():
    rng = np.random.default_rng(11)
    small = 0
    for study in range(400):
        near, apart = matrices(rng, 12)
        small += mantel_of(near, apart, orders(singles(12), 99, study)).p <= 0.05
    # Of 400 at .05, 32 or more have a chance of .008.
    assert small < 32


def test_with_signal_it_is_found():
    rng = np.random.default_rng(12)
    photos = rng.normal(size=(40, 2))
    votes = photos + rng.normal(size=(40, 2))
    found = mantel_of(cdist(photos, photos), cdist(votes, votes), orders(singles(40), 499, 0))
    assert found.p == 1 / 500
    assert found.interval[0] > 0.1
