"""Prototypes of clusters however they came about: scikit-learn's labels, held-out members, all features."""

import json
from types import SimpleNamespace

import attrs
import numpy as np
import pytest
from sklearn.cluster import HDBSCAN, AgglomerativeClustering, KMeans
from sklearn.metrics import adjusted_rand_score

from cbrkit_xai.aggregators.mean import Mean
from cbrkit_xai.cases import Cases
from cbrkit_xai.errors import NotOrganizableError, ParameterError, PluginError
from cbrkit_xai.metrics.cosine import Cosine
from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.organizers.agglomerative_prototypes import AgglomerativePrototypes
from cbrkit_xai.organizers.condensed import Condensed
from cbrkit_xai.organizers.footprint import Footprint
from cbrkit_xai.organizers.hdbscan_prototypes import HdbscanPrototypes
from cbrkit_xai.organizers.k_means_prototypes import KMeansPrototypes
from cbrkit_xai.organizers.k_medoids import KMedoids
from cbrkit_xai.organizers.random_prototypes import RandomPrototypes
from cbrkit_xai.organizers.supervised_prototypes import SupervisedPrototypes
from cbrkit_xai.organizers.two_stage import TwoStage

BY_NUMBER = [AgglomerativePrototypes, KMeansPrototypes, KMedoids, RandomPrototypes]
ANY_METRIC = [
    AgglomerativePrototypes(n_clusters=2),
    Condensed(),
    Footprint(retrieved=1),
    HdbscanPrototypes(min_cluster_size=2, noise="singleton"),
    KMedoids(n_clusters=2),
    KMedoids(n_clusters=2, represent_by="medoid"),
    RandomPrototypes(n_clusters=2),
    SupervisedPrototypes(),
    TwoStage(prototypes=KMedoids(n_clusters=2), n_clusters=1),
]
FEATURES = np.array([0, 1, 2, 200, 201, 202], dtype=np.uint8)
VOTES = np.array([[4.0, 0.0], [3.0, np.nan], [5.0, 1.0], [0.0, 2.0], [1.0, 6.0], [0.0, 9.0]])


class MeanDifference:
    """A metric with neither prepare nor embed, of arrays of any shape or of several."""

    def pairwise(self, queries, references):
        if isinstance(queries, dict):
            return sum(self.pairwise(queries[part], references[part]) for part in queries)
        flat = [np.reshape(rows, (len(rows), -1)).astype(float) for rows in (queries, references)]
        return np.abs(flat[0][:, None] - flat[1][None]).mean(axis=2)


def six(features):
    return Cases(ids="uvwxyz", features=features, votes=VOTES, methods=("lime", "xrai"))


@pytest.fixture(scope="module")
def blobs(make_cases):
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(4, 3))[rng.integers(0, 4, 60)] * 6 + rng.normal(size=(60, 3))
    return make_cases(rows, votes=rng.integers(0, 9, (60, 2)))


def clustering_of(organizer, cases, metric=None):
    return organizer.organize(cases, metric or Euclidean(), Mean()).clustering


def distances_of(cases):
    return Euclidean().pairwise(cases.features, cases.features)


@pytest.mark.parametrize("linkage", ["average", "complete", "single"])
def test_agglomerative_clusters_are_scikit_learns(blobs, linkage):
    ours = clustering_of(AgglomerativePrototypes(n_clusters=5, linkage=linkage), blobs).labels
    theirs = AgglomerativeClustering(5, metric="precomputed", linkage=linkage).fit(distances_of(blobs))
    assert adjusted_rand_score(ours, theirs.labels_) == 1.0


@pytest.mark.parametrize(("size", "samples"), [(3, None), (5, 2)])
def test_hdbscan_clusters_and_noise_are_scikit_learns(blobs, size, samples):
    ours = clustering_of(HdbscanPrototypes(min_cluster_size=size, min_samples=samples), blobs).labels
    theirs = HDBSCAN(min_cluster_size=size, min_samples=samples, metric="precomputed", copy=True)
    labels = theirs.fit(distances_of(blobs)).labels_
    assert adjusted_rand_score(ours, labels) == 1.0
    assert np.array_equal(ours == -1, labels == -1)


