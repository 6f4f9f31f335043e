"""The search for a DBSCAN setting, against a plain loop over scikit-learn."""

import numpy as np
import pytest
from sklearn.cluster import DBSCAN
from sklearn.metrics import silhouette_score

from cbrkit_xai.errors import NotOrganizableError
from cbrkit_xai.metrics.cosine import Cosine
from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.organizers.clustering import Clustering
from cbrkit_xai.organizers.clustering_search import radii
from cbrkit_xai.organizers.dbscan_prototypes import DbscanPrototypes
from cbrkit_xai.organizers.distances import distances_of_all


def searched_by_scikit_learn(distances, min_clustered, min_samples=range(2, 11)):
    """Return (silhouette, min_samples, eps, labels) of the best feasible setting, the first of equals."""
    best = None
    pairs = distances[np.triu_indices(len(distances), 1)]
    for m in min_samples:
        for eps in np.quantile(pairs, np.linspace(0.005, 0.4, 30)):
            labels = DBSCAN(eps=eps, min_samples=m, metric="precomputed").fit(distances).labels_
            inside = labels >= 0
            if labels.max() < 1 or inside.mean() < min_clustered:
                continue
            score = silhouette_score(distances[np.ix_(inside, inside)], labels[inside], metric="precomputed")
            if best is None or score > best[0] + 1e-12:
                best = score, m, eps, labels
    return best


@pytest.mark.parametrize("seed", range(6))
def test_the_search_finds_what_a_loop_over_scikit_learn_finds(seed):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(5, 4)) * 2
    rows = centres[rng.integers(0, 5, 60)] + rng.normal(size=(60, 4)) * 0.5
    distances = distances_of_all(Euclidean(), rows)
    score, m, eps, labels = searched_by_scikit_learn(distances, 0.7)
    found = DbscanPrototypes().cluster(distances)
    assert (found.min_samples, found.eps) == (m, eps)
    assert np.array_equal(found.labels, labels)
    assert found.silhouette == pytest.approx(score, abs=1e-9)
    assert found.silhouette_noise_as_cluster == pytest.approx(
        silhouette_score(distances, labels, metric="precomputed"), abs=1e-9
    )


@pytest.mark.parametrize("metric", [Euclidean(), Cosine()], ids=["hist-euc", "hist-cos"])
def test_on_real_photos_the_search_finds_what_a_loop_over_scikit_learn_finds(metric, colour_histograms):
    distances = distances_of_all(metric, colour_histograms)
    wanted = searched_by_scikit_learn(distances, 0.5)
    organizer = DbscanPrototypes(min_clustered=0.5)
    if wanted is None:
        with pytest.raises(NotOrganizableError):
            organizer.cluster(distances)
    else:
        found = organizer.cluster(distances)
        assert (found.min_samples, found.eps) == wanted[1:3]
        assert np.array_equal(found.labels, wanted[3])


def two_lines(near, far):
    """Two rows of `near` cases 1 apart, far from each other, and `far` cases far from all."""
    left, right = np.arange(near), 1000 + np.arange(near)
    return np.concatenate([left, right, 10_000 * np.arange(1, far + 1)]).astype(float)[:, None]


def test_exactly_seventy_per_cent_is_enough():
    distances = distances_of_all(Euclidean(), two_lines(7, 6))  # 14 of 20
    assert DbscanPrototypes(eps=1.0).cluster(distances).clustered == 14


def test_less_than_seventy_per_cent_is_not_enough_and_the_error_says_by_how_much():
    distances = distances_of_all(Euclidean(), two_lines(14, 13))  # 28 of 41
    with pytest.raises(NotOrganizableError) as caught:
        DbscanPrototypes(eps=1.0, min_samples=None).cluster(distances)
    assert str(caught.value) == (
        "organizer dbscan-prototypes: DBSCAN finds no clustering of these 41 cases; "
        "closest: min_samples=2, eps=1: 2 clusters, 68.29 % of 41 cases clustered (70 % needed), "
        "silhouette 0.99; allowed: at least 2 clusters with at least 70 % of the cases; "
        "lower min_clustered or min_clusters, or choose the organizer 'linear'"
    )


def test_the_papers_139_of_200_passes_a_lower_bound_only():
    rows = np.concatenate([np.arange(70), 1000 + np.arange(69), 10_000 * np.arange(1, 62)]).astype(float)
    distances = distances_of_all(Euclidean(), rows[:, None])
    with pytest.raises(NotOrganizableError, match=r"69.5 % of 200 cases clustered \(70 % needed\)"):
        DbscanPrototypes(eps=1.0).cluster(distances)
    assert DbscanPrototypes(eps=1.0, min_clustered=0.69).cluster(distances).clustered == 139


@pytest.mark.parametrize("n", [0, 1])
def test_without_a_pair_of_cases_there_is_nothing_to_search(n):
    with pytest.raises(NotOrganizableError, match=f"there are {n} cases.*allowed: at least 2 cases"):
        DbscanPrototypes().cluster(np.zeros((n, n)))


