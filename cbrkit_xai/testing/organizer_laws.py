"""What every organizer promises: of its entries, of a search, of the held-out, and of an index's life."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.features import Array, Features, take
from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.protocols import Metric
from cbrkit_xai.testing.laws import Broken, LawsOf, declares, offers
from cbrkit_xai.testing.organized_cases import AGGREGATOR, CLUSTERS, EACH, asked, listed, organized
from cbrkit_xai.testing.organizer_entry_laws import ENTRY_LAWS
from cbrkit_xai.testing.organizer_exclusion_laws import EXCLUSION_LAWS
from cbrkit_xai.testing.organizer_search_laws import SEARCH_LAWS
from cbrkit_xai.testing.strategies import METHODS
from cbrkit_xai.testing.subjects import Subject

_laws = LawsOf("organizer", after=EXCLUSION_LAWS)


@_laws.law(
    "adding or removing a case gives what organising all of them anew gives, as incremental declares",
    mend="added, removed, or the fact incremental: declare False",
    given=asked,
    applies=declares("incremental"),
    examples=10,
)
def grows_into_what_rebuilding_gives(
    subject: Subject, cases: Cases, metric: Metric, queries: Array, k: int
) -> None:
    before, last = cases.take(slice(0, -1)), cases.take(slice(len(cases) - 1, None))
    index, smaller = organized(subject, cases, metric), organized(subject, before, metric)
    wanted, wanted_smaller = listed(index.nearest(queries, k)), listed(smaller.nearest(queries, k))
    grown = listed(smaller.added(last).nearest(queries, k))
    if grown != wanted:
        raise Broken(f"with the last case added {grown}, organised anew {wanted}")
    shrunk = listed(index.removed(last.ids).nearest(queries, k))
    if shrunk != wanted_smaller:
        raise Broken(f"with the last case removed {shrunk}, organised anew {wanted_smaller}")


@_laws.law(
    "an index that was kept as JSON answers as before",
    mend="state of the index, restore of the organizer",
    given=asked,
    applies=offers("restore"),
    examples=10,
)
def comes_back_as_it_was_kept(subject: Subject, cases: Cases, metric: Metric, queries: Array, k: int) -> None:
    index = organized(subject, cases, metric)
    kept = json.loads(json.dumps(index.state()))
    back = subject.made.restore(cases, metric, AGGREGATOR, kept)
    before, after = listed(index.nearest(queries, k)), listed(back.nearest(queries, k))
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
    n = CLUSTERS * EACH
    colours = np.repeat([[250, 10, 10], [10, 250, 10], [10, 10, 250]], EACH, axis=0)
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
        index = organizer.organize(cases, _Summed(), AGGREGATOR)
        found = index.nearest(take(cases.features, slice(0, 2)), 2, exclude=cases.held_out()[:2])
        if len(found) != 2 or (found.k_eff < 1).any():
            raise Broken(f"two queries get {found!r}")


LAWS = [*ENTRY_LAWS.laws, *SEARCH_LAWS.laws, *EXCLUSION_LAWS.laws, *_laws.laws]
