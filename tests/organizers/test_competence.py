"""Condensed cases and footprints: worked by hand, and chosen anew without those held out."""

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbrkit_xai.aggregators.mean import Mean
from cbrkit_xai.cases import Cases
from cbrkit_xai.errors import NotOrganizableError, ParameterError
from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.organizers.competence import agreement, winners
from cbrkit_xai.organizers.condensed import Condensed
from cbrkit_xai.organizers.footprint import Footprint, relative_coverage
from cbrkit_xai.organizers.supervised_prototypes import SupervisedPrototypes

NAN = np.nan
LIME, XRAI = (3.0, 1.0), (0.0, 2.0)
each_way = pytest.mark.parametrize(
    "organizer", [Condensed(), Footprint(retrieved=2), Condensed(tolerance=1.0)]
)


def on_a_line(places, votes, ids=None):
    ids = ids or "abcdefghijklm"[: len(places)]
    return Cases(
        ids=ids,
        features=np.array(places, dtype=float)[:, None],
        votes=np.array(votes),
        methods=("lime", "xrai"),
    )


def kept(organizer, cases):
    return organizer.organize(cases, Euclidean(), Mean()).entries.ids


def test_winners_are_all_that_got_most_votes():
    votes = np.array([[2, 2, 1], [NAN, 0, -1], [NAN, NAN, NAN], [0, 0, 0]], dtype=float)
    assert winners(votes).tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0], [1, 1, 1]]


def test_cases_agree_where_a_winner_is_shared_or_where_votes_are_close():
    votes = np.array([[5, 1, NAN], [4, 4, 0], [0, 3, 0], [NAN, NAN, 2], [NAN, NAN, NAN]], dtype=float)
    assert agreement(votes, None).astype(int).tolist() == [
        [1, 1, 0, 0, 0],
        [1, 1, 1, 0, 0],
        [0, 1, 1, 0, 0],
        [0, 0, 0, 1, 0],
        [0, 0, 0, 0, 0],
    ]
    # Largest differences: 3, 5, nothing in common; 4, 2; 2.
    assert agreement(votes, 3.0).astype(int).tolist() == [
        [1, 1, 0, 0, 0],
        [1, 1, 0, 1, 0],
        [0, 0, 1, 1, 0],
        [0, 1, 1, 1, 0],
        [0, 0, 0, 0, 0],
    ]


def test_condensing_by_hand():
    cases = on_a_line([0, 1, 2, 6, 7, 3], [LIME, LIME, LIME, XRAI, XRAI, LIME])
    # a starts; b and c are solved by it; d is not, and is kept; e is solved by d; f, at 3, is as near
    # to a as to d: the first by id solves it.
    assert kept(Condensed(), cases) == ("a", "d")


def test_condensing_goes_round_until_a_whole_round_keeps_nothing():
    cases = on_a_line([0, 4, 5], [LIME, LIME, XRAI])
    # First round: a starts, b is solved by a, c is kept. Second round: b is now nearest to c.
    assert kept(Condensed(), cases) == ("a", "b", "c")


def test_condensing_stops_where_equal_cases_disagree():
    assert kept(Condensed(), on_a_line([0, 0, 0], [LIME, XRAI, LIME])) == ("a", "b")


def test_a_wide_tolerance_keeps_one_case_and_none_keeps_all_that_differ():
    cases = on_a_line([0, 1, 2, 3], [(1, 0), (2, 0), (3, 0), (4, 0)])
    assert kept(Condensed(tolerance=3.0), cases) == ("a",)
    assert kept(Condensed(tolerance=0.0), cases) == ("a", "b", "c", "d")


