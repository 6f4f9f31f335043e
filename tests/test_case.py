from __future__ import annotations

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbrkit_xai import Ballot, Case, Target
from cbrkit_xai.case import method_name
from cbrkit_xai.errors import VotesError

METHODS = st.sampled_from(["lime", "anchors", "ig", "xrai"])
ballots = st.builds(
    Ballot,
    votes=st.dictionaries(METHODS, st.integers(0, 9), min_size=1),
    source=st.sampled_from(["human", "automatic"]),
    voter=st.sampled_from(["", "ann", "bob"]),
    family=st.sampled_from(["", "deletion", "insertion"]),
)


def human(voter="", **votes):
    return Ballot(votes=votes, source="human", voter=voter)


def judge(voter="", family="", **votes):
    return Ballot(votes=votes, source="automatic", voter=voter, family=family)


def case(*given_ballots, **changes):
    return Case(**{"id": "a", "image_sha256": "sha", "ballots": given_ballots, **changes})


# Ballots --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "votes", [0, 3, 2.5, np.float64(2), np.int64(3), np.float32(1.5)], ids=lambda v: type(v).__name__
)
def test_any_finite_number_of_at_least_0_is_a_number_of_votes(votes):
    given_votes = human(lime=votes).votes["lime"]
    assert given_votes == float(votes)
    assert type(given_votes) is float


@pytest.mark.parametrize(
    "votes",
    [-1, -0.5, float("nan"), float("inf"), True, np.True_, "4", None, [1], 10**400, 1j],
    ids=lambda v: repr(v)[:9],
)
def test_anything_else_is_refused_with_the_method_and_what_is_allowed(votes):
    with pytest.raises(
        VotesError,
        match=r"^votes for 'lime': .* is not a number of votes; allowed: a finite number of at least 0",
    ):
        human(lime=votes)


@pytest.mark.parametrize("method", ["", "  ", 3, None])
def test_a_method_has_a_name(method):
    with pytest.raises(VotesError, match="is not a method name; allowed: a text such as 'lime'"):
        Ballot(votes={method: 1}, source="human")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("IG", "ig"),
        (" Grad CAM ", "grad-cam"),
        ("grad_cam", "grad-cam"),
        ("Grad-CAM++", "grad-cam++"),
        ("LIME", "lime"),
    ],
)
def test_a_method_has_one_name_however_it_is_written(text, name):
    assert method_name(text) == name


@given(st.text())
def test_the_name_of_a_methods_name_is_that_name(text):
    assert method_name(method_name(text)) == method_name(text)


def test_a_ballot_knows_methods_by_their_one_name():
    assert human(**{"IG": 4, "Grad CAM": 1}).votes == {"ig": 4.0, "grad-cam": 1.0}


def test_two_spellings_of_one_method_are_refused():
    with pytest.raises(VotesError, match=r"^votes: 'IG' and 'ig' are one method; allowed: each method once"):
        human(IG=4, ig=4)


def test_a_ballot_has_votes():
    with pytest.raises(VotesError, match="no votes were given; allowed: at least one method"):
        Ballot(votes={}, source="human")


@pytest.mark.parametrize("source", ["people", "", None, "Human"])
def test_a_ballot_says_whether_people_voted_or_judges(source):
    with pytest.raises(ValueError, match="source"):
        Ballot(votes={"lime": 1}, source=source)


def test_a_ballot_cannot_be_changed_not_even_by_who_made_it():
    votes = {"lime": 1.0}
    ballot = Ballot(votes=votes, source="human")
    votes["lime"] = 1e6
    assert dict(ballot.votes) == {"lime": 1.0}
    with pytest.raises(TypeError):
        ballot.votes["lime"] = 2.0
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        ballot.source = "automatic"