def test_k_means_clusters_are_scikit_learns_of_the_embedded_rows(blobs):
    ours = clustering_of(KMeansPrototypes(n_clusters=4, seed=5), blobs, Cosine()).labels
    rows = blobs.features / np.linalg.norm(blobs.features, axis=1, keepdims=True)
    theirs = KMeans(4, n_init=10, random_state=5).fit(rows).labels_
    assert adjusted_rand_score(ours, theirs) == 1.0


def test_clusters_are_numbered_by_their_first_member_by_id():
    cases = attrs.evolve(six(FEATURES[:, None]), ids=tuple("zyxcba"))
    for made in (AgglomerativePrototypes, KMeansPrototypes, KMedoids):
        index = made(n_clusters=2).organize(cases, Euclidean(), Mean())
        assert index.entries.members == (("c", "b", "a"), ("z", "y", "x"))


def test_noise_is_treated_as_in_dbscan_prototypes(make_cases):
    rows = np.array([0, 1, 2, 3, 100, 101, 102, 103, 200])[:, None]
    cases = make_cases(rows, votes=np.ones((9, 1)))
    found = {
        noise: HdbscanPrototypes(min_cluster_size=3, noise=noise).organize(cases, Euclidean(), Mean())
        for noise in ("drop", "singleton", "nearest", "fallback")
    }
    assert {noise: len(index.entries) for noise, index in found.items()} == {
        "drop": 2,
        "singleton": 3,
        "nearest": 2,
        "fallback": 3,
    }
    assert found["nearest"].entries.members[1] == tuple(f"case-{row:03d}" for row in (4, 5, 6, 7, 8))
    near, far = found["fallback"].nearest(np.array([[1.0], [180.0]]), 9).k_eff
    assert (near, far) == (2, 3)


def test_random_groups_have_sizes_that_differ_by_at_most_one(blobs):
    sizes = RandomPrototypes(n_clusters=7).organize(blobs, Euclidean(), Mean()).entries.sizes
    assert sorted(sizes) == [8, 8, 8, 9, 9, 9, 9]


def test_random_groups_can_have_the_sizes_of_another_clustering(blobs):
    other = HdbscanPrototypes(min_cluster_size=4).organize(blobs, Euclidean(), Mean())
    sizes = tuple(other.entries.sizes.tolist())
    index = RandomPrototypes(sizes=sizes, seed=1).organize(blobs, Euclidean(), Mean())
    assert sorted(index.entries.sizes) == sorted(sizes)
    assert index.clustering.clustered == other.clustering.clustered


def test_another_seed_deals_otherwise_and_the_same_seed_the_same(blobs):
    one, same, other = (
        clustering_of(RandomPrototypes(n_clusters=4, seed=s), blobs).labels for s in (0, 0, 1)
    )
    assert np.array_equal(one, same)
    assert adjusted_rand_score(one, other) < 0.5


@pytest.mark.parametrize("made", BY_NUMBER, ids=lambda made: made.__name__)
def test_more_clusters_than_cases_are_refused_with_both_numbers(made):
    with pytest.raises(
        NotOrganizableError, match="7 clusters cannot be made of 6 cases; allowed: n_clusters"
    ):
        made(n_clusters=7).organize(six(FEATURES[:, None]), Euclidean(), Mean())


@pytest.mark.parametrize("made", BY_NUMBER, ids=lambda made: made.__name__)
def test_by_default_the_root_of_half_the_cases_is_the_number_of_clusters(made, blobs):
    assert len(made().organize(blobs, Euclidean(), Mean()).entries) == 5  # 5.48 rounded
    one = made().organize(blobs.take([0]), Euclidean(), Mean())
    assert one.entries.members == (("case-000",),)


@pytest.mark.parametrize("made", BY_NUMBER, ids=lambda made: made.__name__)
def test_a_cluster_needs_a_natural_number(made):
    for wrong in (0, True, 1.5):
        with pytest.raises(ValueError, match="'n_clusters' must be a whole number of at least 1"):
            made(n_clusters=wrong)


def test_equal_cases_make_fewer_clusters_by_k_means(make_cases):
    cases = make_cases(np.array([[1.0], [1.0], [1.0], [5.0]]))
    index = KMeansPrototypes(n_clusters=3).organize(cases, Euclidean(), Mean())
    assert index.entries.sizes.tolist() == [3, 1]


