r"""Case-base alignment: how alike the solutions of a photo and of its nearest photos are.

For a case t with nearest cases c_1 ... c_k, problem distances D_p and solution distances D_s,

.. math:: Align(t, c) = 1 - \frac{D_s(t, c) - \min D_s}{\max D_s - \min D_s},\quad
   CaseAlign(t) = \frac{\sum_i (1 - D_p(t, c_i))\, Align(t, c_i)}{\sum_i (1 - D_p(t, c_i))}

after Massie, Wiratunga, Craw, Donati & Vicari, From anomaly reports to cases, ICCBR 2007, LNCS 4626, 359-373;
compared with other measures by Raghunandan, Wiratunga, Chakraborti, Massie & Khemani, Evaluation measures for
TCBR systems, ECCBR 2008. Here the least and the largest D_s are those of all pairs of two photos, and D_p is
a share of the largest. Alignment by itself says little: where most photos have one winner, any two agree.
So it is compared with that of the same neighbours when votes are handed out by chance, whose mean is known:
the mean of Align over all pairs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import numpy as np

from cbrkit_xai.evaluation.predicting.orderings import Orderings
from cbrkit_xai.evaluation.reproduction.pair_permutations import permuted_sums, upper_p
from cbrkit_xai.features import Array, frozen_floats


@attrs.frozen(kw_only=True, eq=False)
class Alignment:
    """How well neighbours' solutions agree, and how well they would by chance.

    Parameters
    ----------
    per_case : array of shape (n,)
        CaseAlign, 0 to 1; NaN for a case without neighbours.
    mean : float
        Of the cases.
    by_chance : float
        Mean of the draws.
    chance : (float, float)
        The middle 95 % of the draws.
    p : float
        Of more alignment than by chance.
    problem : str
        Why there is none; empty if there is.
    """

    per_case: Array = attrs.field(converter=frozen_floats)
    mean: float
    by_chance: float = np.nan
    chance: tuple[float, float] = (np.nan, np.nan)
    p: float = np.nan
    problem: str = ""


def alignments(
    distances: Mapping[str, Array],
    relation: Array,
    counted: Array,
    ways: Array,
    ids: Sequence[str],
    k: int,
) -> dict[str, Alignment]:
    """Return the alignment of a case base by each metric.

    Parameters
    ----------
    distances : mapping of str to array of shape (n, n)
        Problem distances, finite and >= 0, per metric.
    relation : array of shape (n, n)
        Solution distances. NaN, where two photos were asked about no common method, counts as their mean.
    counted : array of shape (n, n)
        bool: the pairs that may be neighbours, such as those of two groups.
    ways : array of shape (draws, n)
        As `orders` gives them.
    ids : sequence of n str
        By which equal distances are told apart.
    k : int
        Neighbours.
    """
    aligned = solution_alignment(relation, counted)
    if aligned is None:
        problem = "all pairs of photos have equally similar votes"
        unknown = np.full(len(relation), np.nan)
        return {name: Alignment(per_case=unknown, mean=np.nan, problem=problem) for name in distances}
    weights = {name: neighbour_weights(one, counted, ids, k) for name, one in distances.items()}
    has_neighbours = counted.any(axis=1)
    share = np.asarray(has_neighbours / max(int(has_neighbours.sum()), 1))
    stacked = np.stack([one * share[:, None] for one in weights.values()])  # (metrics, n, n)
    observed = (stacked * aligned).sum(axis=(1, 2))
    drawn = permuted_sums(stacked, aligned, ways)
    p = upper_p(observed, drawn)
    low, high = np.quantile(drawn, np.array([0.025, 0.975]), axis=0)
    return {
        name: Alignment(
            per_case=np.where(has_neighbours, (weight * aligned).sum(axis=1), np.nan),
            mean=float(observed[place]),
            by_chance=float(drawn[:, place].mean()),
            chance=(float(low[place]), float(high[place])),
            p=float(p[place]),
        )
        for place, (name, weight) in enumerate(weights.items())
    }


def solution_alignment(relation: Array, counted: Array) -> Array | None:
    """Return Align of each pair, `(n, n)`, 0 for pairs that do not count; None where all are alike."""
    known = counted & ~np.isnan(relation)
    if not known.any():
        return None
    low, high = float(relation[known].min()), float(relation[known].max())
    if high - low <= 1e-12 * max(high, 1e-300):
        return None
    filled = np.where(np.isnan(relation), relation[known].mean(), relation)
    return np.where(counted, 1 - (filled - low) / (high - low), 0.0)


def neighbour_weights(distances: Array, counted: Array, ids: Sequence[str], k: int) -> Array:
    """Return what share each case has in each case's alignment, `(n, n)`; rows with neighbours sum to 1."""
    n = len(distances)
    largest = float(distances[counted].max(initial=0.0))
    near = 1 - distances / largest if largest > 0 else np.ones((n, n))
    rows = Orderings.of(distances, ids).rows
    may_speak = np.take_along_axis(counted, rows.astype(np.int64), axis=1)
    chosen = may_speak & (np.cumsum(may_speak, axis=1) <= k)  # (n, n), nearest first
    is_neighbour = np.zeros((n, n), dtype=bool)
    np.put_along_axis(is_neighbour, rows.astype(np.int64), chosen, axis=1)
    weight = np.where(is_neighbour, np.maximum(near, 0.0), 0.0)
    total = weight.sum(axis=1, keepdims=True)
    # Where all neighbours are as far as can be, they count alike.
    even = is_neighbour / np.maximum(is_neighbour.sum(axis=1, keepdims=True), 1)
    return np.where(total > 0, weight / np.where(total > 0, total, 1.0), even)
