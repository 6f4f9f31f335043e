"""What every organizer promises about the entries that it makes of cases."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.features import Array, take
from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.neighbours import Neighbours
from cbrkit_xai.protocols import Index, Metric
from cbrkit_xai.structuring import missing_of
from cbrkit_xai.testing.laws import Broken, LawsOf, declares
from cbrkit_xai.testing.organized_cases import (
    AGGREGATOR,
    CLUSTERS,
    EACH,
    asked,
    drawn,
    listed,
    mean_votes_of,
    organized,
    organized_anew,
)
from cbrkit_xai.testing.strategies import METHODS
from cbrkit_xai.testing.subjects import Subject

ENTRY_LAWS = LawsOf("organizer")


@ENTRY_LAWS.law(
    "18 cases in three clear clusters can be organised, and the index can be asked for few and for all",
    mend="organize: return an object with `entries` and `nearest`",
    first=True,
)
def organizes_clear_clusters(subject: Subject) -> None:
    rng = np.random.default_rng(0)
    n = CLUSTERS * EACH
    places = np.repeat(np.eye(CLUSTERS, 6) * 100.0, EACH, axis=0) + rng.random((n, 6))
    cases = Cases(
        ids=[f"case-{row:02d}" for row in range(n)],
        features=places,
        votes=rng.integers(0, 6, (n, len(METHODS))),
        methods=METHODS,
    )
    organizer = subject.made.fitted(cases, None) if subject.offers("fitted") else subject.made
    index = organizer.organize(cases, Euclidean(), AGGREGATOR)
    missing = missing_of(index, Index)
    if missing:
        raise Broken(f"the index has no {', '.join(missing)}")
    found = index.nearest(places[:2], 1)
    if not isinstance(found, Neighbours) or len(found) != 2 or (found.k_eff < 1).any():
        raise Broken(f"the one nearest of each of 2 queries: {found!r}")
    if (index.nearest(places[:2], 2 * n).k_eff > len(index.entries)).any():
        raise Broken("there are more neighbours than entries")


@ENTRY_LAWS.law(
    "the same cases give the same index",
    mend="organize: give every random choice a seed",
    given=asked,
    first=True,
    examples=10,
)
def gives_the_same_index_again(
    subject: Subject, cases: Cases, metric: Metric, queries: Array, k: int
) -> None:
    first, again = organized(subject, cases, metric), organized_anew(subject, cases, metric)
    if first.entries.ids != again.entries.ids or first.entries.members != again.entries.members:
        raise Broken("the entries or their members are others the second time")
    one, other = listed(first.nearest(queries, k)), listed(again.nearest(queries, k))
    if one != other:
        raise Broken(f"first {one}, then {other}")


@ENTRY_LAWS.law(
    "members are cases, and no case is a member of two entries",
    mend="organize: the members of each entry",
    given=drawn,
    first=True,
    examples=10,
)
def divides_the_cases_among_its_entries(subject: Subject, cases: Cases, metric: Metric) -> None:
    members = [member for row in organized(subject, cases, metric).entries.members for member in row]
    strangers = sorted(set(members) - set(cases.ids))
    if strangers:
        raise Broken(f"{strangers[0]!r} is a member, and no case")
    twice = sorted(member for member in set(members) if members.count(member) > 1)
    if twice:
        raise Broken(f"{twice[0]!r} is a member of two entries")


@ENTRY_LAWS.law(
    "every case that has votes is in some entry, as keeps='all' says",
    mend="organize: the cases that it passes over; or the fact keeps: declare 'some'",
    given=drawn,
    applies=declares("keeps", "all"),
    examples=10,
)
def leaves_no_case_out(subject: Subject, cases: Cases, metric: Metric) -> None:
    members = {member for row in organized(subject, cases, metric).entries.members for member in row}
    with_votes = [
        name for name, votes in zip(cases.ids, cases.votes, strict=True) if not np.isnan(votes).all()
    ]
    lost = [name for name in with_votes if name not in members]
    if lost:
        raise Broken(f"{', '.join(sorted(lost))}: in no entry, {len(lost)} of {len(cases)} cases")


@ENTRY_LAWS.law(
    "a prototype is the aggregate of its members",
    mend="organize: let the aggregator that it is given form the prototypes",
    given=drawn,
    examples=10,
)
def aggregates_the_members_of_a_prototype(subject: Subject, cases: Cases, metric: Metric) -> None:
    entries = organized(subject, cases, metric).entries
    for place in np.flatnonzero(entries.is_prototype):
        rows = [cases.ids.index(member) for member in entries.members[place]]
        wanted = np.median(take(cases.features, rows), axis=0)  # type: ignore[arg-type]
        found = take(entries.features, place)
        if not np.allclose(found, wanted, rtol=1e-9, atol=1e-9):  # type: ignore[arg-type]
            raise Broken(f"{entries.ids[place]!r} is {found}, the median of its members {wanted}")


@ENTRY_LAWS.law(
    "an entry that is no prototype is one of the cases, as it is",
    mend="organize: features of the entries",
    given=drawn,
    examples=10,
)
def keeps_single_cases_as_they_are(subject: Subject, cases: Cases, metric: Metric) -> None:
    entries = organized(subject, cases, metric).entries
    for place in np.flatnonzero(~entries.is_prototype):
        if entries.ids[place] not in cases.ids:
            raise Broken(f"{entries.ids[place]!r} is no prototype, and no case")
        row = cases.ids.index(entries.ids[place])
        if not np.array_equal(take(entries.features, place), take(cases.features, row)):  # type: ignore[arg-type]
            raise Broken(f"the features of {entries.ids[place]!r} are not its own")


@ENTRY_LAWS.law(
    "an entry's votes are the mean of its members' votes, over those that were asked (eq. 3)",
    mend="organize: votes of the entries",
    given=drawn,
    first=True,
    examples=10,
)
def averages_the_votes_of_members(subject: Subject, cases: Cases, metric: Metric) -> None:
    entries = organized(subject, cases, metric).entries
    for place, members in enumerate(entries.members):
        wanted = mean_votes_of(cases, members)
        if not np.allclose(entries.votes[place], wanted, equal_nan=True):
            raise Broken(f"{entries.ids[place]!r} has the votes {entries.votes[place]}, its members {wanted}")
