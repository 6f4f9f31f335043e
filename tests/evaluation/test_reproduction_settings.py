"""The map of settings, and Table 2's rows, against scikit-learn."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.cluster import DBSCAN
from sklearn.metrics import silhouette_score

import cbrkit_xai as cx
from cbrkit_xai.evaluation.reproduction.clustering_table import clustering_row
from cbrkit_xai.evaluation.reproduction.papers_configurations import PapersConfiguration
from cbrkit_xai.evaluation.reproduction.settings_map import NEARLY, map_settings
from cbrkit_xai.organizers.dbscan_prototypes import DbscanPrototypes


def clouds(seed=0, sizes=(14, 9, 6), noise=6):
    rng = np.random.default_rng(seed)
    centres = [(0, 0), (9, 0), (0, 9)]
    parts = [rng.normal(centre, 1, size=(size, 2)) for centre, size in zip(centres, sizes, strict=True)]
    points = np.concatenate([*parts, rng.uniform(-20, 30, size=(noise, 2))])
    distances = cdist(points, points)
    np.fill_diagonal(distances, 0.0)
    return distances


ORGANIZER = DbscanPrototypes(search_min_samples=(2, 5), search_steps=12)


@pytest.fixture(scope="module")
def found():
    return map_settings(clouds(), ORGANIZER)


def labels_of(distances, min_samples, eps):
    return DBSCAN(eps=eps, min_samples=int(min_samples), metric="precomputed").fit(distances).labels_


def test_every_setting_finds_what_scikit_learn_finds(found):
    distances = clouds()
    for row, samples in enumerate(found.min_samples):
        for column, eps in enumerate(found.eps):
            labels = labels_of(distances, samples, eps)
            inside = labels >= 0
            assert found.clusters[row, column] == labels.max() + 1
            assert found.clustered[row, column] == inside.sum()
            expected = np.nan
            if labels.max() >= 1:
                kept = distances[np.ix_(inside, inside)]
                expected = silhouette_score(kept, labels[inside], metric="precomputed")
            assert found.silhouettes[row, column] == pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_feasible_is_what_the_paper_demands(found):
    expected = (found.clusters >= 2) & (found.clustered >= 0.7 * 35)
    np.testing.assert_array_equal(found.feasible, expected)
    assert found.feasible.any()
    assert not found.feasible.all()


def test_what_the_organizer_chooses_is_the_best_feasible_setting_of_the_map(found):
    chosen = ORGANIZER.cluster(clouds())
    best = np.where(found.feasible, found.silhouettes, -np.inf)
    assert chosen.silhouette == pytest.approx(best.max())
    row, column = np.argwhere(best > best.max() - 1e-12)[0]
    assert (chosen.min_samples, chosen.eps) == (found.min_samples[row], found.eps[column])


def test_near_misses_lack_a_few_cases_and_nothing_else():
    strict = DbscanPrototypes(search_min_samples=(2, 5), search_steps=30, min_clustered=0.86)
    found = map_settings(clouds(), strict)
    misses = found.near_misses(most=100)
    assert misses
    for one in misses:
        assert 0 < 0.86 - one.clustered / 35 <= NEARLY
        assert one.clusters >= 2
        labels = labels_of(clouds(), one.min_samples, one.eps)
        assert ((labels >= 0).sum(), labels.max() + 1) == (one.clustered, one.clusters)
    assert [one.silhouette for one in misses] == sorted((one.silhouette for one in misses), reverse=True)


def papers(name="hist-euc"):
    clustered = cx.configuration(name, profile="paper2022", organizer="dbscan-prototypes")
    return PapersConfiguration(
        name=name,
        linear=clustered.evolve(organizer="linear"),
        clustered=clustered,
        components=clustered.components(),
    )


def test_a_row_holds_the_clustering_the_map_and_the_papers_numbers():
    row = clustering_row(papers(), clouds())
    assert row.clustering.clusters >= 2
    assert row.settings.cases == 35
    assert row.of.paper.clustering.eps == 4800
    assert row.reason == ""


def test_where_nothing_is_feasible_the_row_says_what_came_closest():
    distances = 1.0 - np.eye(12)
    row = clustering_row(papers(), distances)
    assert row.clustering is None
    assert "closest" in row.reason
    assert not row.settings.feasible.any()


def test_a_row_that_is_not_applicable_says_why():
    row = clustering_row(PapersConfiguration(name="ssim", missing="no pixels"), None)
    assert (row.clustering, row.settings, row.reason) == (None, None, "no pixels")


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_cases_have_no_settings(n):
    row = clustering_row(papers(), np.zeros((n, n)))
    assert row.settings is None
    assert "at least 2 cases" in row.reason or f"{n} cases" in row.reason


def test_the_papers_own_row_breaks_its_own_bound_and_is_printed_as_it_is():
    clustering = papers("hist-cos").paper.clustering
    assert clustering.clustered / 200 < 0.7
    assert "69.5 %" in clustering.remark
