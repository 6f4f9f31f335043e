"""Cases in clear clusters, and what an organizer under examination makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from cbrkit_xai.aggregators.median import Median
from cbrkit_xai.cases import Cases
from cbrkit_xai.errors import NotOrganizableError
from cbrkit_xai.features import Array
from cbrkit_xai.metrics.cosine import Cosine
from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.neighbours import Neighbours
from cbrkit_xai.testing.strategies import METHODS
from cbrkit_xai.testing.subjects import Subject

CLUSTERS, EACH = 3, 6

AGGREGATOR = Median()
"""Not the mean: whoever averages by itself instead of asking the aggregator is found out."""

METRICS = (Euclidean(), Cosine())
"""Two whose orders differ, and both can be embedded: whoever does not ask the metric is found out."""


@st.composite
def clustered_cases(draw: DrawFn) -> Cases:
    """Draw 18 cases in three clusters, with equal rows, equal photos and votes that nobody gave.

    They are made from a few drawn numbers, so that a counter-example is found fast.
    """
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    n = CLUSTERS * EACH
    places = np.repeat(np.eye(CLUSTERS, 6) * 100.0, EACH, axis=0)
    places += rng.integers(-8, 9, places.shape) / 8  # eighths: sums are exact, and so are ties
    for _ in range(draw(st.integers(0, 3))):
        one, other = rng.integers(0, EACH, 2)
        places[one] = places[other]
    ids = [f"case-{place:02d}" for place in rng.permutation(n)]
    groups = list(ids)
    if draw(st.booleans()):
        groups[1] = groups[0]
    found = rng.integers(0, 10, (n, len(METHODS))).astype(np.float64)
    found[rng.random(found.shape) < draw(st.integers(0, 3)) / 4] = np.nan
    return Cases(ids=ids, features=places, votes=found, methods=METHODS, groups=groups)


def drawn(subject: Subject) -> Mapping[str, SearchStrategy[Any]]:
    """Return what is drawn for a law about the entries."""
    return {"cases": clustered_cases(), "metric": st.sampled_from(METRICS)}


def asked(subject: Subject) -> Mapping[str, SearchStrategy[Any]]:
    """Return what is drawn for a law about answers to queries."""
    seeds = st.integers(0, 99)
    return {**drawn(subject), "queries": seeds.map(_queries), "k": st.integers(1, 25)}


def _queries(seed: int) -> Array:
    rng = np.random.default_rng([seed, 1])
    places = np.eye(CLUSTERS, 6)[rng.integers(0, CLUSTERS, 3)] * 100.0
    found = places + rng.integers(-16, 17, places.shape) / 8
    found.flags.writeable = False
    return found


_KNOWN: WeakKeyDictionary[Subject, dict[tuple[Any, ...], Any]] = WeakKeyDictionary()
"""Indexes by what they were made of: laws draw the same cases again, and a search for clusters takes long."""


def organized(subject: Subject, cases: Cases, metric: Any) -> Any:
    """Return the index of the cases, perhaps the one that another law has asked for."""
    known = _KNOWN.setdefault(subject, {})
    columns = (np.asarray(cases.features).tobytes(), cases.votes.tobytes())
    key = (cases.ids, cases.groups, *columns, metric)
    if key not in known:
        known[key] = organized_anew(subject, cases, metric)
    return known[key]


def organized_anew(subject: Subject, cases: Cases, metric: Any) -> Any:
    """Return the index, or give up these cases where it says that it cannot organise them."""
    organizer = subject.made
    if hasattr(organizer, "fitted"):
        organizer = organizer.fitted(cases, None)
    try:
        return organizer.organize(cases, metric, AGGREGATOR)
    except NotOrganizableError:
        assume(False)
        raise  # never reached: `assume` leaves


def listed(found: Neighbours) -> list[Any]:
    """Return ids, distances and votes of each query's neighbours, to be compared."""
    return [
        (
            found.ids(query),
            found.distances[query].tolist(),
            np.nan_to_num(found.votes[query], nan=-1).tolist(),
        )
        for query in range(len(found))
    ]


def mean_votes_of(cases: Cases, members: Sequence[str]) -> Array:
    """Return mean votes by a plain loop."""
    rows = [cases.ids.index(member) for member in members]
    found = np.full(len(cases.methods), np.nan)
    for method in range(len(cases.methods)):
        given = [cases.votes[row, method] for row in rows if not np.isnan(cases.votes[row, method])]
        if given:
            found[method] = sum(given) / len(given)
    return found
