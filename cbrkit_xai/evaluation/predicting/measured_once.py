"""All distances of a case base, measured once, and a metric that looks them up for every fold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import cached_property
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.configurations import Components
from cbrkit_xai.evaluation.working import one_thread_each
from cbrkit_xai.features import Array, Features, count, frozen, frozen_floats, take
from cbrkit_xai.learning import MOST_CASES_IN_MEMORY
from cbrkit_xai.organizers.distances import blocks_of_rows, checked_pairwise, distances_from
from cbrkit_xai.protocols import Metric, Progress


def distances_once(
    components: Components, cases: Cases, progress: Progress | None = None, *, workers: int = 1
) -> Array | None:
    """Return the distance of each case, as a query, from each case, `(n, n)` float64.

    Parameters
    ----------
    components : Components
        As composed.
    cases : Cases
        n of them.
    progress : callable, optional
        Called with (cases done, cases in all).
    workers : int
        Threads; no distance depends on it.

    Returns
    -------
    array or None
        None where there is no such matrix: the metric or the representation learns from the training
        cases, so that each fold has its own distances, or there are more cases than are kept in memory.

    Raises
    ------
    PluginError
        The metric gives another shape, a negative distance, NaN or infinity.
    """
    learns = any(hasattr(part, "fitted") for part in (components.metric, components.representation))
    if learns or len(cases) > MOST_CASES_IN_MEMORY:
        return None
    return all_distances(components.metric, cases.features, progress, workers=workers)


def all_distances(
    metric: Metric, features: Features, progress: Progress | None = None, *, workers: int = 1
) -> Array:
    """Return what `metric.pairwise(features, features)` gives, `(n, n)` float64, read-only.

    Half of the pairs are computed and mirrored, if all that are computed both ways (those within each
    block of rows on the diagonal) are equal to the last bit; otherwise both halves are computed. Unlike
    the matrix that organizers cluster by, the diagonal is what the metric says.

    Parameters
    ----------
    metric : Metric
        Its `pairwise` is called with blocks of rows.
    features : array or mapping of arrays
        First axis n.
    progress : callable, optional
        Called with (cases done, cases in all).
    workers : int
        Threads; no distance depends on it.

    Raises
    ------
    PluginError
        As `distances_once`.
    """
    n = count(features)
    distances = np.zeros((n, n))
    blocks = blocks_of_rows(n)

    def measure(rows: slice, others: slice) -> int:
        distances[rows, others] = checked_pairwise(metric, take(features, rows), take(features, others))
        return rows.stop - rows.start

    done = 0
    for number in _in_threads(measure, [(rows, slice(rows.start, n)) for rows in blocks], workers):
        done += number
        if progress is not None:
            progress(done, n)
    if all(np.array_equal(distances[rows, rows], distances[rows, rows].T) for rows in blocks):
        return frozen(np.where(np.tri(n, k=-1, dtype=bool), distances.T, distances))
    for _ in _in_threads(measure, [(rows, slice(0, rows.start)) for rows in blocks[1:]], workers):
        pass
    return frozen(distances)


def _in_threads(
    measure: Callable[[slice, slice], int], parts: list[tuple[slice, slice]], workers: int
) -> Iterator[int]:
    """Yield what each part gives as it is finished; the first error ends the whole."""
    if workers <= 1 or len(parts) <= 1:
        for part in parts:
            yield measure(*part)
        return
    with one_thread_each():
        pool = ThreadPoolExecutor(max_workers=min(workers, len(parts)))
        try:
            for finished in as_completed([pool.submit(measure, *part) for part in parts]):
                yield finished.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _floats_if_any(values: Any) -> Array | None:
    return None if values is None else frozen_floats(values)


# `slots=False`: rows are hashed, and distances measured, when they are first asked for.
@attrs.frozen(kw_only=True, eq=False, slots=False)
class MeasuredOnce:
    """A metric that remembers the distances of some cases, and is the metric itself for all else.

    Cases are recognised by what their features hold, byte for byte, wherever the array lies in memory and
    whichever rows of it are taken: the distance of two rows is a matter of these rows alone, as the
    contract of a metric says. A prototype, or the same numbers in another type, is measured as always.

    Whatever else the metric has (`embed`, parameters) this one has, and nothing that it has not.

    Parameters
    ----------
    metric : Metric
        One that learns nothing.
    features : array or mapping of arrays
        Of the n cases.
    distances : array of shape (n, n), optional
        As `distances_once` gives them; measured on first use unless given.
    """

    metric: Metric
    features: Features = attrs.field(repr=False)
    distances: Array | None = attrs.field(default=None, converter=_floats_if_any, repr=False)

    def pairwise(self, queries: Features, references: Features) -> Array:
        """Return distances `(q, n)`, looked up where both sides are known rows.

        Raises
        ------
        PluginError
            The metric gives another shape, a negative distance, NaN or infinity.
        """
        rows, columns = self.rows_of(queries), self.rows_of(references)
        if rows is None or columns is None:
            return checked_pairwise(self.metric, queries, references)
        return self._known[np.ix_(rows, columns)]

    def prepare(self, references: Features) -> Callable[[Features], Array]:
        """Return `queries -> pairwise(queries, references)`; the metric's own for unknown references."""
        columns = self.rows_of(references)
        if columns is None:
            return distances_from(self.metric, references)
        return _LookedUp(measured=self, references=references, columns=columns)

    def rows_of(self, features: Features) -> Array | None:
        """Return which known case each row is, `(rows,)` int64, or None if one of them is none.

        Of known cases with the same features it is the first.
        """
        if not _is_alike(features, self.features):
            return None
        found = []
        for content in _contents(features):
            row = self._row_of_hash.get(hash(content))
            # Two contents may share a hash; a distance of another case must never be given.
            if row is None or next(_contents(take(self.features, slice(row, row + 1)))) != content:
                return None
            found.append(row)
        return np.array(found, dtype=np.int64)

    def _distances_of_all(self, features: Features) -> Array | None:
        """Return what `organizers.distances.distances_of_all` makes of known rows, or None of others."""
        rows = self.rows_of(features)
        if rows is None:
            return None
        upper = np.triu(self._known[np.ix_(rows, rows)], 1)
        return upper + upper.T

    @cached_property
    def _known(self) -> Array:
        return all_distances(self.metric, self.features) if self.distances is None else self.distances

    @cached_property
    def _row_of_hash(self) -> dict[int, int]:
        rows: dict[int, int] = {}
        for row, content in enumerate(_contents(self.features)):
            rows.setdefault(hash(content), row)
        return rows

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "metric":  # what is being unpickled has no metric yet
            raise AttributeError(name)
        return getattr(self.metric, name)


