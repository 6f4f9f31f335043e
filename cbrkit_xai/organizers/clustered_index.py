"""From the clusters of cases to an index of their prototypes, however the clusters came about."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.errors import NotOrganizableError, ParameterError
from cbrkit_xai.features import Array, take
from cbrkit_xai.organizers.clustering import Partition
from cbrkit_xai.organizers.distances import checked_pairwise
from cbrkit_xai.organizers.noise import usual_distance, with_noise_joined
from cbrkit_xai.organizers.parameter_ranges import is_natural
from cbrkit_xai.organizers.prototype_index import PrototypeIndex
from cbrkit_xai.organizers.prototypes import Represent, members_of
from cbrkit_xai.organizers.silhouette import NOISE
from cbrkit_xai.protocols import Aggregator, Metric


def natural(default: Any = attrs.NOTHING) -> Any:
    """Declare a parameter that is a whole number of at least 1; None is allowed where it is the default."""
    validator = attrs.validators.optional(is_natural) if default is None else is_natural
    return attrs.field(default=default, validator=validator)


def _is_seed(instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**32:
        raise ValueError(f"'{attribute.name}' must be a whole number from 0 to 2**32 - 1: {value!r}")


def seeded() -> Any:
    """Declare the seed of all that is random, by default 0."""
    return attrs.field(default=0, validator=_is_seed)


def number_of_clusters(wanted: int | None, n: int, *, where: str) -> int:
    """Return how many clusters n cases are to have; unless given, the root of n / 2, rounded.

    That default is the rule of thumb of Mardia, Kent & Bibby (1979, p. 365).

    Raises
    ------
    NotOrganizableError
        There are fewer cases than clusters are wanted, or none.
    """
    number = max(1, round(math.sqrt(n / 2))) if wanted is None else wanted
    if number > n:
        raise NotOrganizableError(
            f"{number} cluster{'' if number == 1 else 's'} cannot be made of {n} case{'' if n == 1 else 's'}",
            where=where,
            allowed=f"n_clusters up to {n}",
            next_step="lower n_clusters, or add cases",
        )
    return number


def in_order_of_ids(cases: Cases) -> Array:
    """Return the rows of the cases by id: what takes them in this order does not depend on any other."""
    return np.array(sorted(range(len(cases)), key=cases.ids.__getitem__), dtype=np.int64)


def partition_by_ids(cases: Cases, labels_of: Callable[[Array], Array]) -> Partition:
    """Partition cases by labels that `labels_of` gives to their rows in the order of their ids.

    Clusters are numbered by their first member in that order, without gaps; -1 stays noise.
    """
    rows = in_order_of_ids(cases)
    labels = np.empty(len(cases), dtype=np.int64)
    labels[rows] = numbered_by_first(np.asarray(labels_of(rows)))
    return Partition(labels=labels)


def numbered_by_first(labels: Array) -> Array:
    """Return labels numbered by their first member, without gaps; -1 stays noise."""
    clustered = labels != NOISE
    _, first, inverse = np.unique(labels[clustered], return_index=True, return_inverse=True)
    numbers = np.full(len(labels), NOISE, dtype=np.int64)
    numbers[clustered] = np.argsort(np.argsort(first))[inverse]
    return numbers


def prototype_index(
    cases: Cases,
    metric: Metric,
    aggregator: Aggregator,
    partition: Partition,
    *,
    noise: str = "drop",
    fallback_quantile: float = 0.95,
    represent: Represent | None = None,
) -> PrototypeIndex:
    """Let a prototype stand for each cluster; `noise` as in dbscan-prototypes."""
    groups, fallback_distance = partition.labels, None
    if noise == "nearest":
        groups = with_noise_joined(cases, groups, metric, aggregator)
    elif noise == "fallback":
        fallback_distance = usual_distance(cases, groups, metric, aggregator, fallback_quantile)
    return PrototypeIndex(
        cases=cases,
        metric=metric,
        aggregator=aggregator,
        clustering=partition,
        groups=groups,
        noise=noise,
        fallback_distance=fallback_distance,
        represent=represent,
    )


def restored_index(
    cases: Cases,
    metric: Metric,
    aggregator: Aggregator,
    state: Mapping[str, Any],
    *,
    where: str,
    noise: str = "drop",
    represent: Represent | None = None,
) -> PrototypeIndex:
    """Return the index whose `state()` this is, without clustering anew.

    Raises
    ------
    ParameterError
        The state is of other cases, or of another way with noise.
    """
    check_state_of(cases, state, where=where)
    if state["noise"] != noise:
        raise ParameterError(
            f"the state is one with noise={state['noise']!r}",
            where=where,
            allowed=f"one with noise={noise!r}",
            next_step="organize the cases anew",
        )
    return PrototypeIndex(
        cases=cases,
        metric=metric,
        aggregator=aggregator,
        clustering=Partition.from_state(state["clustering"]),
        groups=state["groups"],
        noise=noise,
        fallback_distance=state["fallback_distance"],
        represent=represent,
    )


def check_state_of(cases: Cases, state: Mapping[str, Any], *, where: str) -> None:
    """Refuse the state of other cases.

    Raises
    ------
    ParameterError
        It is not of exactly these cases, in this order.
    """
    if tuple(state["cases"]) != cases.ids:
        raise ParameterError(
            f"the state is of {len(state['cases'])} cases",
            where=where,
            allowed=f"the state of exactly these {len(cases)} cases",
            next_step="organize the cases anew",
        )


@attrs.frozen(kw_only=True, eq=False)
class MedoidOfMembers:
    """Represents members of one group by the one with the least sum of distances from the others.

    Parameters
    ----------
    cases : Cases
        n of them.
    metric : Metric
        Asked once for the distances within each group: held-out members ask again and again.
    groups : array of shape (n,)
        int64 number of each case's group; -1 for none.
    """

    cases: Cases
    metric: Metric
    groups: Array
    _within: list[tuple[Array, Array]] = attrs.field(init=False, repr=False)

    @_within.default
    def _distances_within_groups(self) -> list[tuple[Array, Array]]:
        found = []
        for rows in members_of(self.groups):
            own = take(self.cases.features, rows)
            found.append((rows, checked_pairwise(self.metric, own, own)))
        return found

    def __call__(self, rows: Array) -> Any:
        """Return the medoid's features `(1, ...)`; of equally central ones the first by id."""
        members, distances = self._within[int(self.groups[rows[0]])]
        places = np.searchsorted(members, rows)
        sums = distances[np.ix_(places, places)].sum(axis=1)
        least = rows[sums == sums.min()]
        medoid = min(least, key=lambda row: self.cases.ids[row])
        return take(self.cases.features, [int(medoid)])
