"""The setting that predicts votes best, found by plain loops with scikit-learn's DBSCAN as well."""

from __future__ import annotations

import json

import attrs
import numpy as np
import pytest
from sklearn.cluster import DBSCAN

from cbrkit_xai import Cases, Configuration, use
from cbrkit_xai.aggregators.mean import Mean
from cbrkit_xai.confidence.folds import grouped_folds
from cbrkit_xai.errors import NotOrganizableError, ParameterError
from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.organizers.clustered_index import prototype_index
from cbrkit_xai.organizers.clustering import Partition
from cbrkit_xai.organizers.dbscan_by_votes import DbscanByVotes
from cbrkit_xai.organizers.dbscan_prototypes import DbscanPrototypes
from cbrkit_xai.organizers.settings_by_votes import SettingsByVotes


def cases_of(seed=0, n=40, missing=0.0):
    """Two far heaps of two near ones each; votes follow the four, so that the finer clustering predicts."""
    rng = np.random.default_rng(seed)
    heap = np.arange(n) % 4
    centre = np.array([[0, 0], [0, 8], [60, 0], [60, 8]])[heap]
    votes = np.array([[9.0, 0.0], [0.0, 9.0], [9.0, 0.0], [0.0, 9.0]])[heap] + rng.random((n, 2))
    votes[rng.random((n, 2)) < missing] = np.nan
    return Cases(
        ids=[f"c{row:02}" for row in range(n)],
        features=centre + rng.normal(size=(n, 2)),
        votes=votes,
        methods=("lime", "xrai"),
    )


def organized(cases, **parameters):
    return DbscanByVotes(**parameters).organize(cases, Euclidean(), Mean())


def brute_force(cases, k, folds=4):
    """Return the mean squared error of each clustering that the search may choose, by loops."""
    distances = np.linalg.norm(cases.features[:, None] - cases.features[None], axis=2)
    pairs = distances[np.triu_indices(len(cases), 1)]
    errors, seen = {}, set()
    for m in range(2, 11):
        for eps in np.quantile(pairs, np.linspace(0.005, 0.4, 30)):
            labels = DBSCAN(eps=eps, min_samples=m).fit(cases.features).labels_
            if labels.max() < 1 or (labels >= 0).mean() < 0.7:
                continue
            if labels.tobytes() in seen:
                continue
            seen.add(labels.tobytes())
            errors[m, eps] = np.mean(errors_of(cases, m, eps, k, folds))
    return errors


def errors_of(cases, m, eps, k, folds):
    found = []
    for held_out in grouped_folds(cases.groups, [""] * len(cases), folds=folds, seed=0):
        others = np.setdiff1d(np.arange(len(cases)), held_out)
        labels = DBSCAN(eps=eps, min_samples=m).fit(cases.features[others]).labels_
        members = [others[labels == label] for label in range(labels.max() + 1)]
        for row in held_out:
            apart = [
                np.linalg.norm(cases.features[row] - cases.features[own].mean(axis=0)) for own in members
            ]
            near = np.argsort(apart, kind="stable")[:k]
            said = [[mean(cases.votes[members[one], method]) for method in range(2)] for one in near]
            for method in range(2):
                if not np.isnan(cases.votes[row, method]):
                    predicted = mean([one[method] for one in said])
                    missed = (predicted - cases.votes[row, method]) ** 2
                    found.append(np.inf if np.isnan(missed) else missed)
    return found


def mean(values):
    known = [value for value in values if not np.isnan(value)]
    return sum(known) / len(known) if known else np.nan


@pytest.mark.parametrize(("seed", "k", "missing"), [(0, 1, 0.0), (1, 1, 0.2), (2, 2, 0.0)])
def test_the_setting_with_the_least_error_inside_is_chosen(seed, k, missing):
    cases = cases_of(seed, missing=missing)
    errors = brute_force(cases, k)
    found = organized(cases, k=k).clustering
    assert min(errors.values()) < max(errors.values())
    least = min(errors.values())
    first = next(setting for setting, error in errors.items() if error <= least + 1e-12)
    labels = DBSCAN(eps=first[1], min_samples=first[0]).fit(cases.features).labels_
    assert found.labels.tolist() == labels.tolist()


def test_votes_can_choose_another_clustering_than_the_silhouette_does():
    cases = cases_of()
    by_silhouette = DbscanPrototypes().organize(cases, Euclidean(), Mean())
    assert by_silhouette.clustering.clusters == 2
    assert organized(cases).clustering.clusters == 4


