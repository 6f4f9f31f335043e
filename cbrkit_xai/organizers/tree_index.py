"""An index of all cases that lets a tree of embedded rows name the few worth comparing with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.features import Array, Features, count, take
from cbrkit_xai.neighbours import Entries, Neighbours, check_k
from cbrkit_xai.organizers.distances import checked_pairwise
from cbrkit_xai.organizers.embedding import embedded
from cbrkit_xai.organizers.exclusion import check_exclude
from cbrkit_xai.protocols import Metric

_RELATIVE = 1e-9
"""Embedded distances may differ by this part and still be a tie: far above the rounding of a sum
of a million squares (1e6 * 1.1e-16), far below what costs candidates."""

_ABSOLUTE = 64 * np.finfo(np.float64).eps
"""And by this part of the rows' lengths: the rounding of the embedding itself."""

_SPARE = 4
"""So many more cases are asked for, which mostly shows that no tie goes on, and saves a second search."""


@attrs.frozen(kw_only=True, eq=False)
class TreeIndex:
    """All cases, and a tree of their embedded rows.

    The tree gives the k-th embedded distance; all cases up to it, and a little more than rounding can
    move it, are compared by the metric. So distances, and the order of ties, are those of `linear`.

    Parameters
    ----------
    cases : Cases
        n of them; there may be none.
    metric : Metric
        With `embed`.
    make_tree : callable
        Maps rows `(n, d')`, n >= 1, to a tree with scikit-learn's `query` and `query_radius`.
    """

    cases: Cases
    metric: Metric
    make_tree: Callable[[Array], Any] = attrs.field(repr=False)
    entries: Entries = attrs.field(init=False)
    _rows: Array = attrs.field(init=False, repr=False)
    _exponent: int = attrs.field(init=False, repr=False)
    _longest: float = attrs.field(init=False, repr=False)
    _tree: Any = attrs.field(init=False, repr=False)

    @entries.default
    def _cases(self) -> Entries:
        return Entries.of_cases(self.cases)

    @_rows.default
    def _embedded(self) -> Array:
        return embedded(self.metric, self.cases.features) if len(self.cases) else np.empty((0, 0))

    @_exponent.default
    def _of_the_largest(self) -> int:
        # A power of two keeps all digits, and lets numbers of 1e200 and 1e-200 be squared.
        return int(np.frexp(np.abs(self._rows).max(initial=0.0))[1])

    @_longest.default
    def _longest_row(self) -> float:
        return float(np.sqrt(np.square(self._scaled(self._rows)).sum(axis=1).max(initial=0.0)))

    @_tree.default
    def _tree_of_rows(self) -> Any:
        rows = self._scaled(self._rows)
        return self.make_tree(rows) if rows.size and np.isfinite(rows).all() else None

    def _scaled(self, rows: Array) -> Array:
        with np.errstate(over="ignore"):  # then all cases are compared
            return np.ldexp(rows, -self._exponent)

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
        if len(self.cases) == 0:
            return self.entries.nearest(np.empty((count(queries), 0)), k)
        rows = self._scaled(embedded(self.metric, queries))
        gone = self._gone(exclude, len(rows))
        positions, distances = [], []
        for query, candidates in enumerate(self._candidates(rows, k, [len(one) for one in gone])):
            places = candidates[~np.isin(candidates, gone[query])] if len(gone[query]) else candidates
            one = take(queries, slice(query, query + 1))
            own = checked_pairwise(self.metric, one, take(self.cases.features, places))[0]
            order = np.lexsort((self.entries.ranks[places], own))[:k]
            positions.append(places[order])
            distances.append(own[order])
        return self.entries.neighbours(positions, distances)

    def _gone(self, exclude: Sequence[Sequence[str]] | None, queries: int) -> list[Array]:
        held_out = [()] * queries if exclude is None else check_exclude(exclude, queries)
        row_of = self.cases.row_of
        return [
            np.array(sorted({row_of[one] for one in ids if one in row_of}), dtype=np.int64)
            for ids in held_out
        ]

    def _candidates(self, rows: Array, k: int, gone: list[int]) -> Iterator[Array]:
        """Yield, per query, the rows of the cases that may be among its k nearest."""
        n = len(self.cases)
        wanted = k + max(gone, default=0)
        finite = np.isfinite(rows).all()
        if wanted >= n or self._tree is None or not finite or rows.shape[1] != self._rows.shape[1]:
            yield from (np.arange(n) for _ in rows)  # whatever is wrong with a query, the metric says
            return
        near, nearest = self._tree.query(rows, min(n, wanted + _SPARE))  # (queries, wanted + spare)
        with np.errstate(over="ignore"):
            lengths = np.sqrt(np.square(rows).sum(axis=1))
        for query, (row, held_out) in enumerate(zip(rows, gone, strict=True)):
            bound = near[query, k + held_out - 1]
            bound += _RELATIVE * bound + _ABSOLUTE * (lengths[query] + self._longest)
            if near[query, -1] > bound:
                yield np.sort(nearest[query][near[query] <= bound])
            elif np.isfinite(bound):  # ties that go on beyond what was asked for
                yield np.sort(self._tree.query_radius(row[None], bound)[0])
            else:
                yield np.arange(n)
