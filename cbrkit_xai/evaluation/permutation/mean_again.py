"""Mean reuse of fixed neighbours for every k at once, learnt again from other votes.

The weights of `Mean` look at distances and sizes alone, so they are taken once; what is left for other votes
is a product of matrices, and the share of the overall mean where it is fitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import attrs
import numpy as np

from cbrkit_xai.evaluation.permutation.fixed_neighbours import FixedNeighbours
from cbrkit_xai.features import Array
from cbrkit_xai.neighbours import Neighbours, mean_votes
from cbrkit_xai.reuse.mean import Mean


@attrs.frozen(kw_only=True, eq=False)
class MeanAgain:
    """What a fold's `Mean` strategies predict, given other votes.

    Parameters
    ----------
    reuse : Mean
        As composed.
    training : array of shape (t,)
        int64 rows of the training cases.
    groups : array of shape (t,)
        int64 numbers of their groups.
    found : FixedNeighbours
        Of the held-out cases.
    own : FixedNeighbours, optional
        Of the training cases, each without its group; needed where the shrinkage is fitted.
    """

    reuse: Mean
    training: Array
    groups: Array
    found: FixedNeighbours
    own: FixedNeighbours | None
    _weights: Array  # (held out, ks, k)
    _own_weights: Array | None  # (training, ks, k)

    @classmethod
    def of(
        cls,
        reuse: Mean,
        training: Array,
        groups: Array,
        found: FixedNeighbours,
        own: FixedNeighbours | None,
        ks: Sequence[int],
    ) -> Self:
        """Take the weights for every k."""
        return cls(
            reuse=reuse,
            training=training,
            groups=groups,
            found=found,
            own=own,
            weights=_weights(reuse, found.neighbours, ks),
            own_weights=None if own is None else _weights(reuse, own.neighbours, ks),
        )

    def predict(self, votes: Array) -> Array:
        """Return predictions `(held out, ks, methods)` from votes `(n, methods)` of all cases."""
        predicted = _means(self._weights, self.found.votes(votes))
        if self.reuse.shrinkage == 0.0:
            return predicted
        overall = mean_votes(votes[self.training])
        share = self._shares(votes)[:, None]  # (ks, 1)
        shrunk = (1 - share) * predicted + share * overall
        shrunk = np.where(np.isnan(predicted), overall, np.where(np.isnan(overall), predicted, shrunk))
        return np.where(share == 0, predicted, shrunk)

    def _shares(self, votes: Array) -> Array:
        """How much the overall mean counts for each k, `(ks,)`; see `Mean.fitted`."""
        if self.reuse.shrinkage != "fitted":
            return np.full(self._weights.shape[1], float(self.reuse.shrinkage))
        assert self.own is not None and self._own_weights is not None  # noqa: S101 - given if fitted
        others = _means(self._own_weights, self.own.votes(votes))  # (training, ks, methods)
        observed = votes[self.training][:, None]
        without = _without_own_group(votes[self.training], self.groups)[:, None]
        away, missed = others - without, others - observed
        usable = ~np.isnan(away + missed)
        if not usable.all():
            away, missed = np.where(usable, away, 0.0), np.where(usable, missed, 0.0)
        spread = np.einsum("tkm,tkm->k", away, away)
        shared = np.einsum("tkm,tkm->k", away, missed)
        share = np.divide(shared, spread, out=np.ones_like(spread), where=spread > 0)
        return np.clip(share, 0.0, 1.0)


def _weights(reuse: Mean, neighbours: Neighbours, ks: Sequence[int]) -> Array:
    width = neighbours.positions.shape[1]
    found = np.zeros((len(neighbours), len(ks), width))
    for place, k in enumerate(ks):
        some = reuse.weights(neighbours.first(k))
        found[:, place, : some.shape[1]] = some
    return found


def _means(weights: Array, said: Array) -> Array:
    """Weighted means, leaving out NaN: `(q, ks, k)` and `(q, k, methods)` to `(q, ks, methods)`."""
    asked = ~np.isnan(said)
    if said.size and asked.all():  # the weights of a query with neighbours sum to 1
        return weights @ said
    total = weights @ asked.astype(np.float64)
    summed = weights @ np.where(asked, said, 0.0)
    return np.divide(summed, total, out=np.full(total.shape, np.nan), where=total > 0)


def _without_own_group(votes: Array, groups: Array) -> Array:
    """Mean votes of the others, `(t, methods)`; NaN where none of them was asked."""
    asked = ~np.isnan(votes)
    both = np.stack([np.where(asked, votes, 0.0), asked], axis=1)  # (t, 2, methods)
    of_group = np.zeros((int(groups.max(initial=0)) + 1, *both.shape[1:]))
    np.add.at(of_group, groups, both)
    total, number = np.moveaxis(both.sum(axis=0) - of_group[groups], 1, 0)
    return np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)
