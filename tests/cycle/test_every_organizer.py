"""Every registered organizer organises a small base in the whole cycle, and lets no held-out case speak."""

from functools import cache

import attrs
import numpy as np
import pytest
from made_up import METHODS, World, configuration, registry_with, with_votes

from cbrkit_xai import learning, use
from cbrkit_xai.registry import Registry

NAMES = Registry().names("organizer")
REGISTRY = registry_with()
EXTRA = {
    "k-medoids": [{"represent_by": "medoid", "n_clusters": 4}],
    "two-stage": [{"prototypes": {"use": "k-means-prototypes"}}],
    "supervised-prototypes": [{"within": {"use": "dbscan-prototypes", "min_samples": 2, "eps": 30.0}}],
    # By default it searches, and these few cases have no clustering that meets the paper's demands.
    "dbscan-prototypes": [{"min_samples": 3, "eps": 30.0}],
}


def choices(name):
    """Every way to make it that is worth trying: by default, its examples, and what they leave out."""
    examples = REGISTRY.find("organizer", name).examples
    defaults = [] if name == "dbscan-prototypes" else [{}]
    return [use(name, **given) for given in (*defaults, *examples, *EXTRA.get(name, ()))]


CHOICES = [choice for name in NAMES for choice in choices(name)]
every_choice = pytest.mark.parametrize("organizer", CHOICES, ids=str)


@pytest.fixture(scope="module")
def base():
    return World(seed=5, signal=1.0).base(40)


@cache
def fitted(base, organizer):
    """Fit once for all tests; a base and a choice are the same only if they are the same object."""
    return configuration(organizer=organizer).fit(base, registry=REGISTRY, learn_now=False)


def left_out(base, organizer, row):
    """What one case hears from the others: votes, distances, sizes and shares."""
    recommender = fitted(base, organizer)
    cases, gone = recommender.cases, recommender.cases.held_out()[row : row + 1]
    found = recommender.index.nearest(cases.features[row : row + 1], 5, exclude=gone)
    shares = learning.neighbour_shares(found, cases, recommender.fitted.reuse, gone)
    return found.votes, found.distances, found.sizes, shares


def test_the_catalogue_is_registered():
    assert set(NAMES) >= {
        *("agglomerative-prototypes", "ball-tree", "condensed", "dbscan-prototypes", "footprint"),
        *("hdbscan-prototypes", "k-means-prototypes", "k-medoids", "kd-tree", "linear"),
        *("random-prototypes", "supervised-prototypes", "two-stage"),
    }


@pytest.mark.parametrize("name", NAMES)
def test_every_organizer_learns_and_recommends(base, name):
    image = World(seed=5, signal=1.0).sample(1, 9)[0][0]
    recommender = configuration(organizer=choices(name)[0]).fit(base, registry=REGISTRY)
    assert set(recommender.recommend(image).ranking) == set(METHODS)


@every_choice
def test_more_neighbours_than_entries_are_all_entries(base, organizer):
    index = fitted(base, organizer).index
    found = index.nearest(np.full((1, 6), 128.0), 1000)
    shown = set(found.ids(0))
    if organizer.name == "two-stage":  # it opens some prototypes, whatever k is
        assert shown < set(index.entries.ids)
    elif organizer.parameters.get("noise") != "fallback":
        assert shown == set(index.entries.ids)
    pairs = list(zip(found.distances[0], found.ids(0), strict=True))
    assert pairs == sorted(pairs)


@every_choice
def test_a_million_votes_change_nothing_in_the_cases_own_prediction(base, organizer):
    row = 17
    loser = int(np.argmin(base.votes[row]))  # another winner than before, and another organisation
    changed = with_votes(base, row, [1e6 if method == loser else 0 for method in range(4)])
    before, after = (left_out(one, organizer, row) for one in (base, changed))
    for mine, theirs in zip(before, after, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@every_choice
def test_a_restored_index_answers_as_the_one_that_was_kept(base, organizer):
    recommender = fitted(base, organizer)
    index, parts, cases = recommender.index, recommender.fitted, recommender.cases
    if not hasattr(index, "state"):
        assert organizer.name in ("linear", "kd-tree", "ball-tree")  # nothing costly to be kept
        return
    again = parts.organizer.restore(cases, parts.metric, parts.aggregator, index.state())
    for exclude in (None, cases.held_out()[:6]):
        one, other = (each.nearest(cases.features[:6], 4, exclude) for each in (index, again))
        assert [one.ids(query) for query in range(6)] == [other.ids(query) for query in range(6)]
        np.testing.assert_array_equal(one.distances, other.distances)
        np.testing.assert_array_equal(one.votes, other.votes)


@every_choice
def test_the_order_of_the_cases_makes_no_difference(base, organizer):
    order = np.random.default_rng(1).permutation(40)
    shuffled = attrs.evolve(base, cases=[base.cases[row] for row in order])
    one, other = (fitted(each, organizer).index for each in (base, shuffled))
    members = [{frozenset(entry) for entry in each.entries.members} for each in (one, other)]
    assert members[0] == members[1]
