"""The same configurations on smaller and larger case bases: what a query costs as the base grows.

Smaller ones are the first cases of a seeded order; larger ones are copies of the whole base under other ids.
Copies change nothing in what a query costs: the same distances are computed. And t copies of each case have,
with t times `min_samples` and the same eps, the very clusters of the one base: each neighbourhood has t
times as many cases. So clusters are searched for once, and a tiled base has as many prototypes as the base
itself.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.evaluation.holding_out.folds import Split
from cbrkit_xai.features import Array, Features, count, take
from cbrkit_xai.organizers.clustering import Partition
from cbrkit_xai.organizers.silhouette import NOISE

MOST_CASES = 3_200
"""No base is tiled beyond so many."""

MOST_BYTES = 30_000_000
"""Nor beyond so much memory for its features; a metric of pixels prepares tens of times as much."""


@attrs.frozen(kw_only=True, eq=False)
class GrownBase:
    """A case base of another size.

    Parameters
    ----------
    cases : Cases
        Its cases, and after them those that ask.
    split : Split
        Which are which.
    clusters : Partition or None
        Of its cases; None where none are known.
    """

    cases: Cases
    split: Split
    clusters: Partition | None

    @property
    def size(self) -> int:
        """Cases that are learnt from."""
        return len(self.split.training)


def grown_bases(cases: Cases, split: Split, clusters: Partition | None, seed: int) -> Iterator[GrownBase]:
    """Yield bases of an eighth, a quarter, half, all, twice, ... the training cases.

    Parameters
    ----------
    cases : Cases
        All.
    split : Split
        Whose training cases are thinned and copied, and whose held-out cases ask.
    clusters : Partition, optional
        Of the training cases.
    seed : int
        Of the order in which cases are left out.
    """
    training = split.training
    order = np.random.default_rng(seed).permutation(len(training))
    for part in (8, 4, 2):
        size = len(training) // part
        if size >= 2:
            chosen = np.sort(order[:size])
            yield _grown(cases, training[chosen], split.held_out, _thinned(clusters, chosen))
    copies = 1
    per_case = _bytes(take(cases.features, slice(0, 1)))
    while copies == 1 or (
        copies * len(training) <= MOST_CASES and copies * len(training) * per_case <= MOST_BYTES
    ):
        tiled = None if clusters is None else Partition(labels=np.tile(clusters.labels, copies))
        yield _grown(cases, np.tile(training, copies), split.held_out, tiled)
        copies *= 2


def _grown(cases: Cases, training: Array, asking: Array, clusters: Partition | None) -> GrownBase:
    rows = np.concatenate([training, asking])
    ids = [f"{cases.ids[row]} {place}" for place, row in enumerate(rows)]  # copies need names of their own
    grown = Cases(
        ids=ids,
        features=take(cases.features, rows),
        votes=cases.votes[rows],
        methods=cases.methods,
    )
    places = np.arange(len(rows))
    split = Split(repeat=0, fold=0, training=places[: len(training)], held_out=places[len(training) :])
    return GrownBase(cases=grown, split=split, clusters=clusters)


def _thinned(clusters: Partition | None, chosen: Array) -> Partition | None:
    """Return the clusters without the cases left out; one that has none left goes."""
    if clusters is None:
        return None
    labels = clusters.labels[chosen]
    found = np.unique(labels[labels != NOISE])
    if len(found) == 0:
        return None
    return Partition(labels=np.where(labels == NOISE, NOISE, np.searchsorted(found, labels)))


def _bytes(features: Features) -> int:
    parts = features.values() if hasattr(features, "values") else [features]
    return sum(int(part.nbytes) for part in parts) // max(count(features), 1)
