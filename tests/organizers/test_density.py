"""DBSCAN labels and silhouettes, against scikit-learn number for number."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics
from sklearn.cluster import DBSCAN

from cbrkit_xai.metrics.cosine import Cosine
from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.organizers.clustering_search import radii
from cbrkit_xai.organizers.density import dbscan_labels, density_orders
from cbrkit_xai.organizers.distances import distances_of_all
from cbrkit_xai.organizers.silhouette import (
    silhouette_score,
    with_noise_as_one_cluster,
    with_noise_as_singletons,
)


def scikit_learn_labels(distances, eps, min_samples):
    return DBSCAN(eps=eps, min_samples=min_samples, metric="precomputed").fit(distances).labels_


def drawn_distances(rng):
    """Distances of blobs, of a grid full of ties, of repeated rows, or of a symmetric random matrix."""
    n = int(rng.integers(2, 70))
    kind = rng.integers(0, 4)
    if kind == 0:
        rows = rng.normal(size=(4, 3))[rng.integers(0, 4, n)] * 3 + rng.normal(size=(n, 3))
    elif kind == 1:
        rows = rng.integers(0, 6, size=(n, 2)).astype(float)
    elif kind == 2:
        rows = rng.normal(size=(max(1, n // 4), 5))[rng.integers(0, max(1, n // 4), n)]
    else:
        upper = np.triu(rng.random((n, n)), 1)  # no metric at all: no triangle inequality
        return upper + upper.T
    return distances_of_all([Euclidean(), Cosine()][rng.integers(0, 2)], rows)


@pytest.mark.parametrize("seed", range(10))
def test_labels_equal_scikit_learns_for_fifty_draws(seed):
    rng = np.random.default_rng(seed)
    for _ in range(50):
        distances = drawn_distances(rng)
        # Often a distance that occurs: then "within eps" has to include it.
        occurring = rng.choice(distances[distances > 0]) if (distances > 0).any() else 1.0
        eps = float(occurring * rng.choice([1.0, 1.0, 0.7]))
        min_samples = int(rng.integers(1, 12))
        assert np.array_equal(
            dbscan_labels(distances, eps, min_samples), scikit_learn_labels(distances, eps, min_samples)
        )


def test_a_border_point_belongs_to_the_first_cluster_that_reaches_it():
    # Of each group of three only the one nearest to 5 is a core point: itself, two others, and 5.
    rows = np.array([[8.0], [8.5], [9.0], [1.0], [1.5], [2.0], [5.0]])
    distances = distances_of_all(Euclidean(), rows)
    assert dbscan_labels(distances, 3.2, 4).tolist() == [0, 0, 0, 1, 1, 1, 0]
    backwards = distances[::-1, ::-1]
    assert dbscan_labels(backwards, 3.2, 4).tolist() == [0, 0, 0, 0, 1, 1, 1]


def test_at_eps_zero_a_cluster_is_a_set_of_equal_cases():
    rows = np.array([[1.0], [2.0], [1.0], [3.0], [2.0]])
    assert dbscan_labels(distances_of_all(Euclidean(), rows), 0.0, 2).tolist() == [0, 1, 0, -1, 1]


@pytest.mark.parametrize("n", [0, 1, 2])
def test_more_samples_than_cases_leave_only_noise(n):
    assert dbscan_labels(np.zeros((n, n)), 1.0, 3).tolist() == [-1] * n


@given(st.integers(0, 2**32 - 1))
def test_the_counts_of_all_settings_are_those_of_their_labels(seed):
    rng = np.random.default_rng(seed)
    distances = drawn_distances(rng)
    eps = np.sort(rng.choice(distances.ravel(), 8))
    for order in density_orders(distances, [1, 2, 5]):
        labels = [order.labels(radius) for radius in eps]
        assert order.clusters(eps).tolist() == [row.max() + 1 for row in labels]
        assert order.clustered(eps).tolist() == [(row >= 0).sum() for row in labels]


@given(hnp.arrays(np.float64, st.integers(2, 30), elements=st.integers(-1, 4).map(float)), st.integers(0, 99))
def test_silhouettes_equal_scikit_learns_in_every_reading(labels, seed):
    labels = labels.astype(np.int64)
    rows = np.random.default_rng(seed).normal(size=(len(labels), 2)).round(1)
    distances = distances_of_all(Euclidean(), rows)

    def wanted(chosen, of):
        if not 2 <= len(set(of)) <= len(of) - 1:
            return None  # where scikit-learn refuses to answer
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it divides 0 by 0 for equal cases
            return metrics.silhouette_score(distances[np.ix_(chosen, chosen)], of, metric="precomputed")

    everything = np.arange(len(labels))
    singletons = np.where(labels < 0, 100 + everything, labels)
    clustered = np.flatnonzero(labels >= 0)
    for ours, chosen, of in (
        (labels, clustered, labels[clustered]),
        (with_noise_as_one_cluster(labels), everything, labels),
        (with_noise_as_singletons(labels), everything, singletons),
    ):
        expected = wanted(chosen, of)
        if expected is not None:
            assert silhouette_score(distances, ours) == pytest.approx(expected, abs=1e-9)


def test_the_silhouette_by_hand():
    distances = distances_of_all(Euclidean(), np.array([[0.0], [1.0], [10.0], [12.0], [100.0]]))
    # a: 1, 1, 2, 2; b: 11, 10, 9.5, 11.5; the last case is noise
    wanted = np.mean([10 / 11, 9 / 10, 7.5 / 9.5, 9.5 / 11.5])
    assert silhouette_score(distances, np.array([0, 0, 1, 1, -1])) == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("labels", [[-1, -1, -1], [0, 0, 0], [0, 0, -1]])
def test_the_silhouette_of_fewer_than_two_clusters_is_undefined(labels):
    assert silhouette_score(np.ones((3, 3)) - np.eye(3), np.array(labels)) is None


def test_clusters_of_one_case_have_silhouette_zero():
    assert silhouette_score(np.ones((3, 3)) - np.eye(3), np.arange(3)) == 0.0


@pytest.mark.parametrize("metric", [Euclidean(), Cosine()], ids=["euclidean", "cosine"])
def test_on_real_photos_labels_equal_scikit_learns_for_the_whole_search(metric, colour_histograms):
    distances = distances_of_all(metric, colour_histograms)
    eps = radii(distances, (0.005, 0.4), 30)
    assert len(eps) == 30
    for min_samples, order in zip(range(2, 11), density_orders(distances, list(range(2, 11))), strict=True):
        for radius in eps:
            assert np.array_equal(order.labels(radius), scikit_learn_labels(distances, radius, min_samples))
