"""What is retrieved, organised and predicted, held against scikit-learn, scikit-image and loops."""

import attrs
import by_hand
import numpy as np
import pytest
from sklearn.cluster import DBSCAN
from sklearn.metrics import pairwise_distances, silhouette_score
from sklearn.neighbors import NearestNeighbors

import cbrkit_xai as cx
from cbrkit_xai.errors import NotOrganizableError

METRIC = {"hist-euc": "euclidean", "hist-cos": "cosine", "lf-euc": "euclidean", "lf-cos": "cosine"}
K = 5

every_vector_configuration = pytest.mark.parametrize("name", METRIC)
ASKED = 12  # of the 40 photos that the base does not hold

both_profiles = pytest.mark.parametrize("profile", ["paper2022", "recommended"])


@attrs.frozen(kw_only=True)
class Features:
    known: object
    asked: object


@pytest.fixture(scope="module")
def measured(study):
    """Colour counts by Pillow and numpy, latent vectors by the plugin: `(known, asked)` each."""
    from cbrkit_xai_latent.representation import Latent

    both = study.known, study.asked[:ASKED]
    pixels = [np.stack([image.pixels for image in cx.open_images(paths)[0]]) for paths in both]
    return {
        "hist": [by_hand.histograms(paths) for paths in both],
        "lf": [Latent(norm="none").describe(one).astype(np.float64) for one in pixels],
    }


@pytest.fixture(scope="module")
def features_of(measured):
    def features(name, profile):
        known, asked = measured[name.split("-")[0]]
        if profile == "recommended" and name.startswith("hist"):
            known, asked = (rows / rows.sum(axis=1, keepdims=True) for rows in (known, asked))
        if profile == "recommended" and name == "lf-cos":
            known, asked = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (known, asked))
        return Features(known=known, asked=asked)

    return features


@pytest.fixture(scope="module")
def fitted(study):
    made = {}

    def fit(name, profile, organizer):
        if (name, profile, organizer) not in made:
            chosen = cx.configuration(name, profile=profile, organizer=organizer)
            if name == "lf-euc" and organizer == "dbscan-prototypes":  # 109 of the 160 are in clusters
                parameters = {**chosen.organizer.parameters, "min_clustered": 0.6}
                chosen = chosen.evolve(organizer=cx.use(organizer, **parameters))
            recommender = chosen.fit(study.base)
            made[name, profile, organizer] = recommender, recommender.recommend_many(study.asked[:ASKED])
        return made[name, profile, organizer]

    return fit


def left_out(distances, k):
    """The k nearest others of each case."""
    alone = distances.copy()
    np.fill_diagonal(alone, np.inf)
    return np.argsort(alone, axis=1, kind="stable")[:, :k], np.sort(alone, axis=1)[:, :k]


def predicted_votes(rows, distances, profile, shrinkage, overall):
    if profile == "paper2022":
        return by_hand.mean_of_asked(rows)  # eq. 5
    return (1 - shrinkage) * by_hand.weighted(
        rows, by_hand.similarity_weights(distances)
    ) + shrinkage * overall


def least_squares_share(votes, predictions):
    """The share of the base's mean with the least leave-one-out error, over a fine grid."""
    others = np.array([by_hand.mean_of_asked(np.delete(votes, row, axis=0)) for row in range(len(votes))])
    grid = np.linspace(0, 1, 2001)
    errors = [np.nansum(((1 - s) * predictions + s * others - votes) ** 2) for s in grid]
    return grid[int(np.argmin(errors))]


@both_profiles
@every_vector_configuration
def test_linear_neighbours_are_scikit_learns(study, features_of, fitted, name, profile):
    features = features_of(name, profile)
    searched = NearestNeighbors(n_neighbors=K, metric=METRIC[name], algorithm="brute").fit(features.known)
    distances, places = searched.kneighbors(features.asked)
    _, answers = fitted(name, profile, "linear")
    for query, answer in enumerate(answers):
        assert [one.id for one in answer.precedents] == [study.known[place].stem for place in places[query]]
        np.testing.assert_allclose(
            [one.distance for one in answer.precedents], distances[query], rtol=1e-4, atol=1e-6
        )


