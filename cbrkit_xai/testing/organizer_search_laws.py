"""What every index promises about the neighbours that it finds."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.features import Array
from cbrkit_xai.protocols import Metric
from cbrkit_xai.testing.laws import Broken, LawsOf, declares
from cbrkit_xai.testing.organized_cases import asked, organized
from cbrkit_xai.testing.organizer_entry_laws import ENTRY_LAWS
from cbrkit_xai.testing.subjects import Subject

SEARCH_LAWS = LawsOf("organizer", after=ENTRY_LAWS)


@SEARCH_LAWS.law(
    "neighbours are sorted by distance, and by id where distances are equal",
    mend="nearest: Entries.nearest sorts so",
    given=asked,
    first=True,
    examples=10,
)
def sorts_by_distance_and_id(subject: Subject, cases: Cases, metric: Metric, queries: Array, k: int) -> None:
    found = organized(subject, cases, metric).nearest(queries, k)
    for query in range(len(found)):
        n = int(found.k_eff[query])
        pairs = list(zip(found.distances[query, :n].tolist(), found.ids(query), strict=True))
        if pairs != sorted(pairs):
            raise Broken(f"query {query} has {pairs}")


@SEARCH_LAWS.law(
    "there are at most k neighbours, each once, at the distances that the given metric measures",
    mend="nearest: ask the metric that organize was given",
    given=asked,
    first=True,
    examples=10,
)
def gives_each_neighbour_once_at_its_distance(
    subject: Subject, cases: Cases, metric: Metric, queries: Array, k: int
) -> None:
    index = organized(subject, cases, metric)
    found = index.nearest(queries, k)
    measured = metric.pairwise(queries, index.entries.features)
    for query in range(len(found)):
        places = [int(place) for place in found.positions[query] if place >= 0]
        if len(places) > k or len(set(places)) != len(places):
            raise Broken(f"query {query} has the entries {places} for k = {k}")
        distances = found.distances[query, : len(places)]
        if not np.allclose(distances, measured[query, places], rtol=1e-9, atol=1e-9):
            raise Broken(f"query {query} has the distances {distances}, measured {measured[query, places]}")


@SEARCH_LAWS.law(
    "fewer neighbours are the first of more",
    mend="nearest: k must only say where to stop",
    given=asked,
    first=True,
    examples=10,
)
def gives_fewer_as_the_first_of_more(
    subject: Subject, cases: Cases, metric: Metric, queries: Array, k: int
) -> None:
    index = organized(subject, cases, metric)
    fewer, more = index.nearest(queries, k), index.nearest(queries, k + 1).first(k)
    for query in range(len(fewer)):
        if fewer.ids(query) != more.ids(query):
            raise Broken(f"query {query}: k = {k} gives {fewer.ids(query)}, k = {k + 1} {more.ids(query)}")


@SEARCH_LAWS.law(
    "all entries are searched, and more than there are means all of them, as exact declares",
    mend="nearest, or the fact exact: declare False",
    given=asked,
    applies=declares("exact"),
    examples=10,
)
def finds_what_a_search_through_all_finds(
    subject: Subject, cases: Cases, metric: Metric, queries: Array, k: int
) -> None:
    index = organized(subject, cases, metric)
    found = index.nearest(queries, k)
    for query in range(len(queries)):
        asking = queries[query : query + 1]
        far = [float(metric.pairwise(asking, row[None])[0, 0]) for row in index.entries.features]
        wanted = sorted(zip(far, index.entries.ids, strict=True))[:k]
        if found.ids(query) != tuple(name for _, name in wanted):
            raise Broken(f"query {query} gets {found.ids(query)}, a search through all {wanted}")


@SEARCH_LAWS.law(
    "a batch of queries is answered as its single queries are",
    mend="nearest",
    given=asked,
    examples=10,
)
def answers_a_batch_as_its_single_queries(
    subject: Subject, cases: Cases, metric: Metric, queries: Array, k: int
) -> None:
    index = organized(subject, cases, metric)
    together = index.nearest(queries, k)
    for query in range(len(queries)):
        alone = index.nearest(queries[query : query + 1], k)
        if alone.ids(0) != together.ids(query):
            raise Broken(f"query {query} alone gets {alone.ids(0)}, in a batch {together.ids(query)}")
