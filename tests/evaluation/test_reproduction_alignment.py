"""Case-base alignment by hand, by loops, and its mean by chance in closed form."""

import itertools

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.evaluation.reproduction.alignment import alignments, neighbour_weights, solution_alignment
from cbrkit_xai.evaluation.reproduction.pair_permutations import between_groups, orders

IDS = "abcdefghijklmnopqrst"


def singles(n):
    return Groups(labels=np.arange(n))


def aligned(near, apart, *, k, groups=None, draws=19):
    groups = groups or singles(len(near))
    ways = orders(groups, draws, 0)
    return alignments({"near": near}, apart, between_groups(groups), ways, IDS[: len(near)], k)["near"]


def by_loops(near, apart, k):
    n = len(near)
    pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
    low, high = min(apart[i, j] for i, j in pairs), max(apart[i, j] for i, j in pairs)
    farthest = max(near[i, j] for i, j in pairs)
    found = []
    for t in range(n):
        nearest = sorted((j for j in range(n) if j != t), key=lambda j: (near[t, j], IDS[j]))[:k]
        weights = [1 - near[t, j] / farthest for j in nearest]
        agreement = [1 - (apart[t, j] - low) / (high - low) for j in nearest]
        if sum(weights) == 0:
            weights = [1.0] * len(nearest)
        found.append(sum(w * a for w, a in zip(weights, agreement, strict=True)) / sum(weights))
    return found


@pytest.mark.parametrize("k", [1, 3, 50])
def test_it_is_what_loops_over_cases_and_neighbours_give(k):
    rng = np.random.default_rng(0)
    photos, votes = rng.integers(0, 4, size=(12, 2)), rng.integers(0, 3, size=(12, 3))
    near, apart = cdist(photos, photos), cdist(votes, votes)
    found = aligned(near, apart, k=k)
    np.testing.assert_allclose(found.per_case, by_loops(near, apart, k))
    assert found.mean == pytest.approx(np.mean(found.per_case))


def test_four_cases_by_hand():
    near = cdist([[0.0], [1], [4], [10]], [[0.0], [1], [4], [10]])
    apart = cdist([[0.0], [0], [1], [2]], [[0.0], [0], [1], [2]])
    # Nearest: a-b, b-a, c-b, d-c; solutions apart by 0, 0, 1, 1 of at most 2.
    assert aligned(near, apart, k=1).per_case.tolist() == [1.0, 1.0, 0.5, 0.5]


def test_over_all_ways_to_hand_out_the_votes_its_mean_is_that_of_all_pairs():
    rng = np.random.default_rng(1)
    photos, votes = rng.normal(size=(5, 2)), rng.normal(size=(5, 2))
    near, apart = cdist(photos, photos), cdist(votes, votes)
    ways = np.array(list(itertools.permutations(range(5))))
    counted = between_groups(singles(5))
    found = alignments({"near": near}, apart, counted, ways, IDS[:5], 2)["near"]
    agreement = solution_alignment(apart, counted)
    assert found.by_chance == pytest.approx(agreement[counted].mean(), rel=1e-12)


def test_equal_solutions_within_each_neighbourhood_align_fully():
    photos = np.array([[0.0], [0.1], [9.0], [9.1]])
    apart = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [1, 1, 0, 0], [1, 1, 0, 0]], dtype=float)
    assert aligned(cdist(photos, photos), apart, k=1).mean == 1.0


def test_a_photos_own_twin_is_no_neighbour():
    photos = np.array([[0.0], [0.0], [1.0], [5.0]])
    groups = Groups(labels=[0, 0, 1, 2])
    weights = neighbour_weights(cdist(photos, photos), between_groups(groups), IDS[:4], 1)
    np.testing.assert_array_equal(weights.argmax(axis=1), [2, 2, 0, 2])
    np.testing.assert_allclose(weights.sum(axis=1), 1)


def test_where_all_neighbours_are_as_far_as_can_be_they_count_alike():
    near = 1.0 - np.eye(4)
    weights = neighbour_weights(near, between_groups(singles(4)), IDS[:4], 2)
    np.testing.assert_array_equal(weights[0], [0, 0.5, 0.5, 0])


def test_equal_photos_have_neighbours_of_equal_weight():
    weights = neighbour_weights(np.zeros((3, 3)), between_groups(singles(3)), IDS[:3], 2)
    np.testing.assert_array_equal(weights[0], [0, 0.5, 0.5])


def test_a_case_without_neighbours_has_no_alignment():
    groups = Groups(labels=[0, 0])
    found = aligned(np.zeros((2, 2)), np.ones((2, 2)), k=1, groups=groups)
    assert np.isnan(found.per_case).all()
    assert found.problem


def test_where_all_votes_are_equal_it_says_so():
    photos = np.arange(5.0)[:, None]
    found = aligned(cdist(photos, photos), np.zeros((5, 5)), k=2)
    assert np.isnan(found.mean)
    assert found.problem == "all pairs of photos have equally similar votes"


def test_neighbours_that_agree_beyond_chance_are_found():
    rng = np.random.default_rng(3)
    photos = rng.normal(size=(20, 1))
    near = cdist(photos, photos)
    found = aligned(near, near, k=3, draws=199)
    assert found.p == 1 / 200
    assert found.chance[1] < found.mean
