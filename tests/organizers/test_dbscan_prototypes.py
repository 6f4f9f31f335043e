"""Prototypes of DBSCAN clusters: arithmetic by hand, noise, held-out members, and restoring."""

import json

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbrkit_xai.aggregators.mean import Mean
from cbrkit_xai.aggregators.median import Median
from cbrkit_xai.cases import Cases
from cbrkit_xai.errors import NotOrganizableError, ParameterError
from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.organizers.dbscan_prototypes import DbscanPrototypes
from cbrkit_xai.organizers.prototypes import prototype_ids

NOISE_POLICIES = ("drop", "fallback", "singleton", "nearest")
each_noise = pytest.mark.parametrize("noise", NOISE_POLICIES)
NAN = np.nan

SEVEN = Cases(  # two clusters, at 0..2 and at 10..12, and one case far from both
    ids="abcdefg",
    features=np.array([[0.0], [1.0], [2.0], [10.0], [11.0], [12.0], [50.0]]),
    votes=np.array([[1, 4], [2, NAN], [3, NAN], [5, NAN], [5, NAN], [8, NAN], [9, 9]]),
    methods=("lime", "xrai"),
)


def organized(cases=SEVEN, aggregator=None, **parameters):
    settings = {"min_samples": 2, "eps": 1.0, **parameters}
    return DbscanPrototypes(**settings).organize(cases, Euclidean(), aggregator or Mean())


def near(index, *positions, k=9, exclude=None):
    return index.nearest(np.array(positions, dtype=float)[:, None], k, exclude)


