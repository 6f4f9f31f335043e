"""All times of one base: single queries over k, and over the size of the base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.evaluation.holding_out.folds import Split
from cbrkit_xai.evaluation.reproduction.papers_configurations import PapersConfiguration
from cbrkit_xai.evaluation.reproduction.timing.fitted_indexes import Fitted, fitted_indexes
from cbrkit_xai.evaluation.reproduction.timing.growing_base import grown_bases
from cbrkit_xai.evaluation.reproduction.timing.timed_index import QueryTimes, TimedIndex, time_queries
from cbrkit_xai.evaluation.working import one_thread_each
from cbrkit_xai.features import Array
from cbrkit_xai.organizers.clustering import Partition
from cbrkit_xai.organizers.dbscan_prototypes import DbscanPrototypes
from cbrkit_xai.protocols import Progress

GROWTH_SECONDS = 0.1
"""Each index of each size is asked for about so long."""


@attrs.frozen(kw_only=True, eq=False)
class TimesOf:
    """The times of one configuration.

    Parameters
    ----------
    of : PapersConfiguration
        Which.
    linear : QueryTimes
        Every training case.
    clustered : QueryTimes or None
        Prototypes; None where there are none.
    reason : str
        Why there are none; empty if there are.
    growth : tuple of (size, QueryTimes or None, QueryTimes or None)
        Training cases, linear and clustered, at the one k.
    """

    of: PapersConfiguration
    linear: QueryTimes
    clustered: QueryTimes | None
    reason: str
    growth: tuple[tuple[int, QueryTimes, QueryTimes | None], ...]


@attrs.frozen(kw_only=True, eq=False)
class Times:
    """What was measured.

    Parameters
    ----------
    configurations : tuple of TimesOf
        Those that are applicable.
    k : int
        At which sizes and configurations are compared.
    training, asking : int
        Cases that were learnt from, and that asked.
    missing : tuple of PapersConfiguration
        Those that are not applicable.
    """

    configurations: tuple[TimesOf, ...]
    k: int
    training: int
    asking: int
    missing: tuple[PapersConfiguration, ...] = ()


def measure_times(
    applicable: Sequence[tuple[PapersConfiguration, Cases, Array | None]],
    split: Split,
    ks: Sequence[int],
    k: int,
    *,
    seed: int,
    progress: Progress | None = None,
) -> Times:
    """Time single queries against each configuration, in turns, on one thread.

    Parameters
    ----------
    applicable : sequence of (PapersConfiguration, Cases, distances)
        With all cases in its representation, and their distances where they are known, by which clusters
        are found without measuring anything again.
    split : Split
        The fold whose training cases are organised, and whose held-out cases ask.
    ks : sequence of int
        Numbers of neighbours of the figure.
    k : int
        Of all other comparisons.
    seed : int
        Of the orders in which is asked.
    progress : callable, optional
        Called with (parts done, parts).
    """
    parts = 1 + len(applicable)
    with one_thread_each():
        fitted = [
            fitted_indexes(of, cases, split, ks, None if known is None else partial(_found, of, known, split))
            for of, cases, known in applicable
        ]
        times = _by_label([*(one.linear for one in fitted), *_clustered(fitted)], seed)
        found = []
        for number, ((of, cases, _), one) in enumerate(zip(applicable, fitted, strict=True), start=1):
            if progress is not None:
                progress(number, parts)
            found.append(
                TimesOf(
                    of=of,
                    linear=times[one.linear.label],
                    clustered=None if one.clustered is None else times[one.clustered.label],
                    reason=one.reason,
                    growth=_growth(of, cases, split, _partition(one), k, seed),
                )
            )
    if progress is not None:
        progress(parts, parts)
    return Times(configurations=tuple(found), k=k, training=len(split.training), asking=len(split.held_out))


def _found(of: PapersConfiguration, distances: Array, split: Split) -> Partition:
    """Cluster the training cases by the distances that are known."""
    organizer = None if of.components is None else of.components.organizer
    assert isinstance(organizer, DbscanPrototypes)  # noqa: S101 - the profile says so
    return organizer.cluster(distances[np.ix_(split.training, split.training)])


def _clustered(fitted: Sequence[Fitted]) -> list[TimedIndex]:
    return [one.clustered for one in fitted if one.clustered is not None]


def _by_label(indexes: Sequence[TimedIndex], seed: int) -> Mapping[str, QueryTimes]:
    return {one.of.label: one for one in time_queries(indexes, seed)}


def _partition(fitted: Fitted) -> Partition | None:
    if fitted.clustered is None:
        return None
    clustering: Partition = fitted.clustered.index.clustering  # type: ignore[attr-defined]
    return clustering


def _same(clusters: Partition) -> Partition:
    return clusters


def _growth(
    of: PapersConfiguration, cases: Cases, split: Split, clusters: Partition | None, k: int, seed: int
) -> tuple[tuple[int, QueryTimes, QueryTimes | None], ...]:
    """Time one configuration on bases of all sizes, in turns."""
    sizes, linear, clustered = [], [], []
    for base in grown_bases(cases, split, clusters, seed):
        # Without known clusters there are none to search for: a part of the base may have others.
        known = base.clusters if base.clusters is not None else Partition(labels=[-1] * base.size)
        fitted = fitted_indexes(of, base.cases, base.split, (k,), partial(_same, known))
        sizes.append(base.size)
        linear.append(attrs.evolve(fitted.linear, label=f"linear {base.size}"))
        prototypes = fitted.clustered if base.clusters is not None else None
        clustered.append(
            None if prototypes is None else attrs.evolve(prototypes, label=f"clustered {base.size}")
        )
    times = {
        one.of.label: one
        for one in time_queries(
            [*linear, *(one for one in clustered if one is not None)], seed, GROWTH_SECONDS
        )
    }
    return tuple(
        (size, times[every.label], None if some is None else times[some.label])
        for size, every, some in zip(sizes, linear, clustered, strict=True)
    )
