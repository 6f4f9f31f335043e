"""The clustered organisation, with the DBSCAN setting that predicts votes best."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.components import OrganizerPlugin
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.organizers.by_votes_index import ByVotesIndex
from cbrkit_xai.organizers.clustered_index import prototype_index
from cbrkit_xai.organizers.clustering import Partition
from cbrkit_xai.organizers.dbscan_prototypes import DbscanPrototypes
from cbrkit_xai.organizers.density import density_orders
from cbrkit_xai.organizers.distances import distances_of_all
from cbrkit_xai.organizers.parameter_ranges import is_natural
from cbrkit_xai.organizers.prototype_index import PrototypeIndex
from cbrkit_xai.organizers.settings_by_votes import SettingsByVotes
from cbrkit_xai.protocols import Aggregator, Metric, Organizer, Progress


def _searches(instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not isinstance(value, DbscanPrototypes):
        raise ParameterError(
            f"{type(value).__name__} has no min_samples and eps to choose",
            where=attribute.name,
            allowed="dbscan-prototypes",
        )
    if value.min_samples is not None and value.eps is not None:
        raise ParameterError(
            f"min_samples={value.min_samples} and eps={value.eps:g} are given, and nothing is left to choose",
            where=attribute.name,
            allowed="dbscan-prototypes without min_samples, without eps, or without both",
            next_step="leave one of them out, or choose the organizer 'dbscan-prototypes'",
        )


@attrs.frozen(kw_only=True)
class DbscanByVotes:
    """Clusters the cases by DBSCAN, with the setting whose prototypes predict votes best.

    The settings are those of `within` that fulfil its demands, of those with the same clusters the first.
    Each is judged by a cross-validation inside the training cases, whole groups held out: the others are
    clustered by it, and the held-out cases' votes predicted by the plain mean of the k nearest entries
    (eq. 4). The lowest mean squared error wins; of equal ones the least min_samples, and of these the least
    eps. Where the votes can judge nothing, the highest silhouette wins.

    What a metric has learnt it has learnt from all training cases, those held out inside among them.

    Parameters
    ----------
    within : Organizer
        dbscan-prototypes, with min_samples, eps or both left to be searched for.
    k : int
        How many entries speak where settings are judged.
    folds : int
        Of the cross-validation; fewer where there are fewer groups.
    """

    within: Organizer = attrs.field(factory=DbscanPrototypes, validator=_searches)
    k: int = attrs.field(default=1, validator=is_natural)
    folds: int = attrs.field(default=4, validator=is_natural)

    @property
    def facts(self) -> Mapping[str, str]:
        """Noise is in no entry where it is dropped."""
        return self._dbscan.facts

    @property
    def _dbscan(self) -> DbscanPrototypes:
        assert isinstance(self.within, DbscanPrototypes)  # noqa: S101 - its validator has looked
        return self.within

    def organize(
        self, cases: Cases, metric: Metric, aggregator: Aggregator, progress: Progress | None = None
    ) -> ByVotesIndex:
        """Choose a setting, cluster the cases and form the prototypes.

        Raises
        ------
        NotOrganizableError
            No setting fulfils the demands; says what came closest.
        """
        choice = self._choice(cases, metric, aggregator, progress)
        return ByVotesIndex(cases=cases, own=choice.own, chosen_without=choice.without)

    def restore(
        self, cases: Cases, metric: Metric, aggregator: Aggregator, state: Mapping[str, Any]
    ) -> ByVotesIndex:
        """Return the index whose `state()` this is; what held-out cases ask for is computed when they do.

        Raises
        ------
        ParameterError
            The state is of other cases, or of another way with noise.
        """
        own = self._dbscan.restore(cases, metric, aggregator, state)
        return ByVotesIndex(
            cases=cases, own=own, chosen_without=self._choice(cases, metric, aggregator).without
        )

    def _choice(
        self, cases: Cases, metric: Metric, aggregator: Aggregator, progress: Progress | None = None
    ) -> _Choice:
        return _Choice(
            dbscan=self._dbscan,
            k=self.k,
            folds=self.folds,
            cases=cases,
            metric=metric,
            aggregator=aggregator,
            progress=progress,
        )


# `slots=False`: clusterings are judged, and indexes made, when they are first asked for.
@attrs.frozen(kw_only=True, eq=False, slots=False)
class _Choice:
    """The settings that may be chosen for some cases, and the indexes of those that are."""

    dbscan: DbscanPrototypes
    k: int
    folds: int
    cases: Cases
    metric: Metric
    aggregator: Aggregator
    progress: Progress | None

    @cached_property
    def distances(self) -> Array:
        """From each case to each other."""
        return distances_of_all(self.metric, self.cases.features, self.progress)

    def without(self, gone: tuple[int, ...]) -> tuple[PrototypeIndex, str]:
        """Return the index that is chosen without some rows' votes, and its name unless it is the own."""
        votes = self.cases.votes.copy()
        votes[list(gone)] = np.nan
        chosen = self._chosen(votes)
        m, eps = self._candidates[chosen]
        return self._index_of(chosen), "" if chosen == self._own else f"min_samples={m}, eps={eps:.6g}"

    @property
    def own(self) -> PrototypeIndex:
        """The index that all votes choose."""
        return self._index_of(self._own)

    @cached_property
    def _own(self) -> int:
        return self._chosen(self.cases.votes)

    def _chosen(self, votes: Array) -> int:
        best = self._judged.best(votes)
        return self._by_silhouette if best is None else best

    @cached_property
    def _by_silhouette(self) -> int:
        wanted = self.dbscan.cluster(self.distances)
        return self._candidates.index((wanted.min_samples, wanted.eps))

    @cached_property
    def _candidates(self) -> list[tuple[int, float]]:
        return self.dbscan.settings(self.distances)

    @cached_property
    def _judged(self) -> SettingsByVotes:
        return SettingsByVotes.of(self.cases, self._labels, self._indexed, k=self.k, folds=self.folds)

    def _labels(self, rows: Array) -> Sequence[Array]:
        """Return what each setting makes of some of the cases alone."""
        least = sorted({m for m, _ in self._candidates})
        itself = 0 if self.dbscan.counts_itself else 1
        orders = density_orders(self.distances[np.ix_(rows, rows)], [m + itself for m in least])
        return [orders[least.index(m)].labels(eps) for m, eps in self._candidates]

    def _indexed(self, cases: Cases, labels: Array) -> PrototypeIndex:
        return prototype_index(
            cases,
            self.metric,
            self.aggregator,
            Partition(labels=labels),
            noise=self.dbscan.noise,
            fallback_quantile=self.dbscan.fallback_quantile,
        )

    @cached_property
    def _indexes(self) -> dict[int, PrototypeIndex]:
        return {}

    def _index_of(self, chosen: int) -> PrototypeIndex:
        if chosen not in self._indexes:
            m, eps = self._candidates[chosen]
            clustering = attrs.evolve(self.dbscan, min_samples=m, eps=eps).cluster(self.distances)
            self._indexes[chosen] = prototype_index(
                self.cases,
                self.metric,
                self.aggregator,
                clustering,
                noise=self.dbscan.noise,
                fallback_quantile=self.dbscan.fallback_quantile,
            )
        return self._indexes[chosen]


@hookimpl
def cbrkit_xai_organizers() -> Iterator[OrganizerPlugin]:
    """Register the organisation by DBSCAN prototypes that votes choose.

    It is not declared exact, for the reason that dbscan-prototypes is not.
    """
    yield OrganizerPlugin(
        name="dbscan-by-votes",
        summary="Compares a query with prototypes of the DBSCAN clusters that predict votes best",
        source="Brito-Borges et al. 2022, section 3.4; Varma & Simon 2006 (chosen inside)",
        factory=DbscanByVotes,
        examples=({"k": 2}, {"within": {"use": "dbscan-prototypes", "noise": "fallback"}}),
        keeps="some",
        exact=False,
        incremental=False,
    )