@st.composite
def blobs(draw):
    """A base with a few clusters and some noise, organised in any way, and queries."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(8, 40))
    rows = rng.normal(size=(3, 2))[rng.integers(0, 3, n)] * 8 + rng.normal(size=(n, 2))
    rows[1] = rows[0]  # one cluster at least
    cases = Cases(
        ids=[f"case-{number:02d}" for number in rng.permutation(n)],
        features=rows.astype(np.float32),
        votes=rng.choice([0.0, 1.0, 4.0, np.nan], size=(n, 3)),
        methods=("lime", "ig", "xrai"),
    )
    aggregator = draw(st.sampled_from([Mean(), Median()]))
    organizer = DbscanPrototypes(min_samples=2, eps=1.0, noise=draw(st.sampled_from(NOISE_POLICIES)))
    index = organizer.organize(cases, Euclidean(), aggregator)
    return index, rng.normal(size=(4, 2)) * 8, rng


def test_prototypes_by_hand():
    entries = organized().entries
    assert entries.ids == ("prototype-00", "prototype-01")
    assert entries.features.tolist() == [[1.0], [11.0]]
    assert entries.votes.tolist()[0] == [2.0, 4.0]  # one of three was asked about xrai
    assert entries.votes[1, 0] == 6.0
    assert np.isnan(entries.votes[1, 1])
    assert entries.members == (("a", "b", "c"), ("d", "e", "f"))
    assert entries.is_prototype.all()


def test_the_clustering_stands_in_the_index():
    clustering = organized().clustering
    assert clustering.labels.tolist() == [0, 0, 0, 1, 1, 1, -1]
    assert (clustering.min_samples, clustering.eps, clustering.clusters, clustering.clustered) == (
        2,
        1.0,
        2,
        6,
    )


def test_the_aggregator_forms_the_features_and_the_mean_forms_the_votes():
    cases = attrs.evolve(SEVEN, features=np.array([[0.0], [0.9], [1.0], [10.0], [10.9], [11.0], [50.0]]))
    entries = organized(cases, Median()).entries
    assert entries.features.tolist() == [[0.9], [10.9]]
    assert entries.votes[:, 0].tolist() == [2.0, 6.0]


def test_dropped_noise_is_no_entry_however_near():
    assert near(organized(noise="drop"), 50.0).ids(0) == ("prototype-01", "prototype-00")


def test_noise_as_a_fallback_speaks_only_to_queries_far_from_all_prototypes():
    index = organized(noise="fallback", fallback_quantile=1.0)
    assert index.fallback_distance == 1.0  # as far as a and c are from their prototype
    found = near(index, 12.0, 12.001, 45.0)
    assert [found.ids(query) for query in range(3)] == [
        ("prototype-01", "prototype-00"),  # at distance 1, no farther than members are
        ("prototype-01", "prototype-00", "g"),
        ("g", "prototype-01", "prototype-00"),
    ]
    assert found.k_eff.tolist() == [2, 3, 3]


def test_the_fallback_distance_is_a_quantile_of_the_members_distances_to_their_prototypes():
    index = organized(noise="fallback")
    assert index.fallback_distance == pytest.approx(np.quantile([1, 0, 1, 1, 0, 1], 0.95))


def test_single_noise_cases_are_entries_for_every_query():
    index = organized(noise="singleton")
    found = near(index, 12.0)
    assert found.ids(0) == ("prototype-01", "prototype-00", "g")
    assert found.votes[0, 2].tolist() == [9.0, 9.0]
    assert index.entries.is_prototype.tolist() == [True, True, False]
    assert index.entries.members[2] == ("g",)


def test_noise_joins_the_nearest_prototype_which_is_formed_again():
    index = organized(noise="nearest")
    assert index.entries.members == (("a", "b", "c"), ("d", "e", "f", "g"))
    assert index.entries.features.tolist() == [[1.0], [20.75]]
    assert index.entries.votes[1].tolist() == [27 / 4, 9.0]
    assert index.clustering.labels[6] == -1  # DBSCAN's own verdict stays on record


def test_a_case_half_way_between_two_prototypes_joins_the_first():
    cases = attrs.evolve(SEVEN, features=np.array([[0.0], [1.0], [2.0], [10.0], [11.0], [12.0], [6.0]]))
    assert organized(cases, noise="nearest").entries.members[0] == ("a", "b", "c", "g")


@each_noise
def test_k_beyond_the_entries_means_all_of_them(noise):
    index = organized(noise=noise)
    assert near(index, 1000.0, k=99).k_eff.tolist() == [len(index.entries)]


def test_equally_near_prototypes_come_in_the_order_of_their_ids():
    rows = np.repeat(np.arange(12) * 100.0, 2)
    points = np.stack([np.cos(rows), np.sin(rows)], axis=1)  # all as far from the origin
    cases = Cases(
        ids=[f"c{row:02d}" for row in range(24)],
        features=np.round(points, 6),
        votes=np.zeros((24, 1)),
        methods=("lime",),
    )
    index = organized(cases, eps=0.0)
    found = index.nearest(np.zeros((1, 2)), 12)
    assert list(found.ids(0)) == [
        identifier for _, identifier in sorted(zip(found.distances[0], found.ids(0), strict=True))
    ]


def test_prototype_names_sort_as_their_numbers_and_are_no_cases():
    names = prototype_ids(120, taken=("prototype-007", "prototype_-1"))
    assert names[0] == "prototype__-000"
    assert list(names) == sorted(names)
    assert prototype_ids(3, taken=("a",)) == ("prototype-00", "prototype-01", "prototype-02")


def test_a_prototype_speaks_without_its_held_out_member():
    found = near(organized(), 0.0, 0.0, exclude=[["a"], []])
    assert found.distances.tolist() == [[1.5, 11.0], [1.0, 11.0]]  # b and c, at 1.5
    assert found.votes[0, 0, 0] == 2.5
    assert np.isnan(found.votes[0, 0, 1])  # only a was asked about xrai
    assert found.sizes.tolist() == [[2, 3], [3, 3]]


def test_a_prototype_that_loses_all_members_is_gone_for_that_query_alone():
    found = near(organized(), 0.0, 0.0, exclude=[["a", "b", "c"], ["a"]])
    assert found.ids(0) == ("prototype-01",)
    assert found.ids(1) == ("prototype-00", "prototype-01")
    assert near(organized(), 0.0, exclude=[list("abcdef")]).k_eff.tolist() == [0]


def test_a_held_out_noise_case_does_not_speak():
    assert "g" not in near(organized(noise="singleton"), 50.0, exclude=[["g"]]).ids(0)
    assert "g" not in near(organized(noise="fallback"), 50.0, exclude=[["g"]]).ids(0)
    assert near(organized(noise="nearest"), 50.0, exclude=[["g"]]).distances[0, 0] == 39.0


def test_noise_speaks_where_every_prototype_was_held_out():
    assert near(organized(noise="fallback"), 0.0, exclude=[list("abcdef")]).ids(0) == ("g",)


def test_unknown_ids_hold_out_nothing():
    assert near(organized(), 0.0, exclude=[["z", "prototype-00"]]).sizes.tolist() == [[3, 3]]


@each_noise
def test_a_million_votes_of_a_held_out_case_change_nothing(noise):
    index = organized(noise=noise)
    for row, identifier in enumerate(SEVEN.ids):
        votes = SEVEN.votes.copy()
        votes[row] = 1e6
        shouting = organized(attrs.evolve(SEVEN, votes=votes), noise=noise)
        before, after = (
            near(one, SEVEN.features[row, 0], exclude=[[identifier]]) for one in (index, shouting)
        )
        assert np.array_equal(before.votes, after.votes, equal_nan=True)
        assert np.array_equal(before.distances, after.distances)


@given(blobs())
def test_holding_out_equals_forming_the_prototypes_without_those_cases(given_index):
    index, queries, rng = given_index
    hold_out = set(rng.choice(index.cases.ids, 3, replace=False))
    kept = np.array([identifier not in hold_out for identifier in index.cases.ids])
    if len(set(index.groups[kept])) < len(set(index.groups)):
        return  # a group is gone, and the others would be numbered anew
    without = attrs.evolve(index, cases=index.cases.take(kept), groups=index.groups[kept])
    found, wanted = index.nearest(queries, 50, [hold_out] * 4), without.nearest(queries, 50)
    assert [found.ids(query) for query in range(4)] == [wanted.ids(query) for query in range(4)]
    assert np.array_equal(found.distances, wanted.distances)
    assert np.array_equal(found.votes, wanted.votes, equal_nan=True)
    assert np.array_equal(found.sizes, wanted.sizes)


@given(blobs())
def test_a_batch_equals_its_single_queries_exactly(given_index):
    index, queries, rng = given_index
    exclude = [list(rng.choice(index.cases.ids, 2)) for _ in queries]
    batch = index.nearest(queries, 3, exclude)
    for query in range(len(queries)):
        single = index.nearest(queries[query : query + 1], 3, exclude[query : query + 1])
        n = single.positions.shape[1]
        assert np.array_equal(batch.positions[query, :n], single.positions[0])
        assert np.array_equal(batch.distances[query, :n], single.distances[0])
        assert np.array_equal(batch.votes[query, :n], single.votes[0], equal_nan=True)


@given(blobs())
def test_members_partition_the_cases_that_have_an_entry(given_index):
    index, _, _ = given_index
    members = [identifier for entry in index.entries.members for identifier in entry]
    assert len(members) == len(set(members))
    expected = index.clustering.clustered if index.noise == "drop" else len(index.cases)
    assert len(members) == expected


@given(blobs())
def test_neighbours_are_sorted_by_distance_and_then_id(given_index):
    index, queries, _ = given_index
    found = index.nearest(queries, 50)
    for query in range(len(queries)):
        pairs = list(zip(found.distances[query], found.ids(query), strict=False))
        assert pairs == sorted(pairs)


@given(blobs())
def test_an_index_restored_from_json_is_identical(given_index):
    index, queries, _ = given_index
    state = json.loads(json.dumps(index.state(), allow_nan=False))
    organizer = DbscanPrototypes(noise=index.noise)
    again = organizer.restore(index.cases, index.metric, index.aggregator, state)
    assert again.state() == index.state()
    assert again.entries.ids == index.entries.ids
    assert again.entries.members == index.entries.members
    assert np.array_equal(again.entries.features, index.entries.features)
    found, wanted = again.nearest(queries, 5), index.nearest(queries, 5)
    assert np.array_equal(found.positions, wanted.positions)
    assert np.array_equal(found.distances, wanted.distances)


def test_the_state_of_other_cases_or_another_policy_is_refused():
    state = organized().state()
    with pytest.raises(
        ParameterError, match=r"state is of 7 cases.*exactly these 6 cases.*organize the cases anew"
    ):
        DbscanPrototypes().restore(SEVEN.take(slice(0, 6)), Euclidean(), Mean(), state)
    with pytest.raises(ParameterError, match=r"noise='drop'.*noise='nearest'"):
        DbscanPrototypes(noise="nearest").restore(SEVEN, Euclidean(), Mean(), state)


def test_permuting_the_cases_gives_the_same_groups_and_prototypes():
    order = np.random.default_rng(0).permutation(7)
    one, other = organized(), organized(SEVEN.take(order))
    assert {frozenset(entry) for entry in one.entries.members} == {
        frozenset(e) for e in other.entries.members
    }
    assert sorted(one.entries.features.ravel()) == pytest.approx(sorted(other.entries.features.ravel()))


def test_progress_is_told_of_every_case_once():
    told = []
    DbscanPrototypes(min_samples=2, eps=1.0).organize(
        SEVEN, Euclidean(), Mean(), lambda *step: told.append(step)
    )
    assert told[-1] == (7, 7)
    assert told == sorted(set(told))


def test_several_representations_are_aggregated_part_by_part():
    class BothParts:
        def pairwise(self, queries, references):
            euclidean = Euclidean()
            return sum(euclidean.pairwise(queries[part], references[part]) for part in ("left", "right"))

    parts = {"left": SEVEN.features, "right": SEVEN.features * 2}
    cases = attrs.evolve(SEVEN, features=parts)
    index = DbscanPrototypes(min_samples=2, eps=3.0, noise="fallback").organize(cases, BothParts(), Mean())
    assert {name: part.ravel().tolist() for name, part in index.entries.features.items()} == {
        "left": [1.0, 11.0, 50.0],
        "right": [2.0, 22.0, 100.0],
    }
    query = {"left": np.array([[0.0]]), "right": np.array([[0.0]])}
    assert index.nearest(query, 1, [["a"]]).distances.tolist() == [[4.5]]


def test_photos_as_bytes_become_float_prototypes_without_being_changed():
    class MeanDifference:
        def pairwise(self, queries, references):
            flat = [np.reshape(part, (len(part), -1)).astype(float) for part in (queries, references)]
            return np.abs(flat[0][:, None] - flat[1][None]).mean(axis=2)

    pixels = np.array([0, 1, 1, 200, 201, 90], dtype=np.uint8)[:, None, None, None] * np.ones(
        (1, 2, 2, 3), np.uint8
    )
    cases = Cases(ids="uvwxyz", features=pixels, votes=np.ones((6, 1)), methods=("lime",))
    index = DbscanPrototypes(min_samples=2, eps=1.0, noise="singleton").organize(
        cases, MeanDifference(), Mean()
    )
    np.testing.assert_allclose(index.entries.features[:, 0, 0, 0], [2 / 3, 200.5, 90])
    assert index.nearest(pixels[5:], 1).ids(0) == ("z",)
    assert pixels.max() == 201


def test_without_any_cluster_there_is_no_index():
    with pytest.raises(NotOrganizableError, match="all 7 cases are noise"):
        organized(eps=0.5)


def test_exclude_needs_one_list_of_ids_per_query():
    with pytest.raises(ParameterError, match="1 rows for 2 queries"):
        near(organized(), 0.0, 1.0, exclude=[["a"]])
    with pytest.raises(ParameterError, match="0 rows for 2 queries"):
        near(organized(), 0.0, 1.0, exclude=[])
