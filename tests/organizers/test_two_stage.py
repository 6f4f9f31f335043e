"""The two-stage organisation: which prototypes are opened, and what of their members is found."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbrkit_xai.aggregators.mean import Mean
from cbrkit_xai.cases import Cases
from cbrkit_xai.errors import NotOrganizableError, ParameterError
from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.organizers.dbscan_prototypes import DbscanPrototypes
from cbrkit_xai.organizers.k_medoids import KMedoids
from cbrkit_xai.organizers.linear import Linear
from cbrkit_xai.organizers.two_stage import TwoStage

PLACES = [0, 1, 2, 8, 10, 20, 21, 22, 40]
CASES = Cases(
    ids="abcdefghi",
    features=np.array(PLACES, dtype=float)[:, None],
    votes=np.arange(9.0)[:, None],
    methods=("lime",),
)


def organized(n_clusters=1, prototypes=None):
    prototypes = prototypes or KMedoids(n_clusters=4)  # abc, de, fgh, i
    return TwoStage(prototypes=prototypes, n_clusters=n_clusters).organize(CASES, Euclidean(), Mean())


def near(index, place, k, exclude=None):
    return index.nearest(np.array([[float(place)]]), k, exclude)


def test_only_members_of_the_nearest_prototypes_are_compared():
    assert organized().prototypes.entries.members == (tuple("abc"), tuple("de"), tuple("fgh"), ("i",))
    assert near(organized(1), 5.2, 2).ids(0) == ("d", "e")  # c, at 2, is nearer than e: passed over
    assert near(organized(2), 5.2, 2).ids(0) == ("d", "c")


def test_k_opens_no_further_prototypes_so_that_fewer_are_the_first_of_more():
    assert near(organized(1), 41, 3).ids(0) == ("i",)
    assert len(near(organized(2), 41, 50).ids(0)) < 9
    assert len(near(organized(9), 41, 50).ids(0)) == 9


def test_a_held_out_member_moves_its_prototype():
    index = organized(1, KMedoids(n_clusters=2))
    assert index.prototypes.entries.members == (tuple("abcde"), tuple("fghi"))  # at 4.2 and at 25.75
    assert near(index, 14.5, 1).ids(0) == ("e",)
    assert near(index, 14.5, 1, [["i"]]).ids(0) == ("f",)  # its prototype is at 21 without i
    assert near(index, 14.5, 1, [["i", "f"]]).ids(0) == ("g",)


def test_cases_in_no_cluster_are_no_entries():
    index = organized(1, DbscanPrototypes(min_samples=2, eps=2.0))
    assert index.entries.ids == tuple("abcdefgh")
    assert "i" not in near(index, 40, 99).ids(0)


@settings(max_examples=50)
@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 6))
def test_with_all_prototypes_opened_the_neighbours_are_those_of_linear(seed, k, number):
    rng = np.random.default_rng(seed)
    cases = Cases(
        ids=[f"{n:02d}" for n in rng.permutation(10)],
        features=rng.integers(0, 4, (10, 2)).astype(float),
        votes=rng.normal(size=(10, 1)),
        methods=("lime",),
    )
    organizer = TwoStage(prototypes=KMedoids(n_clusters=number), n_clusters=number)
    queries = rng.integers(0, 4, (3, 2)).astype(float)
    exclude = [list(rng.choice(cases.ids, rng.integers(0, 11), replace=False)) for _ in queries]
    found, wanted = (
        one.organize(cases, Euclidean(), Mean()).nearest(queries, k, exclude) for one in (organizer, Linear())
    )
    assert [found.ids(query) for query in range(3)] == [wanted.ids(query) for query in range(3)]
    np.testing.assert_array_equal(found.distances, wanted.distances)


def test_an_organizer_without_prototypes_is_refused():
    with pytest.raises(NotOrganizableError, match="Linear makes no prototypes to go by"):
        organized(1, Linear())


def test_it_is_restored_with_its_prototypes():
    organizer = TwoStage(prototypes=KMedoids(n_clusters=4), n_clusters=1)
    state = json.loads(json.dumps(organized().state()))
    again = organizer.restore(CASES, Euclidean(), Mean(), state)
    assert near(again, 5.2, 2).ids(0) == ("d", "e")
    with pytest.raises(ParameterError, match="the state is of 9 cases"):
        organizer.restore(CASES.take([0, 1, 2, 3]), Euclidean(), Mean(), state)
