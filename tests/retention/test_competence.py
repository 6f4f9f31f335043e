"""Policies that look at what the neighbours say: uncertain and footprint."""

from __future__ import annotations

import json
from math import log

import attrs
import numpy as np
import pytest

from cbrkit_xai import Ballot, Case, Cases, Entries
from cbrkit_xai.retention.footprint import Footprint
from cbrkit_xai.retention.uncertain import Uncertain

NAN = float("nan")
METHODS = ("ig", "lime", "xrai")


def case(**votes):
    return Case(id="new", image_sha256="sha", ballots=[Ballot(votes=votes, source="human")])


def columns(votes):
    votes = np.asarray(votes, dtype=float)
    return Cases(
        ids=[f"c{row}" for row in range(len(votes))],
        features=np.arange(len(votes), dtype=float)[:, None],
        votes=votes,
        methods=METHODS,
    )


def near(votes, distances=None, k=9):
    known = columns(np.reshape(votes, (-1, 3)))
    distances = np.zeros(len(known)) if distances is None else np.asarray(distances, dtype=float)
    return Entries.of_cases(known).nearest(distances[None], k)


def left_out(known, k=1):
    distances = np.abs(known.features - known.features.T)
    return Entries.of_cases(known).nearest(distances, k, ~np.eye(len(known), dtype=bool))


NEW = case(lime=3, xrai=1)


# Uncertain ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("votes", "entropy", "margin"),
    [
        ([[9, 0, 0], [3, 0, 0]], 0.0, 0.0),
        ([[2, 2, 2]], 1.0, 1.0),
        ([[4, 0, 0], [0, 1, 0]], log(2) / log(3), 1.0),  # each neighbour counts once, whatever its votes
        ([[3, 1, NAN]], (0.75 * log(4 / 3) + 0.25 * log(4)) / log(2), 0.5),
    ],
)
def test_the_uncertainty_by_hand(votes, entropy, margin):
    for measure, expected in (("entropy", entropy), ("margin", margin)):
        just_under, just_over = max(expected - 1e-9, 0), min(expected + 1e-9, 1)
        assert Uncertain(measure=measure, threshold=just_under).keeps(NEW, near(votes)).keeps
        if expected < 1:
            assert not Uncertain(measure=measure, threshold=just_over).keeps(NEW, near(votes)).keeps


def test_the_reason_says_how_many_favour_what():
    policy = Uncertain(threshold=0.9)
    yes, no = policy.keeps(NEW, near([[1, 0, 0], [0, 1, 1]])), policy.keeps(NEW, near([[1, 0, 0]]))
    assert yes.reason == (
        "the 2 most similar entries favour no method clearly: uncertainty 0.95, of which 0.90 is enough"
    )
    assert no.reason == (
        "a method is clear from the most similar entry: uncertainty 0.00, of which 0.90 is enough"
    )


@pytest.mark.parametrize("votes", [[], [[0, 0, 0]], [[NAN, 4, NAN]]], ids=["empty", "no votes", "one method"])
def test_where_no_methods_can_be_compared_a_case_is_kept(votes):
    verdict = Uncertain(threshold=1.0).keeps(NEW, near(votes))
    assert verdict.keeps
    assert verdict.reason == "no similar case has votes to compare methods by"


def test_the_threshold_is_a_quantile_over_the_cases_of_the_base():
    known = columns([[4, 0, 0], [1, 1, 0], [1, 1, 1], [4, 0, 0], [4, 0, 0]])
    fitted = Uncertain(quantile=0.75).fitted(known, left_out(known))
    # The nearest of c0 ... c4 are c1, c0, c1, c2 and c3.
    expected = np.quantile([log(2) / log(3), 0.0, log(2) / log(3), 1.0, 0.0], 0.75)
    assert fitted.threshold == pytest.approx(expected)
    assert Uncertain(threshold=0.3).fitted(known, left_out(known)).threshold == 0.3
    assert Uncertain().fitted(known) == Uncertain()