def test_a_footprint_by_hand():
    cases = on_a_line([0, 1, 3, 10, 12, 13], [LIME, LIME, LIME, LIME, XRAI, XRAI])
    organizer = Footprint(retrieved=1)
    distances = Euclidean().pairwise(cases.features, cases.features)
    solves = organizer.solves(distances, cases.votes)
    # The nearest other of a is b, of b is a, of c is b, of d and f is e, of e is f; d and e disagree.
    assert solves.astype(int).tolist() == [
        [1, 1, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0],
        [0, 0, 1, 0, 0, 0],
        [0, 0, 0, 1, 0, 0],
        [0, 0, 0, 0, 1, 1],
        [0, 0, 0, 0, 1, 1],
    ]
    assert relative_coverage(solves).tolist() == [1.0, 1.5, 0.5, 1.0, 1.0, 1.0]
    # b solves a, b, c; then d by itself; then e, the first by id, with f.
    assert kept(organizer, cases) == ("b", "d", "e")


def test_thirds_that_add_up_to_one_are_a_tie_with_one():
    coverage = relative_coverage(np.array([[1, 1, 1], [1, 1, 1], [1, 1, 1]], dtype=bool))
    assert coverage == pytest.approx([1, 1, 1])
    cases = on_a_line([0, 1, 2, 50], [LIME, LIME, LIME, XRAI], ids="bcda")
    assert kept(Footprint(retrieved=3), cases) == ("b", "a")


@st.composite
def bases(draw):
    """A base with ties, missing votes and shuffled ids."""
    n = draw(st.integers(3, 14))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    votes = rng.choice([0.0, 1.0, 3.0, NAN], size=(n, 3))
    votes[0] = 1.0, 0.0, 0.0
    votes[1] = 0.0, 1.0, 0.0
    return Cases(
        ids=[f"case-{number:02d}" for number in rng.permutation(n)],
        features=rng.integers(0, 7, (n, 2)).astype(float),
        votes=votes,
        methods=("lime", "ig", "xrai"),
    ), rng


@settings(max_examples=50)
@given(bases())
def test_every_case_with_votes_is_solved_by_its_nearest_condensed_case(given_base):
    cases, _ = given_base
    index = Condensed().organize(cases, Euclidean(), Mean())
    nearest = index.nearest(cases.features, 1)
    agrees = agreement(cases.votes, None)
    for row, identifier in enumerate(cases.ids):
        if np.isnan(cases.votes[row]).all():
            assert identifier not in index.entries.ids
        elif identifier not in index.entries.ids:
            assert agrees[row, cases.row_of[nearest.ids(row)[0]]]


@settings(max_examples=50)
@given(bases(), st.integers(1, 4))
def test_a_footprint_solves_all_and_none_of_it_can_be_solved_by_one_that_came_before(given_base, retrieved):
    cases, _ = given_base
    organizer = Footprint(retrieved=retrieved)
    rows = [row for row in np.argsort(cases.ids) if not np.isnan(cases.votes[row]).all()]
    distances = Euclidean().pairwise(cases.features[rows], cases.features[rows])
    solves = organizer.solves(distances, cases.votes[rows])
    chosen = organizer.chosen(distances, cases.votes[rows]).tolist()
    assert solves[chosen].any(axis=0).all()
    for place, case in enumerate(chosen):
        assert not solves[chosen[:place], case].any()
    assert set(kept(organizer, cases)) == {cases.ids[rows[one]] for one in chosen}


@settings(max_examples=50)
@given(
    bases(), st.sampled_from([Condensed(), Footprint(retrieved=2), SupervisedPrototypes()]), st.integers(1, 9)
)
def test_excluding_cases_equals_rebuilding_without_them(given_base, organizer, k):
    cases, rng = given_base
    index = organizer.organize(cases, Euclidean(), Mean())
    queries = rng.integers(0, 7, (4, 2)).astype(float)
    exclude = [list(rng.choice(cases.ids, rng.integers(0, len(cases)), replace=False)) for _ in queries]
    found = index.nearest(queries, k, exclude)
    for query, held_out in enumerate(exclude):
        left = cases.take(np.array([identifier not in held_out for identifier in cases.ids]))
        if np.isnan(left.votes).all():
            assert found.k_eff[query] == 0
            continue
        alone = organizer.organize(left, Euclidean(), Mean()).nearest(queries[query : query + 1], k)
        n = alone.k_eff[0]
        assert found.k_eff[query] == n
        np.testing.assert_array_equal(found.distances[query, :n], alone.distances[0])
        np.testing.assert_array_equal(found.votes[query, :n], alone.votes[0])
        assert [found.entries.members[place] for place in found.positions[query, :n]] == [
            alone.entries.members[place] for place in alone.positions[0]
        ]


