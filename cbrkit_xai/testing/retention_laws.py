"""What every retention policy promises."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from cbrkit_xai.case import Ballot, Case
from cbrkit_xai.neighbours import Entries, Neighbours
from cbrkit_xai.retaining import Verdict
from cbrkit_xai.testing.laws import Broken, LawsOf, declares, offers
from cbrkit_xai.testing.reuse_laws import (
    leave_one_out,
    nearest_training_cases,
    training_cases,
    training_neighbours,
    with_ties,
)
from cbrkit_xai.testing.strategies import METHODS, neighbours
from cbrkit_xai.testing.subjects import Subject
from cbrkit_xai.testing.writing import nothing_written

_laws = LawsOf("retention-policy")
LAWS = _laws.laws


@st.composite
def offered_cases(draw: DrawFn) -> Case:
    """Draw a case that is offered, with votes for some of the methods."""
    asked = draw(st.lists(st.sampled_from(METHODS), min_size=1, unique=True))
    return Case(
        id="offered",
        image_sha256="sha-offered",
        ballots=[Ballot(votes={method: draw(st.integers(0, 9)) for method in asked}, source="human")],
    )


def _given(subject: Subject) -> Mapping[str, SearchStrategy[Any]]:
    return {"case": offered_cases(), "found": neighbours(queries=(1, 1))}


def ready(subject: Subject) -> Any:
    """Return the policy, fitted to the training cases where it learns."""
    policy = subject.made
    if not hasattr(policy, "fitted"):
        return policy
    return policy.fitted(training_cases(), training_neighbours())


@_laws.law(
    "keeps leaves the neighbours as they were",
    mend="keeps: copy before you change anything",
    given=_given,
    first=True,
    examples=10,
)
def writes_to_nothing(subject: Subject, case: Case, found: Neighbours) -> None:
    policy = ready(subject)
    with nothing_written((found.votes, found.distances, found.positions, found.sizes, found.entries.votes)):
        policy.keeps(case, found)


@_laws.law(
    "keeps gives a Verdict: yes or no, with a reason of one line",
    mend="keeps: return Verdict(keeps=..., reason=...)",
    given=_given,
    first=True,
)
def gives_a_verdict_with_a_reason(subject: Subject, case: Case, found: Neighbours) -> None:
    verdict = ready(subject).keeps(case, found)
    if not isinstance(verdict, Verdict) or not isinstance(verdict.keeps, bool | np.bool_):
        raise Broken(f"gives {verdict!r}")
    if not isinstance(verdict.reason, str) or not verdict.reason.strip() or "\n" in verdict.reason:
        raise Broken(f"the reason is {verdict.reason!r}")


@_laws.law(
    "the same case is judged the same each time",
    mend="keeps: use no random numbers and keep nothing between calls",
    given=_given,
    first=True,
    examples=10,
)
def says_the_same_again(subject: Subject, case: Case, found: Neighbours) -> None:
    policy = ready(subject)
    first, again = policy.keeps(case, found), policy.keeps(case, found)
    if first != again:
        raise Broken(f"first {first!r}, then {again!r}")


@_laws.law(
    "a case is judged, too, where there are no neighbours yet",
    mend="keeps: a base may be empty, or all of it left out",
    first=True,
)
def judges_the_first_case_of_a_base(subject: Subject) -> None:
    case = Case(id="first", image_sha256="sha-first", ballots=[Ballot(votes={"lime": 1.0}, source="human")])
    for found in _no_neighbours():
        verdict = subject.made.keeps(case, found)
        if not isinstance(verdict, Verdict):
            raise Broken(f"gives {verdict!r}")


def _no_neighbours() -> Iterator[Neighbours]:
    """Yield what a case hears from an empty base: rows without columns, however they came about."""
    entries = Entries(
        ids=[], features=np.empty((0, 1)), votes=np.empty((0, len(METHODS))), members=[], is_prototype=[]
    )
    nobody = np.empty(0, dtype=np.int64)
    yield entries.neighbours([nobody], [nobody.astype(float)])
    yield entries.nearest(np.empty((1, 0)), 3)


@_laws.law(
    "the case's name and the file's do not matter",
    mend="keeps: judge votes and neighbours",
    given=_given,
    first=True,
)
def judges_by_content(subject: Subject, case: Case, found: Neighbours) -> None:
    renamed = attrs.evolve(case, id="another", image_name="another.jpg")
    policy = ready(subject)
    one, other = policy.keeps(case, found), policy.keeps(renamed, found)
    if one.keeps != other.keeps:
        raise Broken(f"kept: {one.keeps}, under another name: {other.keeps}")


@_laws.law(
    "neighbours at equal distances in another order give the same verdict",
    mend="keeps: look at all that are equally near",
    given=lambda subject: {**_given(subject), "seed": st.integers(0, 99)},
    examples=60,
)
def does_not_mind_the_order_of_ties(subject: Subject, case: Case, found: Neighbours, seed: int) -> None:
    found = with_ties(found)
    policy = ready(subject)
    one = policy.keeps(case, found)
    rng = np.random.default_rng(seed)
    for _ in range(4):
        order = np.lexsort((rng.random(found.distances.shape[1]), found.distances[0]))
        other = attrs.evolve(
            found,
            positions=found.positions[:, order],
            distances=found.distances[:, order],
            votes=found.votes[:, order],
            sizes=found.sizes[:, order],
        )
        another = policy.keeps(case, other)
        if one.keeps != another.keeps:
            raise Broken(f"kept: {one.keeps}, with ties in another order: {another.keeps}")


def _agreed() -> Case:
    """Return a case that a hundred people judged, and saw the same: nothing speaks against it."""
    votes = {method: float(place) for place, method in enumerate(METHODS)}
    ballots = [Ballot(votes=votes, source="human", voter=f"voter-{number}") for number in range(100)]
    return Case(id="offered", image_sha256="sha-offered", ballots=ballots)


@_laws.law(
    "a case that a hundred people agree on is kept where the base is empty, as keeps_first says",
    mend="keeps; or the fact keeps_first: declare False",
    applies=declares("keeps_first"),
)
def keeps_the_first_case(subject: Subject) -> None:
    for policy in (subject.made, ready(subject)):
        for found in _no_neighbours():
            verdict = policy.keeps(_agreed(), found)
            if not verdict.keeps:
                raise Broken(f"it is not: {verdict.reason}")


@_laws.law(
    "a case that a hundred people agree on is kept where all entries are far away, as keeps_far says",
    mend="keeps; or the fact keeps_far: declare False",
    applies=declares("keeps_far"),
)
def keeps_what_is_far(subject: Subject) -> None:
    verdict = ready(subject).keeps(_agreed(), nearest_training_cases(np.array([[1e12]])))
    if not verdict.keeps:
        raise Broken(
            f"cases lie 0 to 11 from each other, this one 1e12 away, and it is not: {verdict.reason}"
        )


@_laws.law(
    "a policy can learn from a base of one case, and of none that has neighbours",
    mend="fitted",
    applies=offers("fitted"),
)
def learns_from_a_base_of_one_case(subject: Subject) -> None:
    cases = training_cases().take([0])
    policy = subject.made.fitted(cases, leave_one_out(cases))
    found = leave_one_out(training_cases()).take([5])
    case = Case(id="new", image_sha256="sha-new", ballots=[Ballot(votes={"lime": 1.0}, source="human")])
    if not isinstance(policy.keeps(case, found), Verdict):
        raise Broken("gives no verdict")


@_laws.law(
    "a policy that has learnt comes back from JSON, and judges as before",
    mend="fitted: learn into fields of JSON values",
    given=_given,
    applies=offers("fitted"),
    examples=10,
)
def comes_back_as_it_was_kept(subject: Subject, case: Case, found: Neighbours) -> None:
    learnt = ready(subject)
    back = type(learnt)(**json.loads(json.dumps(attrs.asdict(learnt))))
    if learnt.keeps(case, found) != back.keeps(case, found):
        raise Broken(f"before {learnt.keeps(case, found)!r}, afterwards {back.keeps(case, found)!r}")
