"""The RMSE that means nothing, against permutations and simulations."""

from itertools import permutations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans

from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.evaluation.scoring.null_law import caveats, null_rmse, vote_variance

NAN = np.nan


def test_the_variance_is_the_mean_over_methods_with_ddof_1():
    votes = np.random.default_rng(0).normal(size=(12, 3)) * [1, 2, 3]
    assert vote_variance(votes) == pytest.approx(votes.var(axis=0, ddof=1).mean())


def test_a_method_asked_about_seldom_counts_less():
    votes = np.array([[0.0, 0.0], [2.0, 4.0], [4.0, NAN], [2.0, NAN], [2.0, NAN], [2.0, NAN]])
    expected = (6 * np.var([0, 2, 4, 2, 2, 2], ddof=1) + 2 * np.var([0, 4], ddof=1)) / 8
    assert vote_variance(votes) == pytest.approx(expected)


def test_without_two_votes_on_a_method_there_is_no_variance():
    assert np.isnan(vote_variance(np.array([[1.0, NAN], [NAN, 1.0]])))


@pytest.mark.parametrize("weights", [(1, 0, 0, 0), (0.5, 0.5, 0, 0), (0.7, 0.1, 0.1, 0.1), (1.4, -0.4, 0, 0)])
def test_over_all_ways_to_hand_out_the_votes_the_law_is_exact(weights):
    votes = np.random.default_rng(1).normal(size=(5, 2)) ** 3
    errors = []
    for order in permutations(range(5)):
        held_out, *training = votes[list(order)]
        errors.append(np.mean((held_out - np.array(weights) @ np.array(training)) ** 2))
    squares = np.full((1, 1, 1), np.sum(np.square(weights)))
    assert null_rmse(votes, squares)[0] ** 2 == pytest.approx(np.mean(errors), rel=1e-12)


def test_weights_that_do_not_sum_to_1_break_the_law():
    votes = np.random.default_rng(1).normal(size=(5, 2)) + 10
    errors = [
        np.mean((votes[held_out] - 0.5 * votes[other]) ** 2) for held_out, other in permutations(range(5), 2)
    ]
    assert null_rmse(votes, np.full((1, 1, 1), 0.25))[0] ** 2 < 0.5 * np.mean(errors)


def folds_of(rng, n):
    return rng.permutation(np.arange(n) % 5)


def linear_errors(rng, n, ks):
    """Squared errors and squared weights of k nearest neighbours of features that say nothing."""
    features, votes = rng.normal(size=(n, 3)), rng.multinomial(4, [0.1, 0.2, 0.3, 0.4], size=n)
    fold = folds_of(rng, n)
    errors, squares = np.empty((n, len(ks))), np.empty((n, len(ks)))
    for held in range(5):
        test, train = np.flatnonzero(fold == held), np.flatnonzero(fold != held)
        order = train[np.argsort(cdist(features[test], features[train]), axis=1)]
        for place, k in enumerate(ks):
            predicted = votes[order[:, :k]].mean(axis=1)
            errors[test, place] = ((votes[test] - predicted) ** 2).mean(axis=1)
            squares[test, place] = 1 / k
    return votes.astype(float), errors, squares


def prototype_errors(rng, n, ks):
    """The same of the k nearest of eight k-means prototypes."""
    features, votes = rng.normal(size=(n, 3)), rng.multinomial(4, [0.1, 0.2, 0.3, 0.4], size=n)
    fold = folds_of(rng, n)
    errors, squares = np.empty((n, len(ks))), np.empty((n, len(ks)))
    for held in range(5):
        test, train = np.flatnonzero(fold == held), np.flatnonzero(fold != held)
        found = KMeans(8, n_init=1, random_state=0).fit(features[train])
        means = np.array([votes[train][found.labels_ == one].mean(axis=0) for one in range(8)])
        sizes = np.bincount(found.labels_)
        order = np.argsort(cdist(features[test], found.cluster_centers_), axis=1)
        for place, k in enumerate(ks):
            errors[test, place] = ((votes[test] - means[order[:, :k]].mean(axis=1)) ** 2).mean(axis=1)
            weights = np.zeros((len(test), 8))
            np.put_along_axis(weights, order[:, :k], 1 / k, axis=1)
            squares[test, place] = (weights**2 / sizes).sum(axis=1)
    return votes.astype(float), errors, squares


@pytest.mark.parametrize("simulated", [linear_errors, prototype_errors])
def test_without_signal_the_pooled_error_follows_the_law_within_2_percent(simulated):
    rng = np.random.default_rng(5)
    ks = (1, 2, 5, 8)
    measured, expected = [], []
    for _ in range(30):
        votes, errors, squares = simulated(rng, 120, ks)
        measured.append(errors.mean(axis=0))
        expected.append(null_rmse(votes, squares[None]) ** 2)
    ratio = np.sqrt(np.mean(measured, axis=0) / np.mean(expected, axis=0))
    np.testing.assert_allclose(ratio, 1, atol=0.02)
    # The law foretells a fall that the tolerance could not hide.
    assert np.sqrt(expected[0][0] / expected[0][-1]) > 1.03


def test_cases_that_were_not_held_out_do_not_count():
    votes = np.random.default_rng(2).normal(size=(4, 2))
    squares = np.array([[[0.5], [NAN], [0.25], [NAN]]])
    expected = np.sqrt(vote_variance(votes) * (1 + 0.375))
    np.testing.assert_allclose(null_rmse(votes, squares), [expected])


def test_without_known_weights_there_is_no_line_and_a_reason():
    votes, groups = np.ones((3, 2)), Groups(labels=[0, 1, 2])
    unknown = np.full((2, 3, 4), NAN)
    assert np.isnan(null_rmse(votes, unknown)).all()
    assert "look at the votes" in caveats(votes, unknown, groups)[0]


def test_missing_votes_and_groups_are_told():
    votes = np.array([[1.0, NAN], [2.0, 0.0], [1.0, 1.0]])
    told = caveats(votes, np.full((1, 3, 1), 0.5), Groups(labels=[0, 0, 1]))
    assert "1 of 6 pairs" in told[0]
    assert "1 of 3 cases" in told[1]
    assert caveats(np.ones((3, 2)), np.full((1, 3, 1), 0.5), Groups(labels=[0, 1, 2])) == ()
