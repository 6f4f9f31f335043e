"""Partitioning around medoids, against all subsets and against recomputed sums."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbrkit_xai.aggregators.mean import Mean
from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.organizers.k_medoids import KMedoids
from cbrkit_xai.organizers.medoids import build, labels_of, swap_changes, swapped


def cost(distances, medoids):
    return distances[list(medoids)].min(axis=0).sum()


def table(seed, n, whole=False):
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 4, (n, 2)).astype(float) if whole else rng.normal(size=(n, 2))
    return Euclidean().pairwise(rows, rows)


tables = st.builds(table, st.integers(0, 10**6), st.integers(2, 9), st.booleans())


@settings(max_examples=50)
@given(tables, st.data())
def test_the_change_by_each_swap_is_the_difference_of_the_sums(distances, data):
    n = len(distances)
    medoids = np.array(data.draw(st.permutations(range(n)))[: data.draw(st.integers(1, n))])
    changes = swap_changes(distances, medoids)
    for place in range(len(medoids)):
        for case in range(n):
            if case in medoids:
                continue
            after = [*np.delete(medoids, place), case]
            assert changes[place, case] == pytest.approx(
                cost(distances, after) - cost(distances, medoids), abs=1e-9
            )


@settings(max_examples=50)
@given(tables, st.data())
def test_no_single_swap_betters_the_result_and_no_start_is_worsened(distances, data):
    n = len(distances)
    number = data.draw(st.integers(1, n))
    first = build(distances, number)
    medoids = swapped(distances, first, 1000)
    assert len(set(medoids.tolist())) == number
    assert cost(distances, medoids) <= cost(distances, first) + 1e-9
    for leaving in medoids:
        for entering in set(range(n)) - set(medoids.tolist()):
            other = [entering if one == leaving else one for one in medoids]
            assert cost(distances, other) >= cost(distances, medoids) - 1e-9


def test_on_tiny_bases_the_result_is_mostly_the_best_of_all_subsets_and_never_far_from_it():
    best = 0
    for seed in range(40):
        distances = table(seed, 9)
        found = cost(distances, swapped(distances, build(distances, 3), 1000))
        least = min(cost(distances, subset) for subset in combinations(range(9), 3))
        assert found <= 1.3 * least
        best += found <= least * (1 + 1e-12)
    assert best >= 30  # where two medoids would have to move at once, a local search stops


def test_the_start_takes_the_most_central_case_and_then_what_lowers_the_sum_most():
    rows = np.array([[0.0], [1.0], [2.0], [10.0], [11.0]])
    distances = Euclidean().pairwise(rows, rows)
    # Sums 24, 21, 20, 28, 32: the case at 2. Then at 10 it gains 8 + 8, at 11 9 + 7: the first of equals.
    assert build(distances, 2).tolist() == [2, 3]
    assert swapped(distances, np.array([2, 3]), 9).tolist() == [1, 3]  # 1 + 1 + 1 instead of 2 + 1 + 1


def test_medoids_of_equal_cases_keep_a_cluster_each():
    assert labels_of(np.zeros((4, 4)), np.array([1, 3])).tolist() == [0, 0, 0, 1]


def test_an_entry_can_be_the_medoid_itself(make_cases):
    cases = make_cases(np.array([[0.0], [1.0], [5.0], [100.0], [101.0]]), votes=[[1], [2], [6], [0], [4]])
    index = KMedoids(n_clusters=2, represent_by="medoid").organize(cases, Euclidean(), Mean())
    assert index.entries.features.tolist() == [[1.0], [100.0]]
    assert index.entries.votes.tolist() == [[3.0], [2.0]]  # the members' mean all the same
    without = index.nearest(np.array([[0.0]]), 1, [["case-001"]])
    assert without.distances.tolist() == [[0.0]]  # of 0 and 5, equally central, the first by id
    assert without.votes.tolist() == [[[3.5]]]


def test_a_drawn_start_ends_at_a_sum_no_worse_than_a_third_above_the_greedy_ones(make_cases):
    rng = np.random.default_rng(0)
    cases = make_cases(rng.normal(size=(5, 2))[rng.integers(0, 5, 60)] * 9 + rng.normal(size=(60, 2)))
    distances = Euclidean().pairwise(cases.features, cases.features)

    def within(organizer):
        labels = organizer.organize(cases, Euclidean(), Mean()).clustering.labels
        groups = [np.flatnonzero(labels == label) for label in range(5)]
        return sum(distances[np.ix_(rows, rows)].sum(axis=1).min() for rows in groups)

    greedy = within(KMedoids(n_clusters=5))
    for seed in range(3):
        assert within(KMedoids(n_clusters=5, start="random", seed=seed)) <= greedy * 4 / 3


def test_no_more_swaps_are_made_than_allowed():
    distances = table(1, 9)
    first = np.array([0, 1, 2])
    one = swapped(distances, first, 1)
    assert (one != first).sum() == 1
    assert cost(distances, swapped(distances, first, 1000)) < cost(distances, one)
