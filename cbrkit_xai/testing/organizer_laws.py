"""What every organizer, and the index that it makes, promises."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from cbrkit_xai.aggregators.median import Median
from cbrkit_xai.cases import Cases
from cbrkit_xai.errors import NotOrganizableError
from cbrkit_xai.features import Array, Features, take
from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.neighbours import Neighbours
from cbrkit_xai.protocols import Index
from cbrkit_xai.structuring import missing_of
from cbrkit_xai.testing.laws import Broken, LawsOf, declares, offers
from cbrkit_xai.testing.strategies import METHODS
from cbrkit_xai.testing.subjects import Subject

_laws = LawsOf("organizer")
LAWS = _laws.laws

_CLUSTERS, _EACH = 3, 6
_AGGREGATOR = Median()
"""Not the mean: whoever averages by itself instead of asking the aggregator is found out."""


@st.composite
def clustered_cases(draw: DrawFn) -> Cases:
    """Draw 18 cases in three clusters, with equal rows, equal photos and votes that nobody gave.

    They are made from a few drawn numbers, so that a counter-example is found fast.
    """
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    n = _CLUSTERS * _EACH
    places = np.repeat(np.eye(_CLUSTERS, 6) * 100.0, _EACH, axis=0)
    places += rng.integers(-8, 9, places.shape) / 8  # eighths: sums are exact, and so are ties
    for _ in range(draw(st.integers(0, 3))):
        one, other = rng.integers(0, _EACH, 2)
        places[one] = places[other]
    ids = [f"case-{place:02d}" for place in rng.permutation(n)]
    groups = list(ids)
    if draw(st.booleans()):
        groups[1] = groups[0]
    found = rng.integers(0, 10, (n, len(METHODS))).astype(np.float64)
    found[rng.random(found.shape) < draw(st.integers(0, 3)) / 4] = np.nan
    return Cases(ids=ids, features=places, votes=found, methods=METHODS, groups=groups)


def _drawn(subject: Subject) -> Mapping[str, SearchStrategy[Any]]:
    return {"cases": clustered_cases()}


def _asked(subject: Subject) -> Mapping[str, SearchStrategy[Any]]:
    seeds = st.integers(0, 99)
    return {**_drawn(subject), "queries": seeds.map(_queries), "k": st.integers(1, 25)}


def _queries(seed: int) -> Array:
    rng = np.random.default_rng([seed, 1])
    places = np.eye(_CLUSTERS, 6)[rng.integers(0, _CLUSTERS, 3)] * 100.0
    found = places + rng.integers(-16, 17, places.shape) / 8
    found.flags.writeable = False
    return found


def organized(subject: Subject, cases: Cases) -> Any:
    """Return the index, or give up these cases where it says that it cannot organise them."""
    organizer = subject.made
    if hasattr(organizer, "fitted"):
        organizer = organizer.fitted(cases, None)
    try:
        return organizer.organize(cases, Euclidean(), _AGGREGATOR)
    except NotOrganizableError:
        assume(False)
        raise  # never reached: `assume` leaves


def _listed(found: Neighbours) -> list[Any]:
    return [
        (
            found.ids(query),
            found.distances[query].tolist(),
            np.nan_to_num(found.votes[query], nan=-1).tolist(),
        )
        for query in range(len(found))
    ]


def _mean_votes(cases: Cases, members: Sequence[str]) -> Array:
    """Mean votes by a plain loop."""
    rows = [cases.ids.index(member) for member in members]
    found = np.full(len(cases.methods), np.nan)
    for method in range(len(cases.methods)):
        asked = [cases.votes[row, method] for row in rows if not np.isnan(cases.votes[row, method])]
        if asked:
            found[method] = sum(asked) / len(asked)
    return found


@_laws.law(
    "18 cases in three clear clusters can be organised, and the index can be asked for few and for all",
    mend="organize: return an object with `entries` and `nearest`",
    first=True,
)
def organizes_clear_clusters(subject: Subject) -> None:
    rng = np.random.default_rng(0)
    n = _CLUSTERS * _EACH
    places = np.repeat(np.eye(_CLUSTERS, 6) * 100.0, _EACH, axis=0) + rng.random((n, 6))
    cases = Cases(
        ids=[f"case-{row:02d}" for row in range(n)],
        features=places,
        votes=rng.integers(0, 6, (n, len(METHODS))),
        methods=METHODS,
    )
    organizer = subject.made.fitted(cases, None) if subject.offers("fitted") else subject.made
    index = organizer.organize(cases, Euclidean(), _AGGREGATOR)
    missing = missing_of(index, Index)
    if missing:
        raise Broken(f"the index has no {', '.join(missing)}")
    found = index.nearest(places[:2], 1)
    if not isinstance(found, Neighbours) or len(found) != 2 or (found.k_eff < 1).any():
        raise Broken(f"the one nearest of each of 2 queries: {found!r}")
    if (index.nearest(places[:2], 2 * n).k_eff > len(index.entries)).any():
        raise Broken("there are more neighbours than entries")


@_laws.law(
    "the same cases give the same index",
    mend="organize: give every random choice a seed",
    given=_asked,
    first=True,
    examples=12,
)
def gives_the_same_index_again(subject: Subject, cases: Cases, queries: Array, k: int) -> None:
    first, again = organized(subject, cases), organized(subject, cases)
    if first.entries.ids != again.entries.ids or first.entries.members != again.entries.members:
        raise Broken("the entries or their members are others the second time")
    one, other = _listed(first.nearest(queries, k)), _listed(again.nearest(queries, k))
    if one != other:
        raise Broken(f"first {one}, then {other}")


@_laws.law(
    "members are cases, and no case is a member of two entries",
    mend="organize: the members of each entry",
    given=_drawn,
    first=True,
    examples=12,
)
def divides_the_cases_among_its_entries(subject: Subject, cases: Cases) -> None:
    members = [member for row in organized(subject, cases).entries.members for member in row]
    strangers = sorted(set(members) - set(cases.ids))
    if strangers:
        raise Broken(f"{strangers[0]!r} is a member, and no case")
    twice = sorted(member for member in set(members) if members.count(member) > 1)
    if twice:
        raise Broken(f"{twice[0]!r} is a member of two entries")


@_laws.law(
    "neighbours are sorted by distance, and by id where distances are equal",
    mend="nearest: Entries.nearest sorts so",
    given=_asked,
    first=True,
    examples=12,
)
def sorts_by_distance_and_id(subject: Subject, cases: Cases, queries: Array, k: int) -> None:
    found = organized(subject, cases).nearest(queries, k)
    for query in range(len(found)):
        n = int(found.k_eff[query])
        pairs = list(zip(found.distances[query, :n].tolist(), found.ids(query), strict=True))
        if pairs != sorted(pairs):
            raise Broken(f"query {query} has {pairs}")


@_laws.law(
    "there are at most k neighbours, each once, at the distances that the metric measures",
    mend="nearest",
    given=_asked,
    first=True,
    examples=12,
)
def gives_each_neighbour_once_at_its_distance(subject: Subject, cases: Cases, queries: Array, k: int) -> None:
    index = organized(subject, cases)
    found = index.nearest(queries, k)
    measured = Euclidean().pairwise(queries, index.entries.features)
    for query in range(len(found)):
        places = [int(place) for place in found.positions[query] if place >= 0]
        if len(places) > k or len(set(places)) != len(places):
            raise Broken(f"query {query} has the entries {places} for k = {k}")
        distances = found.distances[query, : len(places)]
        if not np.allclose(distances, measured[query, places], rtol=1e-9, atol=1e-9):
            raise Broken(f"query {query} has the distances {distances}, measured {measured[query, places]}")


@_laws.law(
    "fewer neighbours are the first of more",
    mend="nearest: k must only say where to stop",
    given=_asked,
    first=True,
    examples=12,
)
def gives_fewer_as_the_first_of_more(subject: Subject, cases: Cases, queries: Array, k: int) -> None:
    index = organized(subject, cases)
    fewer, more = index.nearest(queries, k), index.nearest(queries, k + 1).first(k)
    for query in range(len(fewer)):
        if fewer.ids(query) != more.ids(query):
            raise Broken(f"query {query}: k = {k} gives {fewer.ids(query)}, k = {k + 1} {more.ids(query)}")


@_laws.law(
    "all entries are searched, and more than there are means all of them, as exact declares",
    mend="nearest, or the fact exact: declare False",
    given=_asked,
    applies=declares("exact"),
    examples=12,
)
def finds_what_a_search_through_all_finds(subject: Subject, cases: Cases, queries: Array, k: int) -> None:
    index = organized(subject, cases)
    found = index.nearest(queries, k)
    for query in range(len(queries)):
        far = [float(np.sqrt(((row - queries[query]) ** 2).sum())) for row in index.entries.features]
        wanted = sorted(zip(far, index.entries.ids, strict=True))[:k]
        if found.ids(query) != tuple(name for _, name in wanted):
            raise Broken(f"query {query} gets {found.ids(query)}, a search through all {wanted}")


@_laws.law(
    "a batch of queries is answered as its single queries are",
    mend="nearest",
    given=_asked,
    examples=12,
)
def answers_a_batch_as_its_single_queries(subject: Subject, cases: Cases, queries: Array, k: int) -> None:
    index = organized(subject, cases)
    together = index.nearest(queries, k)
    for query in range(len(queries)):
        alone = index.nearest(queries[query : query + 1], k)
        if alone.ids(0) != together.ids(query):
            raise Broken(f"query {query} alone gets {alone.ids(0)}, in a batch {together.ids(query)}")


@_laws.law(
    "a prototype is the aggregate of its members",
    mend="organize: let the aggregator that it is given form the prototypes",
    given=_drawn,
    examples=12,
)
def aggregates_the_members_of_a_prototype(subject: Subject, cases: Cases) -> None:
    entries = organized(subject, cases).entries
    for place in np.flatnonzero(entries.is_prototype):
        rows = [cases.ids.index(member) for member in entries.members[place]]
        wanted = np.median(take(cases.features, rows), axis=0)  # type: ignore[arg-type]
        found = take(entries.features, place)
        if not np.allclose(found, wanted, rtol=1e-9, atol=1e-9):  # type: ignore[arg-type]
            raise Broken(f"{entries.ids[place]!r} is {found}, the median of its members {wanted}")


@_laws.law(
    "an entry that is no prototype is one of the cases, as it is",
    mend="organize: features of the entries",
    given=_drawn,
    examples=12,
)
def keeps_single_cases_as_they_are(subject: Subject, cases: Cases) -> None:
    entries = organized(subject, cases).entries
    for place in np.flatnonzero(~entries.is_prototype):
        if entries.ids[place] not in cases.ids:
            raise Broken(f"{entries.ids[place]!r} is no prototype, and no case")
        row = cases.ids.index(entries.ids[place])
        if not np.array_equal(take(entries.features, place), take(cases.features, row)):  # type: ignore[arg-type]
            raise Broken(f"the features of {entries.ids[place]!r} are not its own")


@_laws.law(
    "an entry's votes are the mean of its members' votes, over those that were asked (eq. 3)",
    mend="organize: votes of the entries",
    given=_drawn,
    first=True,
    examples=12,
)
def averages_the_votes_of_members(subject: Subject, cases: Cases) -> None:
    entries = organized(subject, cases).entries
    for place, members in enumerate(entries.members):
        wanted = _mean_votes(cases, members)
        if not np.allclose(entries.votes[place], wanted, equal_nan=True):
            raise Broken(f"{entries.ids[place]!r} has the votes {entries.votes[place]}, its members {wanted}")


def _excluded(index: Any, cases: Cases) -> tuple[Neighbours, list[Sequence[str]]]:
    held_out = cases.held_out()
    return index.nearest(cases.features, 4, exclude=held_out), held_out


@_laws.law(
    "an excluded case is no neighbour of its query, neither as an entry nor inside a prototype",
    mend="nearest: what it makes of exclude",
    given=_drawn,
    first=True,
    examples=12,
)
def lets_no_excluded_case_speak(subject: Subject, cases: Cases) -> None:
    # Not the index's entries: one that chooses its entries by votes chooses anew without the held-out.
    found, held_out = _excluded(organized(subject, cases), cases)
    for query in range(len(found)):
        for place in range(int(found.k_eff[query])):
            entry = found.positions[query, place]
            left = [one for one in found.entries.members[entry] if one not in held_out[query]]
            if not left:
                raise Broken(f"{found.entries.ids[entry]!r} speaks to {cases.ids[query]!r}, its own member")
            wanted = _mean_votes(cases, left)
            if not np.allclose(found.votes[query, place], wanted, equal_nan=True):
                raise Broken(
                    f"{found.entries.ids[entry]!r} says {found.votes[query, place]} to {cases.ids[query]!r}, "
                    f"its other members {wanted}"
                )
            if found.sizes[query, place] != len(left):
                raise Broken(f"a prototype of {len(left)} others counts as {found.sizes[query, place]}")


@_laws.law(
    "a case's own votes, changed to a million, do not change its neighbours (leak canary)",
    mend="nearest: what it makes of exclude; organize: what it makes of votes",
    given=lambda subject: {**_drawn(subject), "row": st.integers(0, _CLUSTERS * _EACH - 1)},
    examples=12,
)
def lets_no_held_out_vote_leak(subject: Subject, cases: Cases, row: int) -> None:
    own = [place for place, group in enumerate(cases.groups) if group == cases.groups[row]]
    changed = cases.votes.copy()
    changed[own] = 0.0
    changed[own, row % len(METHODS)] = 1e6
    before = _heard(organized(subject, cases), cases, row)
    after = _heard(organized(subject, attrs.evolve(cases, votes=changed)), cases, row)
    if before != after:
        raise Broken(f"{cases.ids[row]!r} had the neighbours {before}, and has {after}")


def _heard(index: Any, cases: Cases, row: int) -> list[Any]:
    """Return what a case hears without its own group: members, distances and votes, whatever their names."""
    held_out = cases.held_out()[row]
    found = index.nearest(take(cases.features, slice(row, row + 1)), 4, exclude=[held_out])
    return [
        (
            sorted(set(found.entries.members[found.positions[0, place]]) - set(held_out)),
            float(found.distances[0, place]),
            np.nan_to_num(found.votes[0, place], nan=-1).tolist(),
        )
        for place in range(int(found.k_eff[0]))
    ]


@_laws.law(
    "adding or removing a case gives what organising all of them anew gives, as incremental declares",
    mend="added, removed, or the fact incremental: declare False",
    given=_asked,
    applies=declares("incremental"),
    examples=12,
)
def grows_into_what_rebuilding_gives(subject: Subject, cases: Cases, queries: Array, k: int) -> None:
    before, last = cases.take(slice(0, -1)), cases.take(slice(len(cases) - 1, None))
    index, smaller = organized(subject, cases), organized(subject, before)
    wanted, wanted_smaller = _listed(index.nearest(queries, k)), _listed(smaller.nearest(queries, k))
    grown = _listed(smaller.added(last).nearest(queries, k))
    if grown != wanted:
        raise Broken(f"with the last case added {grown}, organised anew {wanted}")
    shrunk = _listed(index.removed(last.ids).nearest(queries, k))
    if shrunk != wanted_smaller:
        raise Broken(f"with the last case removed {shrunk}, organised anew {wanted_smaller}")


@_laws.law(
    "an index that was kept as JSON answers as before",
    mend="state of the index, restore of the organizer",
    given=_asked,
    applies=offers("restore"),
    examples=12,
)
def comes_back_as_it_was_kept(subject: Subject, cases: Cases, queries: Array, k: int) -> None:
    index = organized(subject, cases)
    kept = json.loads(json.dumps(index.state()))
    back = subject.made.restore(cases, Euclidean(), _AGGREGATOR, kept)
    before, after = _listed(index.nearest(queries, k)), _listed(back.nearest(queries, k))
    if before != after:
        raise Broken(f"before {before}, afterwards {after}")


@attrs.frozen(kw_only=True)
class _Summed:
    """Euclidean distances of several arrays, added up; offers neither prepare nor embed."""

    def pairwise(self, queries: Features, references: Features) -> Array:
        if not isinstance(queries, Mapping):
            return self._flat(queries, references)
        return sum(self._flat(queries[name], references[name]) for name in queries)  # type: ignore[return-value]

    def _flat(self, queries: Any, references: Any) -> Array:
        rows = (np.asarray(one, dtype=np.float64).reshape(len(one), -1) for one in (queries, references))
        return Euclidean().pairwise(*rows)


@_laws.law(
    "pixels, and several arrays at once, are organised as vectors are",
    mend="organize: use take, join and aggregate of cbrkit_xai.features, not indexing",
    applies=declares("needs_embedding", False),
)
def takes_pixels_and_several_arrays(subject: Subject) -> None:
    rng = np.random.default_rng(1)
    n = _CLUSTERS * _EACH
    colours = np.repeat([[250, 10, 10], [10, 250, 10], [10, 10, 250]], _EACH, axis=0)
    pixels = np.clip(colours[:, None, None] + rng.integers(-9, 10, (n, 8, 8, 3)), 0, 255).astype(np.uint8)
    several = {"photo": pixels, "colour": pixels.mean(axis=(1, 2))}
    for features in (pixels, several):
        cases = Cases(
            ids=[f"case-{row:02d}" for row in range(n)],
            features=features,
            votes=rng.integers(0, 6, (n, len(METHODS))),
            methods=METHODS,
        )
        organizer = subject.made.fitted(cases, None) if subject.offers("fitted") else subject.made
        index = organizer.organize(cases, _Summed(), _AGGREGATOR)
        found = index.nearest(take(cases.features, slice(0, 2)), 2, exclude=cases.held_out()[:2])
        if len(found) != 2 or (found.k_eff < 1).any():
            raise Broken(f"two queries get {found!r}")
