"""What every index promises about cases that must not speak to a query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from cbrkit_xai.cases import Cases
from cbrkit_xai.features import take
from cbrkit_xai.protocols import Metric
from cbrkit_xai.testing.laws import Broken, LawsOf
from cbrkit_xai.testing.organized_cases import CLUSTERS, EACH, drawn, mean_votes_of, organized
from cbrkit_xai.testing.organizer_search_laws import SEARCH_LAWS
from cbrkit_xai.testing.strategies import METHODS
from cbrkit_xai.testing.subjects import Subject

EXCLUSION_LAWS = LawsOf("organizer", after=SEARCH_LAWS)


@EXCLUSION_LAWS.law(
    "an excluded case is no neighbour of its query, neither as an entry nor inside a prototype",
    mend="nearest: what it makes of exclude",
    given=drawn,
    first=True,
    examples=10,
)
def lets_no_excluded_case_speak(subject: Subject, cases: Cases, metric: Metric) -> None:
    held_out = cases.held_out()
    found = organized(subject, cases, metric).nearest(cases.features, 4, exclude=held_out)
    # Not the index's entries: one that chooses its entries by votes chooses anew without the held-out.
    for query in range(len(found)):
        for place in range(int(found.k_eff[query])):
            entry = found.positions[query, place]
            left = [one for one in found.entries.members[entry] if one not in held_out[query]]
            if not left:
                raise Broken(f"{found.entries.ids[entry]!r} speaks to {cases.ids[query]!r}, its own member")
            wanted = mean_votes_of(cases, left)
            if not np.allclose(found.votes[query, place], wanted, equal_nan=True):
                raise Broken(
                    f"{found.entries.ids[entry]!r} says {found.votes[query, place]} to {cases.ids[query]!r}, "
                    f"its other members {wanted}"
                )
            if found.sizes[query, place] != len(left):
                raise Broken(f"a prototype of {len(left)} others counts as {found.sizes[query, place]}")


def _with_a_row(subject: Subject) -> Mapping[str, SearchStrategy[Any]]:
    return {**drawn(subject), "row": st.integers(0, CLUSTERS * EACH - 1)}


@EXCLUSION_LAWS.law(
    "a case's own votes, changed to a million, do not change its neighbours (leak canary)",
    mend="nearest: what it makes of exclude; organize: what it makes of votes",
    given=_with_a_row,
    examples=10,
)
def lets_no_held_out_vote_leak(subject: Subject, cases: Cases, metric: Metric, row: int) -> None:
    own = [place for place, group in enumerate(cases.groups) if group == cases.groups[row]]
    changed = cases.votes.copy()
    changed[own] = 0.0
    changed[own, row % len(METHODS)] = 1e6
    before = _heard(organized(subject, cases, metric), cases, row)
    after = _heard(organized(subject, attrs.evolve(cases, votes=changed), metric), cases, row)
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
