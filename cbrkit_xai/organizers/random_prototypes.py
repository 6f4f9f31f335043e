"""Prototypes of groups drawn by chance: what any clustering has to beat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import numpy as np
from attrs import validators

from cbrkit_xai.cases import Cases
from cbrkit_xai.components import OrganizerPlugin
from cbrkit_xai.errors import NotOrganizableError, ParameterError
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.organizers.clustered_index import (
    natural,
    number_of_clusters,
    partition_by_ids,
    prototype_index,
    restored_index,
    seeded,
)
from cbrkit_xai.organizers.parameter_ranges import is_natural
from cbrkit_xai.organizers.prototype_index import PrototypeIndex
from cbrkit_xai.organizers.silhouette import NOISE
from cbrkit_xai.protocols import Aggregator, Metric, Progress

_WHERE = "organizer random-prototypes"


def _are_sizes(instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if not value:
        raise ValueError(f"'{attribute.name}' must name the size of at least one group: {value!r}")
    for size in value:
        is_natural(instance, attribute, size)


@attrs.frozen(kw_only=True)
class RandomPrototypes:
    """Deals the cases into groups by chance and lets a prototype stand for each.

    Parameters
    ----------
    n_clusters : int, optional
        Groups whose sizes differ by at most one; by default the root of half the number of cases.
    sizes : tuple of int, optional
        The groups' sizes instead, such as those of a clustering to be compared with; cases that are
        left over are in no group, as that clustering's noise is.
    seed : int
        Of the shuffle.
    """

    n_clusters: int | None = natural(None)
    sizes: tuple[int, ...] | None = attrs.field(
        default=None,
        converter=attrs.converters.optional(tuple),
        validator=validators.optional(_are_sizes),
    )
    seed: int = seeded()

    def __attrs_post_init__(self) -> None:
        if self.sizes is not None and self.n_clusters not in (None, len(self.sizes)):
            raise ParameterError(
                f"n_clusters is {self.n_clusters}, and there are {len(self.sizes)} sizes",
                where="n_clusters",
                allowed="one of the two, or as many sizes as clusters",
            )

    @property
    def facts(self) -> Mapping[str, str]:
        """Sizes may leave cases over."""
        return {"keeps": "some" if self.sizes is not None else "all"}

    def organize(
        self, cases: Cases, metric: Metric, aggregator: Aggregator, progress: Progress | None = None
    ) -> PrototypeIndex:
        """Deal the cases and form the prototypes; the metric has no say in it.

        Raises
        ------
        NotOrganizableError
            There are fewer cases than groups are wanted, or than `sizes` add up to.
        """
        sizes = self._sizes(len(cases))

        def dealt(rows: Array) -> Array:
            labels = np.full(len(rows), NOISE, dtype=np.int64)
            shuffled = np.random.default_rng(self.seed).permutation(len(rows))
            labels[shuffled[: sum(sizes)]] = np.repeat(np.arange(len(sizes)), sizes)
            return labels

        return prototype_index(cases, metric, aggregator, partition_by_ids(cases, dealt))

    def _sizes(self, n: int) -> tuple[int, ...]:
        if self.sizes is None:
            number = number_of_clusters(self.n_clusters, n, where=_WHERE)
            return tuple(n // number + (group < n % number) for group in range(number))
        if sum(self.sizes) > n:
            raise NotOrganizableError(
                f"groups of {sum(self.sizes)} cases in all cannot be made of {n}",
                where=_WHERE,
                allowed=f"sizes that add up to at most {n}",
                next_step="lower them, or add cases",
            )
        return self.sizes

    def restore(
        self, cases: Cases, metric: Metric, aggregator: Aggregator, state: Mapping[str, Any]
    ) -> PrototypeIndex:
        """Return the index whose `state()` this is.

        Raises
        ------
        ParameterError
            The state is of other cases.
        """
        return restored_index(cases, metric, aggregator, state, where=_WHERE)


@hookimpl
def cbrkit_xai_organizers() -> Iterator[OrganizerPlugin]:
    """Register the organisation by random prototypes."""
    yield OrganizerPlugin(
        name="random-prototypes",
        summary="Compares a query with prototypes of groups drawn by chance (a baseline)",
        source="Fisher-Yates shuffle (numpy.random.Generator.permutation), the null of any clustering",
        factory=RandomPrototypes,
        examples=({"n_clusters": 2}, {"sizes": (2, 1), "seed": 7}),
        keeps="all",
        exact=True,
        incremental=False,
    )