@both_profiles
@every_vector_configuration
def test_linear_predictions_are_the_mean_of_the_neighbours_votes(study, features_of, fitted, name, profile):
    features = features_of(name, profile)
    known = by_hand.symmetric(features.known, METRIC[name])
    overall = by_hand.mean_of_asked(study.votes)
    shrinkage = None
    recommender, answers = fitted(name, profile, "linear")
    if profile == "recommended":
        nearest, near = left_out(known, K)
        alone = [
            by_hand.weighted(study.votes[rows], by_hand.similarity_weights(row))
            for rows, row in zip(nearest, near, strict=True)
        ]
        shrinkage = least_squares_share(study.votes, np.array(alone))
        assert recommender.learnt.reuse.shrinkage == pytest.approx(shrinkage, abs=5e-4)
        shrinkage = recommender.learnt.reuse.shrinkage
    distances = pairwise_distances(features.asked, features.known, metric=METRIC[name])
    for row, answer in zip(distances, answers, strict=True):
        places = np.argsort(row, kind="stable")[:K]
        want = predicted_votes(study.votes[places], row[places], profile, shrinkage, overall)
        got = [answer.similar_votes[method] for method in study.methods]
        np.testing.assert_allclose(got, want, atol=1e-5)
        np.testing.assert_allclose([answer.overall_votes[method] for method in study.methods], overall)


@both_profiles
@every_vector_configuration
def test_prototypes_are_means_over_scikit_learns_clusters(study, features_of, fitted, name, profile):
    features = features_of(name, profile)
    recommender, _ = fitted(name, profile, "dbscan-prototypes")
    chosen = recommender.index.clustering
    distances = by_hand.symmetric(features.known, METRIC[name])
    # Half a rounding further: the distances are scikit-learn's, the radius is one of ours.
    labels = DBSCAN(eps=chosen.eps * (1 + 1e-6), min_samples=chosen.min_samples, metric="precomputed")
    labels = labels.fit(distances).labels_
    assert chosen.labels.tolist() == labels.tolist()
    inside = labels >= 0
    assert inside.mean() >= (0.6 if name == "lf-euc" else 0.7)
    assert chosen.silhouette == pytest.approx(
        silhouette_score(distances[np.ix_(inside, inside)], labels[inside], metric="precomputed"), abs=1e-5
    )
    for cluster in range(labels.max() + 1):
        members = np.flatnonzero(labels == cluster)
        assert recommender.index.entries.members[cluster] == tuple(study.known[row].stem for row in members)
        np.testing.assert_allclose(
            recommender.index.entries.features[cluster], features.known[members].mean(axis=0), atol=1e-4
        )
        np.testing.assert_allclose(
            recommender.index.entries.votes[cluster], by_hand.mean_of_asked(study.votes[members])
        )


def test_the_setting_is_the_one_a_search_with_scikit_learn_finds(features_of, fitted):
    distances = by_hand.symmetric(features_of("hist-cos", "paper2022").known, "cosine")
    min_samples, eps, _ = by_hand.best_setting(distances)
    chosen = fitted("hist-cos", "paper2022", "dbscan-prototypes")[0].index.clustering
    assert (chosen.min_samples, chosen.eps) == (min_samples, pytest.approx(eps, rel=1e-4))


def test_where_scikit_learn_finds_no_setting_the_closest_one_is_named(study, features_of):
    distances = by_hand.symmetric(features_of("lf-euc", "paper2022").known, "euclidean")
    assert by_hand.best_setting(distances) is None
    with pytest.raises(NotOrganizableError, match=r"closest: min_samples=\d+, eps=.*\(70 % needed\)"):
        cx.configuration("lf-euc", profile="paper2022", organizer="dbscan-prototypes").fit(study.base)