# Targets --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [{"index": -1}, {"probability": -0.1}, {"probability": 1.1}, {"probability": float("nan")}],
    ids=str,
)
def test_a_target_is_a_class_with_a_probability(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Target(**{"classifier": "net/1", "index": 3, **wrong})


@pytest.mark.parametrize("probability", [None, 0, 1, 0.5])
def test_the_probability_may_be_unknown(probability):
    assert Target(classifier="net/1", index=0, probability=probability).probability == probability


def test_two_judgements_speak_of_the_same_explanation_if_photo_classifier_and_class_agree():
    one = case(human(lime=1), target=Target(classifier="net/1", index=3, label="cat", probability=0.9))
    same = case(human(lime=2), id="b", target=Target(classifier="net/1", index=3))
    assert one.key == same.key
    others = [
        attrs.evolve(one, target=Target(classifier="net/1", index=4)),
        attrs.evolve(one, target=Target(classifier="net/2", index=3)),
        attrs.evolve(one, image_sha256="other"),
        attrs.evolve(one, target=None),
    ]
    assert len({one.key, *(other.key for other in others)}) == 5


# Votes ----------------------------------------------------------------------------------------------------


def test_votes_are_summed_over_ballots_and_a_method_nobody_asked_about_is_missing():
    one = case(human(lime=1, xrai=0), human(lime=2))
    assert one.votes == {"lime": 3.0, "xrai": 0.0}
    assert "ig" not in one.votes


@given(st.lists(ballots, max_size=5))
def test_the_sum_of_ballots_does_not_depend_on_their_order_and_holds_exactly_what_was_asked(given_ballots):
    one, other = case(*given_ballots), case(*reversed(given_ballots))
    assert one.votes == other.votes
    assert set(one.votes) == {method for ballot in given_ballots for method in ballot.votes}
    assert sum(one.votes.values()) == sum(sum(ballot.votes.values()) for ballot in given_ballots)
    assert one.effective_voters == other.effective_voters
    assert one.sources == other.sources


def test_further_ballots_make_another_case():
    one = case(human(lime=1))
    more = one.with_ballots([human(lime=2, ig=1)])
    assert one.votes == {"lime": 1.0}
    assert more.votes == {"lime": 3.0, "ig": 1.0}
    assert more.id == one.id


# Voters ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_ballots", "voters", "effective"),
    [
        ([human(lime=4, xrai=1)], 5, 5),  # a sum over unnamed people: one for each vote
        ([human("ann", lime=1)], 1, 1),
        ([human("ann", lime=1, xrai=1), human("ann", ig=1)], 1, 1),  # one person, however many ballots
        ([human("ann", lime=1), human("bob", lime=1), human(lime=3)], 5, 5),
        ([judge("d1", "deletion", lime=1), judge("d2", "deletion", lime=1)], 2, 1),  # one idea
        ([judge("d1", "deletion", lime=1), judge("i1", "insertion", lime=1)], 2, 2),
        ([judge("d1", "deletion", lime=0), judge("i1", "insertion", lime=1)], 2, 1),  # deletion did not vote
        ([judge("alone", lime=1), judge("other", lime=1)], 2, 2),  # a judge's family is its own
        ([judge(lime=7)], 7, 1),  # nothing says that a sum's judges are independent
        ([judge(lime=0)], 0, 0),
        ([human("ann", lime=1), judge("d1", "deletion", lime=1), judge("d2", "deletion", xrai=1)], 3, 2),
        ([], 0, 0),
    ],
    ids=str,
)
def test_people_count_each_and_judges_by_family(given_ballots, voters, effective):
    one = case(*given_ballots)
    assert one.voters == voters
    assert one.effective_voters == effective


@given(st.lists(ballots, max_size=5))
def test_judges_never_add_more_than_their_families(given_ballots):
    one = case(*given_ballots)
    people = case(*(ballot for ballot in given_ballots if ballot.source == "human"))
    families = {ballot.family or ballot.voter for ballot in given_ballots if ballot.source == "automatic"}
    assert people.effective_voters == people.voters
    assert 0 <= one.effective_voters - people.effective_voters <= len(families)


def test_the_sources_say_who_voted():
    assert case(human(lime=1)).sources == {"human"}
    assert case(human(lime=1), judge(lime=1)).sources == {"human", "automatic"}
    assert case().sources == set()


def test_the_seconds_a_method_took_cannot_be_changed():
    one = case(human(lime=1), seconds={"xrai": 2, "lime": 1})
    assert dict(one.seconds) == {"lime": 1.0, "xrai": 2.0}
    with pytest.raises(TypeError):
        one.seconds["lime"] = 0.0