@attrs.frozen(kw_only=True, eq=False, slots=False)
class _LookedUp:
    """What `prepare` gives for references that are known rows."""

    measured: MeasuredOnce
    references: Features
    columns: Array

    def __call__(self, queries: Features) -> Array:
        rows = self.measured.rows_of(queries)
        if rows is None:
            return self._prepared(queries)
        return self.measured._known[np.ix_(rows, self.columns)]

    @cached_property
    def _prepared(self) -> Callable[[Features], Array]:
        return distances_from(self.measured.metric, self.references)


def measured_in_parts(metric: Any, features: Features) -> Any:
    """Return a metric of several arrays that measures each part's distances once, whatever it learns.

    A fused metric learns how much its parts count, and has new weights in each fold; the distances of
    the parts are the same in all. Any other metric is returned as it is.

    Parameters
    ----------
    metric : Metric
        Of which `parts` maps names to metrics, if it has any.
    features : array or mapping of arrays
        By the same names.
    """
    parts = getattr(metric, "parts", None)
    if not attrs.has(type(metric)) or not isinstance(parts, Mapping) or not isinstance(features, Mapping):
        return metric
    known = {
        name: MeasuredOnce(metric=part, features=features[name])
        if name in features and not hasattr(part, "fitted")
        else part
        for name, part in parts.items()
    }
    return attrs.evolve(metric, parts=known)


def _is_alike(features: Features, others: Features) -> bool:
    """Say whether rows of both have the same arrays, types and shapes, so that their bytes compare."""
    arrays, known = _arrays(features), _arrays(others)
    return arrays.keys() == known.keys() and all(
        isinstance(array, np.ndarray)
        and array.ndim == known[name].ndim
        and array.shape[1:] == known[name].shape[1:]
        and array.dtype == known[name].dtype
        and not array.dtype.hasobject
        for name, array in arrays.items()
    )


def _contents(features: Features) -> Iterator[bytes]:
    """Yield the bytes of each row; of several arrays those of one after the other."""
    for row in zip(*_arrays(features).values(), strict=True):
        yield b"".join(part.tobytes() for part in row)


def _arrays(features: Features) -> dict[str, Array]:
    """Return the arrays by name, in the order of their names."""
    if isinstance(features, Mapping):
        return {name: features[name] for name in sorted(features)}
    return {"": features}