def test_without_a_cases_votes_the_others_choose():
    rng = np.random.default_rng(5)
    cases = cases_of(n=24)
    cases = attrs.evolve(cases, votes=rng.integers(0, 9, size=(24, 2)).astype(float))
    index = organized(cases)
    chosen_anew = 0
    for row in range(24):
        masked = cases.votes.copy()
        masked[row] = np.nan
        blind = organized(attrs.evolve(cases, votes=masked))
        one, gone = cases.features[row : row + 1], [[cases.ids[row]]]
        mine, theirs = index.nearest(one, 2, gone), blind.nearest(one, 2, gone)
        np.testing.assert_array_equal(mine.distances, theirs.distances)
        np.testing.assert_array_equal(mine.votes, theirs.votes)
        chosen_anew += blind.clustering.labels.tolist() != index.clustering.labels.tolist()
    assert chosen_anew > 0  # or nothing was tested


def test_queries_without_different_cases_are_answered_side_by_side():
    rng = np.random.default_rng(5)
    cases = attrs.evolve(cases_of(n=24), votes=rng.integers(0, 9, size=(24, 2)).astype(float))
    index = organized(cases)
    together = index.nearest(cases.features, 3, cases.held_out())
    for row in range(24):
        alone = index.nearest(cases.features[row : row + 1], 3, cases.held_out()[row : row + 1])
        number = int(alone.k_eff[0])
        assert together.k_eff[row] == number
        np.testing.assert_array_equal(together.votes[row, :number], alone.votes[0])
        np.testing.assert_array_equal(together.sizes[row, :number], alone.sizes[0])


def test_where_votes_can_judge_nothing_the_silhouette_decides():
    cases = attrs.evolve(cases_of(), groups=["one"] * 40)
    unheard = attrs.evolve(cases_of(), votes=np.full((40, 2), np.nan))
    wanted = DbscanPrototypes().organize(cases, Euclidean(), Mean()).clustering
    for given in (cases, unheard):
        assert organized(given).clustering.labels.tolist() == wanted.labels.tolist()


def test_groups_are_never_divided_inside_and_votes_deal_nothing():
    cases = attrs.evolve(cases_of(), groups=[f"photo-{row // 3:02}" for row in range(40)])
    asked = []

    def labels_of(rows):
        asked.append(rows)
        return [np.zeros(len(rows), dtype=np.int64)]

    def indexed(some, labels):
        return prototype_index(some, Euclidean(), Mean(), Partition(labels=labels))

    for votes in (cases.votes, cases.votes[::-1]):
        SettingsByVotes.of(attrs.evolve(cases, votes=votes), labels_of, indexed, k=1, folds=4)
    groups = np.array(cases.groups)
    assert len(asked) == 8
    for one, other in zip(asked[:4], asked[4:], strict=True):
        assert one.tolist() == other.tolist()
        assert not set(groups[one]) & set(np.delete(groups, one))


def test_what_cannot_be_organised_says_what_came_closest():
    with pytest.raises(NotOrganizableError, match="closest: min_samples="):
        organized(cases_of(n=6), within=DbscanPrototypes(min_clusters=5))


@pytest.mark.parametrize("within", [DbscanPrototypes(min_samples=2, eps=1.0), object()])
def test_where_nothing_is_left_to_choose_it_is_refused(within):
    with pytest.raises(ParameterError, match=r"nothing is left|no min_samples and eps"):
        DbscanByVotes(within=within)


def test_it_is_named_in_a_configuration():
    made = Configuration(
        name="mine",
        representation="histogram",
        metric="euclidean",
        organizer=use("dbscan-by-votes", within=use("dbscan-prototypes", noise="fallback"), k=3),
    )
    assert made.components().organizer == DbscanByVotes(within=DbscanPrototypes(noise="fallback"), k=3)


def test_an_index_that_was_kept_leaves_the_same_cases_out():
    cases = attrs.evolve(
        cases_of(n=24), votes=np.random.default_rng(5).integers(0, 9, size=(24, 2)).astype(float)
    )
    organizer = DbscanByVotes()
    index = organizer.organize(cases, Euclidean(), Mean())
    back = organizer.restore(cases, Euclidean(), Mean(), json.loads(json.dumps(index.state())))
    mine, theirs = (one.nearest(cases.features, 2, cases.held_out()) for one in (index, back))
    np.testing.assert_array_equal(mine.votes, theirs.votes)
    np.testing.assert_array_equal(mine.distances, theirs.distances)
