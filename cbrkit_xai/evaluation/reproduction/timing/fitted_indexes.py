"""The paper's configurations, fitted to the training cases of one fold, ready to be timed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import attrs

from cbrkit_xai.cases import Cases
from cbrkit_xai.configurations import Components
from cbrkit_xai.errors import NotOrganizableError
from cbrkit_xai.evaluation.holding_out.folds import Split
from cbrkit_xai.evaluation.reproduction.papers_configurations import PapersConfiguration
from cbrkit_xai.evaluation.reproduction.timing.timed_index import TimedIndex
from cbrkit_xai.features import take
from cbrkit_xai.learning import fitted_to, organize
from cbrkit_xai.organizers.clustering import Partition
from cbrkit_xai.organizers.linear import Linear
from cbrkit_xai.organizers.prototype_index import PrototypeIndex

Clusters: TypeAlias = Callable[[], Partition]
"""Gives the clusters of the training cases, without measuring distances again."""


@attrs.frozen(kw_only=True, eq=False)
class Fitted:
    """One configuration in its two organisations.

    Parameters
    ----------
    of : PapersConfiguration
        Which.
    linear : TimedIndex
        Every training case.
    clustered : TimedIndex or None
        Prototypes; None where no setting was feasible.
    reason : str
        Why there are no prototypes; empty if there are.
    """

    of: PapersConfiguration
    linear: TimedIndex
    clustered: TimedIndex | None = None
    reason: str = ""


def fitted_indexes(
    of: PapersConfiguration, cases: Cases, split: Split, ks: Sequence[int], clusters: Clusters | None
) -> Fitted:
    """Return the indexes of one configuration.

    Parameters
    ----------
    of : PapersConfiguration
        Applicable to the base.
    cases : Cases
        All, in its representation.
    split : Split
        What is learnt from, and whose photos ask.
    ks : sequence of int
        Numbers of neighbours.
    clusters : callable, optional
        Gives clusters of the training cases, or raises `NotOrganizableError`; without it they are searched
        for as always.
    """
    components, linear, clustered = of.components, of.linear, of.clustered
    assert components is not None and linear is not None and clustered is not None  # noqa: S101
    training = cases.take(split.training)
    shared: dict[str, Any] = {"queries": take(cases.features, split.held_out), "ks": tuple(ks)}
    fitted, index = organize(attrs.evolve(components, organizer=Linear()), training)
    reuse = fitted_to("reuse-strategy", components.reuse, training)
    identifier = of.paper.identifier
    every_case = TimedIndex(
        name=f"{identifier} linear", label=linear.label, index=index, reuse=reuse, **shared
    )
    try:
        found = None if clusters is None else clusters()
        prototypes = organize(components, training)[1] if found is None else _index(training, fitted, found)
    except NotOrganizableError as error:
        return Fitted(of=of, linear=every_case, reason=error.what)
    return Fitted(
        of=of,
        linear=every_case,
        clustered=TimedIndex(
            name=f"{identifier} clustered", label=clustered.label, index=prototypes, reuse=reuse, **shared
        ),
    )


def _index(training: Cases, fitted: Components, clusters: Partition) -> PrototypeIndex:
    return PrototypeIndex(
        cases=training,
        metric=fitted.metric,
        aggregator=fitted.aggregator,
        clustering=clusters,
        groups=clusters.labels,
        noise="drop",
    )
