"""The point with the least sum of Euclidean distances to the rows."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np

from cbrkit_xai.aggregators.mean import Mean
from cbrkit_xai.aggregators.row_distances import (
    all_distances,
    distances_from,
    flat_rows,
    lexicographic_order,
)
from cbrkit_xai.aggregators.stacks import checked_stack, checked_weights
from cbrkit_xai.components import AggregatorPlugin
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl

_ROUNDING = 1e-9
"""A pull this much stronger than a row's own weight is taken for rounding."""

_MET = 1e-13
"""A row this near, where the farthest is at most 1 from the centre, is met."""


@attrs.frozen(kw_only=True)
class GeometricMedian:
    """The spatial median: up to half of the weight may be anywhere and not carry it off.

    Weiszfeld's iteration divides by the distance to each row and breaks down where it meets one.
    As Vardi and Zhang propose, a row that is met is left out, and holds the iterate back by its
    own weight. Only the best row can be the answer itself, so it is looked at first; if it is
    not, the iteration leaves it downhill and meets no row again. Where all points between two rows
    are equally good (rows on one line), it is halfway between those rows, as with the median.

    The result is a mean of the rows with weights >= 0, so it lies in their convex hull.

    Parameters
    ----------
    tolerance : float
        The iteration ends when a step is shorter than this share of the rows' mean distance.
    max_steps : int
        It ends after so many steps in any case.
    """

    tolerance: float = attrs.field(default=1e-10, validator=attrs.validators.gt(0))
    max_steps: int = attrs.field(default=10_000, validator=attrs.validators.ge(1))

    def aggregate(self, stack: Array, weights: Array | None = None) -> Array:
        """Reduce `(n, ...)` to a float64 spatial median `(...)`; a weight of 2 counts as the row twice.

        Raises
        ------
        ParameterError
            No rows, NaN, or weights that are not one number >= 0 a row with a sum > 0.
        """
        rows = checked_stack(stack)
        shares = np.ones(len(rows)) if weights is None else checked_weights(weights, len(rows))
        rows, shares = rows[shares > 0], shares[shares > 0]
        return Mean().aggregate(rows, self._parts(_around_their_centre(rows), shares))

    def _parts(self, flat: Array, weights: Array) -> Array:
        """Return how much of each row is in the median, `(n,)`."""
        sums = all_distances(flat) @ weights
        best = _extremes(flat, np.flatnonzero(sums <= sums.min() * (1 + 1e-12)))
        parts = np.bincount(best, minlength=len(flat)) / len(best)
        pull, own = _pull(flat[best[0]], flat, weights)
        if pull is None or np.sqrt(np.sum(pull**2)) <= own * (1 + _ROUNDING):
            return parts
        point, spread = flat[best[0]], sums.min() / weights.sum()
        for _ in range(self.max_steps):
            parts = _next_parts(point, flat, weights)
            following = parts @ flat
            step = np.sqrt(np.sum((following - point) ** 2))
            point = following
            if step <= self.tolerance * spread:
                break
        return parts


def _around_their_centre(rows: Array) -> Array:
    """Return n vectors in at most n dimensions (photos have 150 528) with distances in proportion.

    The farthest is at distance 1 from their centre, so that rounding has the same size for all data.
    """
    flat = flat_rows(rows)
    centred = flat_rows(flat - flat.mean(axis=0))
    if centred.shape[1] > len(centred):
        centred = np.ascontiguousarray(np.transpose(np.linalg.qr(centred.T, mode="r")))
    farthest = distances_from(np.zeros(centred.shape[1]), centred).max()
    return centred / farthest if farthest > 0 else centred


def _extremes(flat: Array, places: Array) -> Array:
    """Return the first and the last of the rows at `places`; equally good rows lie on one line."""
    order = places[lexicographic_order(flat[places])]
    return order[[0, -1]]


def _pull(point: Array, flat: Array, weights: Array) -> tuple[Array | None, float]:
    """Return the sum of the unit vectors towards the rows, and the weight of the rows that are met."""
    distances = distances_from(point, flat)
    away = distances > _MET
    own = float(weights[~away].sum())
    if not away.any():
        return None, own
    return (weights[away] / distances[away]) @ (flat[away] - point), own


def _next_parts(point: Array, flat: Array, weights: Array) -> Array:
    """Return the parts of the rows in the next iterate (Vardi & Zhang 2000, eqs. 2.4 to 2.6)."""
    distances = distances_from(point, flat)
    away = distances > _MET
    inverse = np.divide(weights, distances, out=np.zeros_like(weights), where=away)
    parts = inverse / inverse.sum()
    if away.all():
        return parts
    pull, own = _pull(point, flat, weights)
    held = min(1.0, own / float(np.sqrt(np.sum(np.square(pull)))))  # type: ignore[arg-type]
    met = np.where(away, 0.0, weights)
    return (1 - held) * parts + held * met / met.sum()


@hookimpl
def cbrkit_xai_aggregators() -> Iterator[AggregatorPlugin]:
    """Register the geometric median."""
    yield AggregatorPlugin(
        name="geometric-median",
        summary="Point with the least sum of Euclidean distances to the rows",
        source="Vardi & Zhang 2000, PNAS 97(4), 1423-1426",
        factory=GeometricMedian,
        linear=False,
        bounded=True,
        weights="repetition",
        nan="refuse",
    )
