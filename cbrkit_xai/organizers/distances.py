"""Distances as organizers need them: from queries to fixed references, and of all cases from each other."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import numpy as np

from cbrkit_xai.errors import PluginError
from cbrkit_xai.features import Array, Features, count, take
from cbrkit_xai.neighbours import check_distances, check_shape
from cbrkit_xai.protocols import Metric, Progress

_STEPS = 32
"""Blocks of rows into which all distances are divided, at most: as often is progress told."""

_FEWEST_ROWS = 16
"""Rows of a block, at least: what a metric prepares per block must pay."""


@attrs.frozen(eq=False)
class _Unprepared:
    metric: Metric
    references: Features

    def __call__(self, queries: Features) -> Array:
        return self.metric.pairwise(queries, self.references)


@attrs.frozen(eq=False)
class _Checked:
    measured: Callable[[Features], Array]
    references: int
    where: str

    def __call__(self, queries: Features) -> Array:
        shape = count(queries), self.references
        return check_distances(self.measured(queries), shape, where=self.where)


def distances_from(metric: Metric, references: Features) -> Callable[[Features], Array]:
    """Return a callable that maps queries `(q, ...)` to distances `(q, n)`, prepared if the metric can.

    It raises PluginError where the metric gives another shape, NaN, infinity or a negative number.
    """
    prepare: Callable[[Features], Callable[[Features], Array]] | None = getattr(metric, "prepare", None)
    measured = _Unprepared(metric, references) if prepare is None else prepare(references)
    return _Checked(measured, count(references), _named(metric))


def checked_pairwise(metric: Metric, queries: Features, references: Features) -> Array:
    """Return what `metric.pairwise` gives, `(q, n)`.

    Raises
    ------
    PluginError
        It has another shape, or holds NaN, infinity or a negative number.
    """
    shape = count(queries), count(references)
    return check_distances(metric.pairwise(queries, references), shape, where=_named(metric))


def _named(metric: Metric) -> str:
    return f"metric {type(metric).__name__}"


def blocks_of_rows(n: int) -> list[slice]:
    """Divide n rows into those that are measured at once."""
    rows_at_once = max(_FEWEST_ROWS, -(-n // _STEPS))
    return [slice(start, min(n, start + rows_at_once)) for start in range(0, n, rows_at_once)]


def distances_of_all(metric: Metric, features: Features, progress: Progress | None = None) -> Array:
    """Return the distance of each case from each other, `(n, n)`: symmetric, with zeros on the diagonal.

    Each pair is computed once and mirrored, which halves the time of a slow metric and leaves
    no float noise between d(x, y) and d(y, x), or in d(x, x).

    Parameters
    ----------
    metric : Metric
        Its `pairwise` is called with blocks of rows.
    features : array or mapping of arrays
        First axis n.
    progress : callable, optional
        Called with (cases done, cases in all).

    Raises
    ------
    PluginError
        The metric gives another shape, a negative distance, NaN or infinity.
    """
    known = _looked_up(metric, features)
    if known is not None:
        return known
    n = count(features)
    distances = np.zeros((n, n))
    for rows in blocks_of_rows(n):
        later = slice(rows.start, n)
        block = metric.pairwise(take(features, rows), take(features, later))
        block = check_shape(block, (rows.stop - rows.start, n - rows.start), where=_named(metric))
        distances[rows, later] = block  # (rows of the block, cases from its first row on)
        if progress is not None:
            progress(rows.stop, n)
    upper = np.triu(distances, 1)
    distances = upper + upper.T
    if not (distances >= 0).all() or not np.isfinite(distances).all():
        broken = distances[~((distances >= 0) & np.isfinite(distances))][0]
        raise PluginError(
            f"a distance of two cases is {broken}",
            where=_named(metric),
            allowed="finite numbers >= 0",
            next_step="tell the author of the metric",
        )
    return distances


def _looked_up(metric: Metric, features: Features) -> Array | None:
    """Return what a metric that remembers distances knows of these cases, such as an evaluation's."""
    look_up: Callable[[Features], Array | None] | None = getattr(metric, "_distances_of_all", None)
    return None if look_up is None else look_up(features)
