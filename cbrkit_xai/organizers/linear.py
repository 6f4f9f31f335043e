"""The linear organisation: every case is an entry, and a query is compared with each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.components import OrganizerPlugin
from cbrkit_xai.errors import ParameterError, nearest_spelling
from cbrkit_xai.features import Array, Features, join
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.neighbours import Entries, Neighbours, check_k
from cbrkit_xai.organizers.distances import distances_from
from cbrkit_xai.organizers.exclusion import check_exclude
from cbrkit_xai.protocols import Aggregator, Metric, Progress


@attrs.frozen(kw_only=True)
class Linear:
    """Compares with every case: k nearest neighbours without a shortcut."""

    def organize(
        self, cases: Cases, metric: Metric, aggregator: Aggregator, progress: Progress | None = None
    ) -> LinearIndex:
        """Return an index of the cases; nothing is aggregated."""
        return LinearIndex(cases=cases, metric=metric)


@attrs.frozen(kw_only=True, eq=False)
class LinearIndex:
    """All cases, and the metric that compares them with a query.

    Parameters
    ----------
    cases : Cases
        n of them; there may be none.
    metric : Metric
        Prepared for the cases where it can be.
    """

    cases: Cases
    metric: Metric
    entries: Entries = attrs.field(
        init=False, default=attrs.Factory(lambda self: Entries.of_cases(self.cases), takes_self=True)
    )
    _distances: Callable[[Features], Array] = attrs.field(
        init=False,
        repr=False,
        default=attrs.Factory(lambda self: distances_from(self.metric, self.cases.features), takes_self=True),
    )

    def nearest(
        self, queries: Features, k: int, exclude: Sequence[Sequence[str]] | None = None
    ) -> Neighbours:
        """Return the k nearest cases per query, sorted by (distance, id); fewer where there are fewer.

        `exclude` holds, per query, ids that must not be among them; unknown ids are ignored.

        Raises
        ------
        ParameterError
            k is not a whole number >= 1, or `exclude` does not have one row per query.
        """
        check_k(k)
        distances = self._distances(queries)  # (queries, cases)
        if exclude is None:
            return self.entries.nearest(distances, k)
        row_of = self.cases.row_of
        allowed = np.ones(distances.shape, dtype=bool)
        for query, held_out in enumerate(check_exclude(exclude, len(distances))):
            allowed[query, [row_of[one] for one in held_out if one in row_of]] = False
        return self.entries.nearest(distances, k, allowed)

    def added(self, cases: Cases) -> LinearIndex:
        """Return an index of these cases too, after those that are here.

        Raises
        ------
        ParameterError
            A case is here already, or the votes are about other methods.
        """
        known = sorted(cases.row_of.keys() & self.cases.row_of.keys())
        if known:
            raise ParameterError(
                f"case {known[0]!r} is in the index already",
                where="added",
                allowed="new cases",
                next_step="remove it first",
            )
        if cases.methods != self.cases.methods:
            raise ParameterError(
                f"the votes are about {', '.join(cases.methods)}",
                where="added",
                allowed=", ".join(self.cases.methods),
            )
        both = Cases(
            ids=self.cases.ids + cases.ids,
            features=join([self.cases.features, cases.features]),
            votes=np.concatenate([self.cases.votes, cases.votes]),
            methods=cases.methods,
            groups=self.cases.groups + cases.groups,
        )
        return attrs.evolve(self, cases=both)

    def removed(self, ids: Collection[str]) -> LinearIndex:
        """Return an index without these cases.

        Raises
        ------
        ParameterError
            One of them is not in the index.
        """
        gone = {ids} if isinstance(ids, str) else set(ids)
        unknown = sorted(gone - self.cases.row_of.keys())
        if unknown:
            raise ParameterError(
                f"there is no case {unknown[0]!r}",
                where="removed",
                allowed=f"ids of the {len(self.cases)} cases",
                next_step=nearest_spelling(unknown[0], self.cases.ids),
            )
        kept = np.array([identifier not in gone for identifier in self.cases.ids], dtype=bool)
        return attrs.evolve(self, cases=self.cases.take(kept))


@hookimpl
def cbrkit_xai_organizers() -> Iterator[OrganizerPlugin]:
    """Register the linear organisation."""
    yield OrganizerPlugin(
        name="linear",
        summary="Compares a query with every case",
        source="Brito-Borges et al. 2022, section 4 (instance-based)",
        factory=Linear,
        keeps="all",
        exact=True,
        incremental=True,
    )