# Footprint ------------------------------------------------------------------------------------------------

READY = Footprint(max_distance=2.0, methods=METHODS)


@pytest.mark.parametrize(
    ("votes", "keeps", "reason"),
    [
        ([[0, 5, 1]], False, "its neighbours already predict its winner lime"),
        ([[0, 1, 5]], True, "its neighbours predict xrai, it says lime"),
        ([[9, 5, 1]], False, "its neighbours already predict its winner lime"),  # it does not judge ig
        ([[0, 3, 3]], True, "its neighbours predict lime and xrai, it says lime"),
        ([[0, 9, 0], [0, 0, 8]], False, "its neighbours already predict its winner lime"),
        ([[0, NAN, 2]], True, "its neighbours say nothing about the methods it judges"),
    ],
)
def test_a_case_is_kept_if_its_neighbours_predict_another_winner(votes, keeps, reason):
    verdict = READY.keeps(NEW, near(votes))
    assert (verdict.keeps, verdict.reason) == (keeps, reason)


def test_any_of_several_own_winners_solves_a_case():
    verdict = READY.keeps(case(lime=2, xrai=2, ig=0), near([[0, 5, 1]]))
    assert not verdict.keeps


def test_a_winner_that_the_base_has_never_heard_of_is_kept():
    assert READY.keeps(case(lime=1, xrai=0, anchors=4), near([[0, 5, 1]])).keeps


def test_votes_in_another_order_solve_the_same_cases():
    thirds = [[0, 0.1, 0.3], [0, 0.2, 0.2], [0, 0.3, 0.1]]  # adding up .1, .2 and .3 depends on the order
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        verdict = READY.keeps(NEW, near([thirds[row] for row in order]))
        assert verdict.reason == "its neighbours predict lime and xrai, it says lime"


def test_an_entry_too_far_off_covers_nothing():
    verdict = READY.keeps(NEW, near([[0, 5, 1]], [2.5]))
    assert verdict.keeps
    assert verdict.reason == "its nearest entry c0 is 2.5 away, beyond 2, and does not cover it"
    assert not READY.keeps(NEW, near([[0, 5, 1]], [2.0])).keeps


def test_the_first_case_is_kept():
    assert READY.keeps(NEW, near([])).reason == "the case base is empty"


def test_the_distance_is_a_quantile_over_the_cases_of_the_base():
    known = attrs.evolve(columns(np.ones((4, 3))), features=np.array([[0.0], [1.0], [3.0], [7.0]]))
    fitted = Footprint(quantile=0.5).fitted(known, left_out(known))
    assert fitted.max_distance == np.quantile([1, 1, 2, 4], 0.5)
    assert fitted.methods == METHODS
    assert Footprint(max_distance=9.0).fitted(known, left_out(known)).max_distance == 9.0


@pytest.mark.parametrize("policy", [Uncertain(), Uncertain(measure="margin"), Footprint()], ids=str)
def test_what_was_learnt_survives_json(policy):
    known = columns([[4, 0, 0], [1, 1, 0], [1, 1, 1]])
    fitted = policy.fitted(known, left_out(known))
    assert fitted != policy
    assert type(fitted)(**json.loads(json.dumps(attrs.asdict(fitted), allow_nan=False))) == fitted


@pytest.mark.parametrize(
    "wrong",
    [
        (Uncertain, {"threshold": 1.1}),
        (Uncertain, {"quantile": -0.1}),
        (Uncertain, {"measure": "gini"}),
        (Footprint, {"max_distance": -1.0}),
        (Footprint, {"quantile": NAN}),
    ],
    ids=str,
)
def test_a_policy_with_a_number_out_of_range_is_refused(wrong):
    policy, parameters = wrong
    with pytest.raises(ValueError, match=next(iter(parameters))):
        policy(**parameters)