def test_k_means_refuses_a_metric_that_cannot_be_embedded():
    with pytest.raises(ParameterError, match="MeanDifference is not Euclidean after a mapping"):
        KMeansPrototypes(n_clusters=2).organize(six(FEATURES[:, None]), MeanDifference(), Mean())


def test_an_embedding_of_the_wrong_shape_is_the_metrics_fault():
    metric = SimpleNamespace(embed=lambda rows: rows.ravel(), pairwise=Euclidean().pairwise)
    with pytest.raises(
        PluginError, match=r"embed gives uint8 of shape \(6,\); allowed: numbers of shape \(6"
    ):
        KMeansPrototypes(n_clusters=2).organize(six(FEATURES[:, None]), metric, Mean())


def test_hdbscan_says_when_all_is_noise_or_too_little(make_cases):
    spread = make_cases(np.array([[0.0], [1.0], [3.0], [7.0], [15.0]]))
    with pytest.raises(NotOrganizableError, match="min_cluster_size=4 and min_samples=None all 5 cases are"):
        HdbscanPrototypes(min_cluster_size=4).organize(spread, Euclidean(), Mean())
    with pytest.raises(NotOrganizableError, match="there are 5 cases, fewer than min_cluster_size"):
        HdbscanPrototypes(min_cluster_size=6).organize(spread, Euclidean(), Mean())
    with pytest.raises(ValueError, match="'min_cluster_size' must be a whole number of at least 2: 1"):
        HdbscanPrototypes(min_cluster_size=1)


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(NotOrganizableError, match="groups of 8 cases in all cannot be made of 6"):
        RandomPrototypes(sizes=(5, 3)).organize(six(FEATURES[:, None]), Euclidean(), Mean())
    with pytest.raises(ParameterError, match="n_clusters is 3, and there are 2 sizes"):
        RandomPrototypes(sizes=(5, 3), n_clusters=3)
    for wrong in ((), (0,), (True,)):
        with pytest.raises(ValueError, match="'sizes' must"):
            RandomPrototypes(sizes=wrong)


def test_a_state_of_other_cases_or_other_noise_is_refused(blobs):
    organizer = HdbscanPrototypes(min_cluster_size=4)
    state = json.loads(json.dumps(organizer.organize(blobs, Euclidean(), Mean()).state()))
    with pytest.raises(
        ParameterError, match="the state is of 60 cases; allowed: the state of exactly these 59"
    ):
        organizer.restore(blobs.take(slice(1, None)), Euclidean(), Mean(), state)
    with pytest.raises(ParameterError, match="noise='drop'; allowed: one with noise='nearest'"):
        attrs.evolve(organizer, noise="nearest").restore(blobs, Euclidean(), Mean(), state)


KINDS = {
    "vectors": FEATURES[:, None],
    "pixels": FEATURES[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8),
    "several": {"left": FEATURES[:, None], "right": FEATURES[:, None].astype(np.float32)},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("organizer", ANY_METRIC, ids=lambda one: type(one).__name__)
def test_any_features_and_a_bare_metric_are_enough(organizer, kind):
    features = KINDS[kind]
    cases = six(features)
    index = organizer.organize(cases, MeanDifference(), Mean())
    query = {name: part[1:2] for name, part in features.items()} if kind == "several" else features[1:2]
    found = index.nearest(query, 9, [["u", "z"]])
    speaking = {one for place in found.positions[0] for one in found.entries.members[place]} - {"u", "z"}
    assert speaking  # some case is left, and neither of the two adds to any size
    assert found.sizes.sum() == len(speaking)
    assert np.isfinite(found.distances).all()


def test_a_held_out_member_leaves_features_votes_and_size():
    index = AgglomerativePrototypes(n_clusters=2).organize(six(FEATURES[:, None]), Euclidean(), Mean())
    found = index.nearest(np.array([[0.0]]), 1, [["w"]])
    assert found.distances.tolist() == [[0.5]]  # of u and v
    assert found.votes[0, 0].tolist() == [3.5, 0.0]
    assert found.sizes.tolist() == [[2]]
