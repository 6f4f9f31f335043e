"""What distances have to do with votes: pairs of training cases, and how far apart their votes are."""

from __future__ import annotations

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.features import Array, Features, take
from cbrkit_xai.organizers.distances import distances_of_all
from cbrkit_xai.protocols import Metric

MOST_CASES = 500
"""Cases that are compared with each other: 124,750 pairs, a few seconds of a slow metric such as SSIM."""


@attrs.frozen(kw_only=True, eq=False)
class LearningPairs:
    """Pairs of cases from which weights are learnt, in an order that the rows' order does not change.

    Parameters
    ----------
    rows : array of shape (m,)
        The cases that are compared, by id.
    first, second : arrays of shape (pairs,)
        Places in `rows`, the cases of no pair being of one photo.
    disagreements : array of shape (pairs,)
        Total variation of the two cases' vote shares, 0 to 1; NaN where they cannot be compared.
    """

    rows: Array
    first: Array
    second: Array
    disagreements: Array

    @classmethod
    def of(cls, cases: Cases, most: int = MOST_CASES) -> LearningPairs:
        """Pair all cases, or `most` of them at even distances in the order of their ids."""
        rows = np.array(sorted(range(len(cases)), key=lambda row: cases.ids[row]), dtype=np.int64)
        if len(rows) > most:
            rows = rows[np.linspace(0, len(rows) - 1, most).round().astype(np.int64)]
        groups = np.asarray(cases.groups)[rows]
        first, second = np.triu_indices(len(rows), 1)
        apart = groups[first] != groups[second]
        first, second = first[apart], second[apart]
        shares = cases.shares[rows]
        return cls(
            rows=rows,
            first=first,
            second=second,
            disagreements=disagreements(shares[first], shares[second]),
        )

    def distances(self, metric: Metric, features: Features) -> Array:
        """Return the distance of each pair, `(pairs,)`."""
        return distances_of_all(metric, take(features, self.rows))[self.first, self.second]


def disagreements(shares: Array, others: Array) -> Array:
    """Return the total variation of two tables of vote shares row by row, `(pairs,)`.

    Half the sum of the absolute differences. NaN where the two were asked about different methods, of
    which shares cannot be compared, or where one has no votes.
    """
    asked = ~np.isnan(shares)
    comparable = (asked == ~np.isnan(others)).all(axis=1) & asked.any(axis=1)
    variation = np.abs(np.nan_to_num(shares) - np.nan_to_num(others)).sum(axis=1) / 2
    return np.where(comparable, variation, np.nan)


def shares_of_parts(distances: Array, wanted: Array) -> Array:
    """Return how much each part counts, `(parts,)`: at least 0, summing to 1.

    Non-negative least squares of `wanted` on the distances, after both have been centred: a constant
    takes what all pairs have in common. Without it a part that says nothing, but whose distances are
    all nearly the same, would serve as the constant and get most of the weight.

    Parameters
    ----------
    distances : array of shape (pairs, parts)
        Each part's, in units of its mean.
    wanted : array of shape (pairs,)
        NaN for pairs that cannot be compared.

    Returns
    -------
    array of shape (parts,)
        Equal shares where no part rises with what is wanted, or nothing can be compared.
    """
    from scipy.optimize import nnls  # on use: listing plugins must not load scipy

    parts = distances.shape[1]
    usable = ~np.isnan(wanted)
    equal = np.full(parts, 1.0 / parts)
    if not usable.any():
        return equal
    given, wanted = distances[usable], wanted[usable]
    given, wanted = given - given.mean(axis=0), wanted - wanted.mean()
    # Rounding alone must not decide: a part that is constant, or votes that are, have nothing to say.
    given[:, np.abs(given).max(axis=0) < 1e-12] = 0.0
    if np.abs(wanted).max() < 1e-12:
        return equal
    found, _ = nnls(given, wanted)
    return found / found.sum() if found.sum() > 0 else equal
