"""Every fold's neighbours, and the mean votes for every k, from one ordering of the cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import attrs
import numpy as np

from cbrkit_xai.evaluation.holding_out.folds import Split
from cbrkit_xai.features import Array, frozen

_SPARE = 16
"""So many more places of an ordering are looked at, besides half as many again as are expected."""


@attrs.frozen(kw_only=True, eq=False)
class Orderings:
    """All cases as each case sees them, nearest first.

    Parameters
    ----------
    rows : array of shape (n, n)
        int32: in row i the cases by (distance from case i, id), i itself among them.
    """

    rows: Array = attrs.field(converter=frozen)

    @classmethod
    def of(cls, distances: Array, ids: Sequence[str]) -> Self:
        """Order the cases by their distances.

        Parameters
        ----------
        distances : array of shape (n, n)
            Of each case, as a query, from each case; finite.
        ids : sequence of str
            n of them; of equally near cases the first in alphabetical order comes first.
        """
        by_id = np.array(sorted(range(len(ids)), key=ids.__getitem__), dtype=np.int32)
        from_each = distances[:, by_id]  # now the place is the rank of the id
        order = np.argsort(from_each, axis=1)  # of ties in any order, but twice as fast as a stable sort
        nearest_first = np.take_along_axis(from_each, order, axis=1)
        tied = np.flatnonzero((nearest_first[:, 1:] == nearest_first[:, :-1]).any(axis=1))
        order[tied] = np.argsort(from_each[tied], axis=1, kind="stable")
        return cls(rows=by_id[order])

    def nearest(self, split: Split, k: int) -> Array:
        """Return the k nearest training cases of each held-out case, `(held out, k)` rows.

        There are fewer columns where there are fewer training cases.
        """
        n, trained = len(self.rows), len(split.training)
        k = min(k, trained)
        is_training = np.zeros(n, dtype=bool)
        is_training[split.training] = True
        likely = _SPARE + (3 * k * n) // (2 * max(trained, 1))
        if likely < n:
            some = self.rows[:, :likely].take(split.held_out, axis=0)  # (held out, likely)
            speaks = is_training.take(some)
            places = np.cumsum(speaks, axis=1, dtype=np.int32)
            if (places[:, -1] >= k).all():
                return some[speaks & (places <= k)].reshape(len(some), k)
        some = self.rows.take(split.held_out, axis=0)  # (held out, n)
        return some[is_training.take(some)].reshape(len(some), trained)[:, :k]


def running_means(votes: Array, ks: Sequence[int]) -> Array:
    """Return the mean votes of the first k neighbours for every k, `(q, ks, methods)`.

    Parameters
    ----------
    votes : array of shape (q, w, methods)
        Nearest first. NaN, where nobody was asked or there is no such neighbour, is left out; the mean is
        NaN where nobody was asked at all.
    ks : sequence of int
        At least 1 each; more than w means all w.
    """
    queries, width, methods = votes.shape
    if width == 0:
        return np.full((queries, len(ks), methods), np.nan)
    places = np.minimum(np.asarray(ks, dtype=np.int64), width) - 1
    votes = votes[:, : places.max(initial=-1) + 1]
    asked = ~np.isnan(votes)
    if asked.all():
        sums = _at(places, np.cumsum(votes, axis=1))
        sums = sums.reshape(queries, len(places) * methods)  # long rows divide faster
        return (sums / np.repeat(places + 1, methods)).reshape(queries, len(places), methods)
    sums = _at(places, np.cumsum(np.where(asked, votes, 0.0), axis=1))
    counts = _at(places, np.cumsum(asked, axis=1))
    return np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)


def _at(places: Array, sums: Array) -> Array:
    """Return the sums at some places, `(q, places, methods)`; at all of them, uncopied."""
    everywhere = len(places) == sums.shape[1] and np.array_equal(places, np.arange(len(places)))
    return sums if everywhere else sums.take(places, axis=1)
