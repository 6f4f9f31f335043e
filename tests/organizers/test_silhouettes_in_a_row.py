"""Many silhouettes of the same cases are what each is by itself, however they are summed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.cluster import DBSCAN

from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.organizers import silhouette
from cbrkit_xai.organizers.cluster_totals import carried_over, totals_of
from cbrkit_xai.organizers.distances import distances_of_all
from cbrkit_xai.organizers.silhouette import (
    silhouette_score,
    silhouettes,
    silhouettes_in_every_reading,
    with_noise_as_one_cluster,
    with_noise_as_singletons,
)


def by_loops(distances, labels):
    """The mean of (b - a) / max(a, b), a case at a time."""
    clusters = sorted(set(labels[labels >= 0]))
    if len(clusters) < 2:
        return None
    found = []
    for case in np.flatnonzero(labels >= 0):
        own = [other for other in np.flatnonzero(labels == labels[case]) if other != case]
        if not own:
            found.append(0.0)
            continue
        a = distances[case, own].mean()
        b = min(distances[case, labels == other].mean() for other in clusters if other != labels[case])
        found.append((b - a) / max(a, b) if max(a, b) > 0 else 0.0)
    return np.mean(found)


def without_gaps(labels):
    numbers = np.full(len(labels), -1)
    numbers[labels >= 0] = np.unique(labels[labels >= 0], return_inverse=True)[1]
    return numbers


def changing_labels(rng, n, steps):
    """Labels of which a few change from each to the next, clusters that join, and now and then all change."""
    labels = rng.integers(-1, 4, n)
    for _ in range(steps):
        kind = rng.integers(0, 6)
        if kind == 0:
            labels = rng.integers(-1, 4, n)
        elif kind == 1:
            labels = np.where(labels == rng.integers(-1, 4), rng.integers(-1, 4), labels)
        else:
            labels = np.where(rng.random(n) < 0.08, rng.integers(-1, 5, n), labels)
        yield without_gaps(labels)


@pytest.mark.parametrize("few_cases", [0, 512], ids=["one from another", "all at once"])
@given(seed=st.integers(0, 2**32 - 1))
def test_each_is_what_loops_over_the_cases_find(few_cases, seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 40))
    distances = distances_of_all(Euclidean(), rng.normal(size=(n, 2)).round(int(rng.integers(0, 3))))
    labellings = list(changing_labels(rng, n, 12))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(silhouette, "_FEW_CASES", few_cases)
        patched.setattr(silhouette, "_AT_ONCE", 5)
        found = silhouettes(distances, labellings)
    for score, labels in zip(found, labellings, strict=True):
        wanted = by_loops(distances, labels)
        assert (score is None) == (wanted is None)
        assert wanted is None or score == pytest.approx(wanted, abs=1e-9)


def test_of_many_cases_each_is_scikit_learns():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(5, 3))[rng.integers(0, 5, 700)] * 2 + rng.normal(size=(700, 3)) * 0.4
    distances = distances_of_all(Euclidean(), rows)
    labellings = [
        DBSCAN(eps=eps, min_samples=m, metric="precomputed").fit(distances).labels_.astype(np.int64)
        for eps in np.linspace(0.3, 0.9, 13)
        for m in (2, 4, 8)
    ]
    found = silhouettes(distances, labellings)
    compared = 0
    for score, labels in zip(found, labellings, strict=True):
        inside = labels >= 0
        if labels.max() < 1:
            assert score is None
            continue
        compared += 1
        wanted = metrics.silhouette_score(
            distances[np.ix_(inside, inside)], labels[inside], metric="precomputed"
        )
        assert score == pytest.approx(wanted, abs=1e-9)
    assert compared > 20


def test_where_equal_cases_are_in_two_clusters_rounding_decides_nothing(monkeypatch):
    """Sums that are carried over lose the last digits, and of equal cases nothing but those would be left."""
    monkeypatch.setattr(silhouette, "_FEW_CASES", 0)
    places = np.repeat([0.0, 0.1, 1e7 / 3], [40, 10, 10])[:, None]
    distances = distances_of_all(Euclidean(), places)
    labels = np.repeat([0, 1, 2, 3], [25, 15, 10, 10])
    labellings = []
    for moved in ([], [40], [40, 50], [40], []):  # (0.1 + 3333333.33) - 3333333.33 - 0.1 is not 0
        labellings.append(labels.copy())
        labellings[-1][moved] = 0
    for score, one in zip(silhouettes(distances, labellings), labellings, strict=True):
        assert score == pytest.approx(by_loops(distances, one), abs=1e-9)


@given(seed=st.integers(0, 2**32 - 1))
def test_totals_that_are_carried_over_are_the_totals(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 50))
    distances = distances_of_all(Euclidean(), rng.normal(size=(n, 2)))
    labels = without_gaps(rng.integers(-1, 5, n))
    totals = totals_of(distances, [labels])
    for after in changing_labels(rng, n, 8):
        found = carried_over(distances, totals, labels, after)
        if found is None:
            continue
        wanted = [distances[after == cluster].sum(axis=0) for cluster in range(after.max() + 1)]
        np.testing.assert_allclose(found, np.reshape(wanted, found.shape), atol=1e-9)


def test_few_moves_are_carried_over_and_many_are_not():
    labels = np.repeat([0, 1], 20)
    distances = np.ones((40, 40)) - np.eye(40)
    totals = totals_of(distances, [labels])
    moved = labels.copy()
    moved[:2] = 1
    assert carried_over(distances, totals, labels, moved) is not None
    assert carried_over(distances, totals, labels, np.tile([0, 1], 20)) is None


def test_the_totals_of_several_clusterings_follow_one_another():
    distances = distances_of_all(Euclidean(), np.array([[0.0], [1.0], [3.0], [7.0]]))
    found = totals_of(
        distances, [np.array([0, 0, 1, -1]), np.array([-1, -1, -1, -1]), np.array([0, 1, 1, 1])]
    )
    assert found.tolist() == [[1, 1, 5, 13], [3, 2, 0, 4], [0, 1, 3, 7], [11, 8, 6, 10]]


@given(seed=st.integers(0, 2**32 - 1))
def test_all_readings_at_once_are_those_of_the_labels_that_each_means(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(0, 25))
    distances = distances_of_all(Euclidean(), rng.normal(size=(n, 2)).round(1))
    labels = without_gaps(rng.integers(-1, int(rng.integers(0, 5)), n))
    readings = (labels, with_noise_as_one_cluster(labels), with_noise_as_singletons(labels))
    found = silhouettes_in_every_reading(distances, labels)
    for score, meant in zip(found, readings, strict=True):
        for wanted in (by_loops(distances, meant), silhouette_score(distances, meant)):
            assert (score is None) == (wanted is None)
            assert wanted is None or score == pytest.approx(wanted, abs=1e-9)
