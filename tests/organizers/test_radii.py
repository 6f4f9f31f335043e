"""The radii of a search are numpy's quantiles, and their places tell DBSCAN all that the distances would."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cbrkit_xai.organizers.density import density_orders
from cbrkit_xai.organizers.radii import places_among, radii


def symmetric(n, seed, decimals):
    upper = np.triu(np.random.default_rng(seed).random((n, n)).round(decimals), 1)
    return upper + upper.T


@given(
    st.integers(2, 25),
    st.integers(0, 99),
    st.integers(1, 16),
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(1, 40),
)
def test_radii_are_numpys_quantiles_to_the_last_bit(n, seed, decimals, one, other, steps):
    distances = symmetric(n, seed, decimals)
    quantiles = (min(one, other), max(one, other))
    wanted = np.unique(np.quantile(distances[np.triu_indices(n, 1)], np.linspace(*quantiles, steps)))
    np.testing.assert_array_equal(radii(distances, quantiles, steps), wanted)


def test_finding_radii_leaves_the_distances_as_they_are():
    distances = symmetric(9, 0, 3)
    before = distances.copy()
    radii(distances, (0.0, 1.0), 5)
    np.testing.assert_array_equal(distances, before)


@given(
    st.integers(0, 40),
    st.integers(0, 99),
    hnp.arrays(
        np.float64, st.integers(0, 12), elements=st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.5, 0.9, 1.0])
    ),
)
def test_a_place_is_that_of_the_first_radius_that_reaches_the_distance(n, seed, some_radii):
    distances, eps = symmetric(n, seed, 1), np.unique(some_radii)
    places = places_among(eps, distances)
    assert places.dtype == np.uint8
    np.testing.assert_array_equal(places, np.searchsorted(eps, distances))


@pytest.mark.parametrize(
    ("number", "dtype"), [(253, np.uint8), (254, np.uint8), (255, np.uint16), (300, np.uint16)]
)
def test_many_radii_have_places_too(number, dtype):
    distances, eps = symmetric(30, 1, 16), np.linspace(0, 0.9, number)
    places = places_among(eps, distances)
    assert places.dtype == dtype
    np.testing.assert_array_equal(places, np.searchsorted(eps, distances))
    order, by_distance = (density_orders(given, [3])[0] for given in (places, distances))
    marks = np.arange(number)
    np.testing.assert_array_equal(order.labels_of_all(marks), by_distance.labels_of_all(eps))


@given(st.integers(1, 60), st.integers(0, 999), st.sampled_from([1, 2, 16]))
def test_from_places_come_the_labels_and_counts_that_come_from_distances(n, seed, decimals):
    distances = symmetric(n, seed, decimals)
    eps = np.unique(np.random.default_rng(seed).choice(distances.ravel(), 9))
    marks, wanted = np.arange(len(eps)), [1, 2, 4, 11, n, n + 1]
    by_place = density_orders(places_among(eps, distances), wanted)
    for place, distance in zip(by_place, density_orders(distances, wanted), strict=True):
        np.testing.assert_array_equal(place.clusters(marks), distance.clusters(eps))
        np.testing.assert_array_equal(place.clustered(marks), distance.clustered(eps))
        np.testing.assert_array_equal(place.labels_of_all(marks), distance.labels_of_all(eps))
        for mark, radius in zip(marks, eps, strict=True):
            np.testing.assert_array_equal(place.labels(mark), distance.labels(radius))