def test_a_held_out_entry_lets_in_the_cases_that_it_made_needless():
    cases = on_a_line([0, 1, 9, 10], [LIME, LIME, XRAI, XRAI])
    index = Condensed().organize(cases, Euclidean(), Mean())
    assert index.entries.ids == ("a", "c")
    found = index.nearest(np.array([[0.0], [0.0]]), 9, [["a"], []])
    assert [found.ids(query) for query in range(2)] == [("b", "c"), ("a", "c")]
    assert found.entries.ids[:2] == index.entries.ids


@each_way
def test_cases_without_votes_are_no_entries_and_none_with_votes_no_index(organizer):
    cases = on_a_line([0, 5, 9], [(NAN, NAN), LIME, XRAI])
    assert "a" not in kept(organizer, cases)
    with pytest.raises(NotOrganizableError, match="none of the 1 cases has votes"):
        kept(organizer, cases.take([0]))


@each_way
def test_a_state_of_other_cases_is_refused(organizer):
    cases = on_a_line([0, 5, 9], [LIME, LIME, XRAI])
    state = organizer.organize(cases, Euclidean(), Mean()).state()
    with pytest.raises(
        ParameterError, match="the state is of 3 cases; allowed: the state of exactly these 2"
    ):
        organizer.restore(cases.take([0, 1]), Euclidean(), Mean(), state)


def test_a_tolerance_is_a_number_of_votes():
    for wrong in (-1, True, np.inf, NAN):
        with pytest.raises(ValueError, match="'tolerance' must be a finite number of votes, at least 0"):
            Condensed(tolerance=wrong)


def test_supervised_prototypes_mix_no_winners():
    cases = on_a_line([0, 1, 2, 1.5, 50, 3], [LIME, XRAI, LIME, XRAI, LIME, (2, 2)])
    index = SupervisedPrototypes(within=SupervisedPrototypes().within).organize(cases, Euclidean(), Mean())
    # Four lime cases (f is a tie, which the first method takes) make three clusters; two xrai are too few.
    assert index.entries.members == (("a",), ("c", "f"), ("e",), ("b", "d"))
    assert index.entries.features.ravel().tolist() == [0.0, 2.5, 50.0, 1.25]
    assert index.entries.votes[1].tolist() == [2.5, 1.5]


def test_a_winner_is_clustered_anew_without_a_held_out_case_and_the_others_stay():
    cases = on_a_line([0, 1, 2, 3, 10, 11], [LIME, LIME, LIME, LIME, XRAI, XRAI])
    index = SupervisedPrototypes().organize(cases, Euclidean(), Mean())
    found = index.nearest(np.array([[0.0]]), 9, [["a"]])
    members = [found.entries.members[place] for place in found.positions[0]]
    assert members == [("b",), ("c",), ("d",), ("e", "f")]
    assert found.ids(0)[0] == "prototype-of-b without a"
    assert found.ids(0)[-1] == "prototype-of-e"


def test_supervised_prototypes_need_something_that_clusters_by_distances():
    with pytest.raises(ParameterError, match="Condensed does not cluster by distances; allowed: k-medoids"):
        SupervisedPrototypes(within=Condensed())


def test_changed_votes_change_which_cases_are_entries():
    cases = on_a_line([0, 1, 2], [LIME, LIME, LIME])
    assert kept(Condensed(), cases) == ("a",)
    assert kept(Condensed(), attrs.evolve(cases, votes=[LIME, LIME, XRAI])) == ("a", "c")