@pytest.mark.parametrize("rows", [[0.0, 1.0], [0.0, 1.0, 5.0], [2.0] * 20], ids=["two", "three", "all equal"])
def test_too_few_or_too_equal_cases_are_one_cluster_at_best(rows):
    distances = distances_of_all(Euclidean(), np.array(rows)[:, None])
    with pytest.raises(
        NotOrganizableError, match=r"closest: .* 1 cluster \(2 needed\).* silhouette undefined"
    ):
        DbscanPrototypes().cluster(distances)


def test_groups_of_equal_cases_are_found_at_eps_zero():
    rows = np.repeat(np.array([[0.0], [1.0], [5.0], [6.0]]), 10, axis=0)
    found = DbscanPrototypes(search_quantiles=(0.005, 0.1)).cluster(distances_of_all(Euclidean(), rows))
    assert (found.eps, found.clusters, found.silhouette) == (0.0, 4, 1.0)


def test_a_tie_goes_to_the_least_min_samples_and_then_to_the_least_eps():
    distances = distances_of_all(Euclidean(), two_lines(5, 0))
    found = DbscanPrototypes(search_quantiles=(0.0, 0.4)).cluster(distances)
    assert (found.min_samples, found.eps) == (2, 1.0)  # any eps from 1 to 995 gives the same labels


def test_a_given_setting_is_not_searched_and_may_have_one_cluster():
    found = DbscanPrototypes(min_samples=2, eps=1.0).cluster(
        distances_of_all(Euclidean(), two_lines(3, 0)[:4])
    )
    assert found.labels.tolist() == [0, 0, 0, -1]
    assert found.silhouette is None
    assert found.silhouette_noise_as_cluster is not None


def test_a_given_setting_without_clusters_is_an_error_that_says_where_they_begin():
    distances = distances_of_all(Euclidean(), np.array([[0.0], [2.5], [9.0]]))
    with pytest.raises(
        NotOrganizableError, match=r"all 3 cases are noise.* first cluster appears at eps=2.5"
    ):
        DbscanPrototypes(min_samples=2, eps=1.0).cluster(distances)
    assert DbscanPrototypes(min_samples=2, eps=2.5).cluster(distances).clusters == 1
    with pytest.raises(NotOrganizableError, match="add cases or lower min_samples"):
        DbscanPrototypes(min_samples=4, eps=1.0).cluster(distances)


def test_not_counting_itself_is_scikit_learns_next_min_samples():
    rows = np.random.default_rng(0).normal(size=(80, 2))
    distances = distances_of_all(Euclidean(), rows)
    ours = DbscanPrototypes(min_samples=3, eps=0.4, counts_itself=False).cluster(distances)
    theirs = DBSCAN(eps=0.4, min_samples=4, metric="precomputed").fit(distances).labels_
    assert np.array_equal(ours.labels, theirs)
    assert ours.min_samples == 3
    searched = DbscanPrototypes(counts_itself=False, min_clustered=0.3).cluster(distances)
    again = DbscanPrototypes(min_samples=searched.min_samples, eps=searched.eps, counts_itself=False).cluster(
        distances
    )
    assert np.array_equal(searched.labels, again.labels)


def test_radii_are_quantiles_of_the_upper_triangle_each_once():
    distances = distances_of_all(Euclidean(), np.array([[0.0], [1.0], [3.0], [6.0]]))
    assert radii(distances, (0.0, 0.5), 3).tolist() == [1.0, 2.25, 3.0]  # of 1, 2, 3, 3, 5, 6
    assert radii(np.ones((4, 4)) - np.eye(4), (0.0, 0.5), 30).tolist() == [1.0]


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"min_samples": 0}, "'min_samples' must be a whole number of at least 1: 0"),
        ({"min_samples": True}, "'min_samples' must be a whole number of at least 1: True"),
        ({"eps": -0.1}, "'eps' must be a finite number of at least 0: -0.1"),
        ({"eps": float("nan")}, "'eps' must be a finite number"),
        ({"min_clustered": 70}, "'min_clustered' must be a number from 0 to 1: 70"),
        ({"min_clusters": 1.5}, "'min_clusters' must be a whole number"),
        ({"noise": "keep"}, "'noise' must be in"),
        ({"search_min_samples": (5, 2)}, "'search_min_samples' must be two numbers, the lower first"),
        ({"search_quantiles": (0.1, 0.2, 0.3)}, "'search_quantiles' must be two numbers"),
        ({"search_steps": 0}, "'search_steps' must be a whole number of at least 1: 0"),
    ],
)
def test_parameters_out_of_range_are_refused_with_value_and_rule(parameters, reason):
    with pytest.raises(ValueError, match=reason):
        DbscanPrototypes(**parameters)


def test_a_clustering_survives_its_own_state():
    distances = distances_of_all(Euclidean(), two_lines(5, 1))
    clustering = DbscanPrototypes(min_samples=2, eps=1.0).cluster(distances)
    again = Clustering.from_state(clustering.state())
    assert again.state() == clustering.state()
    assert (again.n, again.clusters, again.clustered, again.members(1).tolist()) == (
        11,
        2,
        10,
        [5, 6, 7, 8, 9],
    )
    assert again.members(-1).tolist() == [10]
    with pytest.raises(ValueError, match="read-only"):
        again.labels[0] = 7