@both_profiles
@every_vector_configuration
def test_predictions_from_prototypes_follow_the_equations(study, features_of, fitted, name, profile):
    features = features_of(name, profile)
    recommender, answers = fitted(name, profile, "dbscan-prototypes")
    labels = recommender.index.clustering.labels
    overall = by_hand.mean_of_asked(study.votes)
    clusters = [np.flatnonzero(labels == cluster) for cluster in range(labels.max() + 1)]
    prototypes = np.array([features.known[rows].mean(axis=0) for rows in clusters])
    proto_votes = np.array([by_hand.mean_of_asked(study.votes[rows]) for rows in clusters])
    noise = np.flatnonzero(labels < 0)
    own = [
        pairwise_distances(features.known[rows], centre[None], metric=METRIC[name])[:, 0]
        for rows, centre in zip(clusters, prototypes, strict=True)
    ]
    limit = np.quantile(np.concatenate(own), 0.95)
    to_prototypes = pairwise_distances(features.asked, prototypes, metric=METRIC[name])
    to_noise = (
        pairwise_distances(features.asked, features.known[noise], metric=METRIC[name]) if len(noise) else None
    )
    for query, answer in enumerate(answers):
        distances, rows = to_prototypes[query], proto_votes
        if profile == "recommended" and len(noise) and distances.min() > limit:
            distances = np.concatenate([distances, to_noise[query]])
            rows = np.concatenate([rows, study.votes[noise]])
        places = np.argsort(distances, kind="stable")[:K]
        assert len(answer.precedents) == len(places)
        np.testing.assert_allclose(
            [one.distance for one in answer.precedents], distances[places], rtol=1e-4, atol=1e-6
        )
        shrinkage = recommender.learnt.reuse.shrinkage
        want = predicted_votes(rows[places], distances[places], profile, shrinkage, overall)
        got = [answer.similar_votes[method] for method in study.methods]
        np.testing.assert_allclose(got, want, atol=1e-4)


@pytest.fixture(scope="module")
def few(study):
    """12 photos: structural similarity is slow, above all scikit-image's."""
    return attrs.evolve(
        study,
        base=attrs.evolve(study.base, cases=study.base.cases[:12]).with_images(study.known[0].parent),
        known=study.known[:12],
        asked=study.asked[:3],
        votes=study.votes[:12],
    )


@pytest.fixture(scope="module")
def pixels(few):
    return [
        np.stack([image.pixels for image in cx.open_images(paths)[0]]) for paths in (few.known, few.asked)
    ]


def dissimilarities(queries, references):
    from skimage.metrics import structural_similarity

    return np.array([[1 - structural_similarity(a, b, channel_axis=-1) for b in references] for a in queries])


@both_profiles
def test_ssim_neighbours_and_predictions_follow_scikit_image(few, pixels, profile):
    recommender = cx.configuration("ssim", profile=profile, organizer="linear").fit(few.base)
    known, asked = pixels
    overall = by_hand.mean_of_asked(few.votes)
    for row, answer in zip(dissimilarities(asked, known), recommender.recommend_many(few.asked), strict=True):
        places = np.argsort(row, kind="stable")[:K]
        assert [one.id for one in answer.precedents] == [few.known[place].stem for place in places]
        np.testing.assert_allclose([one.distance for one in answer.precedents], row[places], atol=1e-6)
        shrinkage = recommender.learnt.reuse.shrinkage
        want = predicted_votes(few.votes[places], row[places], profile, shrinkage, overall)
        np.testing.assert_allclose([answer.similar_votes[method] for method in few.methods], want, atol=1e-5)


def test_ssim_prototypes_exist_only_where_scikit_learn_finds_a_setting(few, pixels):
    distances = dissimilarities(pixels[0], pixels[0])
    found = by_hand.best_setting((distances + distances.T) / 2 * (1 - np.eye(12)))
    chosen = cx.configuration("ssim", profile="paper2022", organizer="dbscan-prototypes")
    if found is None:
        with pytest.raises(NotOrganizableError, match=r"closest: min_samples=\d+, eps=0\.\d+: \d clusters?"):
            chosen.fit(few.base)
    else:
        recommender = chosen.fit(few.base)
        assert recommender.index.clustering.labels.tolist() == found[2].tolist()
