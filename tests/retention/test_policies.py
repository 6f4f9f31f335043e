from __future__ import annotations

import numpy as np
import pytest

from cbrkit_xai import Ballot, Case, Cases, Entries
from cbrkit_xai.retention.always import Always
from cbrkit_xai.retention.novel import Novel

CASE = Case(id="new", image_sha256="sha", ballots=[Ballot(votes={"lime": 1}, source="human")])


def columns(n=3):
    return Cases(
        ids=[f"c{row}" for row in range(n)],
        features=np.zeros((n, 1)),
        votes=np.ones((n, 1)),
        methods=("lime",),
    )


def at(*distances, n=3, k=1):
    return Entries.of_cases(columns(n)).nearest(np.array(distances, dtype=float), k)


def test_every_case_is_kept_whatever_is_near():
    for distance in (0.0, 5.0):
        verdict = Always().keeps(CASE, at([distance] * 3))
        assert verdict.keeps
        assert verdict.reason == "every case is kept"


@pytest.mark.parametrize(("nearest", "keeps"), [(0.0, False), (1.9, False), (2.0, False), (2.1, True)])
def test_a_case_is_kept_only_if_it_lies_farther_than_the_least_distance(nearest, keeps):
    verdict = Novel(min_distance=2).keeps(CASE, at([9.0, nearest, 9.0]))
    assert verdict.keeps is keeps
    assert "c1" in verdict.reason
    assert f"{nearest:.4g}" in verdict.reason
    assert "2" in verdict.reason


def test_without_a_distance_only_an_exact_double_is_not_novel():
    assert not Novel().keeps(CASE, at([0.0, 1.0, 1.0])).keeps
    assert Novel().keeps(CASE, at([0.1, 1.0, 1.0])).keeps


@pytest.mark.parametrize(
    "nobody",
    [
        at([], n=0),
        at([1.0, 1.0, 1.0]).take([0]).entries.nearest(np.ones((1, 3)), 1, np.zeros((1, 3), dtype=bool)),
    ],
    ids=["no entries", "none allowed"],
)
def test_the_first_case_is_always_novel(nobody):
    verdict = Novel(min_distance=2).keeps(CASE, nobody)
    assert verdict.keeps
    assert verdict.reason == "the case base is empty"


def test_the_least_distance_is_learnt_as_a_quantile_of_those_between_cases():
    nearest = at([1.0, 9, 9], [9, 2.0, 9], [9, 9, 4.0])
    assert Novel(quantile=0.5).fitted(columns(), nearest).min_distance == 2.0
    assert Novel(quantile=0).fitted(columns(), nearest).min_distance == 1.0
    assert Novel(quantile=1).fitted(columns(), nearest).min_distance == 4.0
    assert Novel(quantile=0.25).fitted(columns(), nearest).min_distance == 1.5


def test_a_distance_that_was_given_is_not_learnt():
    for given in (0, 0.0, 7):
        assert Novel(min_distance=given).fitted(columns(), at([1.0, 9, 9])).min_distance == given


def test_with_no_neighbours_nothing_is_learnt():
    alone = Entries.of_cases(columns(1)).nearest(np.zeros((1, 1)), 1, np.zeros((1, 1), dtype=bool))
    assert Novel().fitted(columns(1), alone) == Novel()
    assert Novel().fitted(columns(), None) == Novel()


def test_cases_without_neighbours_do_not_make_the_distance_infinite():
    allowed = np.array([[True] * 3, [False] * 3, [True] * 3])
    some = Entries.of_cases(columns()).nearest(np.full((3, 3), 2.0), 1, allowed)
    assert Novel(quantile=1).fitted(columns(), some).min_distance == 2.0


@pytest.mark.parametrize(
    "wrong",
    [{"min_distance": -1}, {"min_distance": float("nan")}, {"quantile": -0.1}, {"quantile": 1.1}],
    ids=str,
)
def test_a_policy_outside_its_range_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Novel(**wrong)
