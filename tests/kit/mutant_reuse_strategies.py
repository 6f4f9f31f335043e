"""Ways from neighbours' votes to predicted votes with one planted fault each."""

import attrs
import numpy as np
from mutants import planted

from cbrkit_xai.neighbours import mean_votes, weighted_mean


def present(neighbours):
    return (neighbours.positions >= 0).astype(np.float64)


def shares(raw):
    """Rows that sum to 1, of weights `(q, k)`."""
    total = raw.sum(axis=1, keepdims=True)
    return np.divide(raw, total, out=np.zeros_like(raw), where=total > 0)


class Weighted:
    """Mean by the weights of `raw`."""

    def raw(self, neighbours):
        return present(neighbours)

    def reuse(self, neighbours):
        return weighted_mean(neighbours.votes, shares(self.raw(neighbours)))


def near(neighbours):
    """Distances, and 0 where there is no neighbour."""
    return np.where(neighbours.positions >= 0, neighbours.distances, 0.0)


@planted(
    "reuse-strategy", caught_by="writes-to-nothing", fault="puts 0 in place of NaN in the neighbours' votes"
)
class FillsInPlace(Weighted):
    def reuse(self, neighbours):
        neighbours.votes[np.isnan(neighbours.votes)] = 0.0
        return super().reuse(neighbours)


@planted(
    "reuse-strategy",
    caught_by="gives-a-number-per-query-and-method",
    fault="gives a row per method, not per query",
)
class Transposed(Weighted):
    def reuse(self, neighbours):
        return super().reuse(neighbours).T


@planted(
    "reuse-strategy",
    caught_by="gives-a-number-per-query-and-method",
    fault="gives the names of the best methods",
)
class GivesWords(Weighted):
    def reuse(self, neighbours):
        return super().reuse(neighbours).astype(str)


@planted(
    "reuse-strategy", caught_by="says-the-same-again", fault="tells ties apart by chance, without a seed"
)
class TiesByChance(Weighted):
    def reuse(self, neighbours):
        found = super().reuse(neighbours)
        return found + 1e-6 * np.random.default_rng().random(found.shape)


@planted(
    "reuse-strategy",
    caught_by="answers-where-somebody-was-asked",
    fault="lets one vote that nobody gave spoil the mean",
)
class NotANumberSpreads(Weighted):
    def reuse(self, neighbours):
        votes = np.where(present(neighbours)[..., None] > 0, neighbours.votes, 0.0)
        return votes.sum(axis=1) / present(neighbours).sum(axis=1, keepdims=True)


@planted(
    "reuse-strategy",
    caught_by="answers-where-somebody-was-asked",
    fault="divides by a distance that may be 0",
)
class InfinitelyNear(Weighted):
    def reuse(self, neighbours):
        with np.errstate(all="ignore"):
            raw = present(neighbours) / neighbours.distances
            return weighted_mean(neighbours.votes, raw / raw.sum(axis=1, keepdims=True))


@planted(
    "reuse-strategy",
    caught_by="says-nothing-where-nobody-was-asked",
    fault="predicts 0 votes for a method that no neighbour was asked about",
    hull=True,
    scale_free=True,
)
class NobodyAskedIsZero(Weighted):
    def reuse(self, neighbours):
        return np.nan_to_num(super().reuse(neighbours))


@planted(
    "reuse-strategy",
    caught_by="says-nothing-where-nobody-was-asked",
    fault="predicts a billion votes for a method that no neighbour was asked about",
)
class NobodyAskedIsABillion(Weighted):
    def reuse(self, neighbours):
        return np.nan_to_num(super().reuse(neighbours), nan=1e9)


@planted(
    "reuse-strategy",
    caught_by="answers-a-batch-as-its-single-queries",
    fault="fills what no neighbour was asked with the mean of the batch",
    fills=True,
)
class FillsFromTheBatch(Weighted):
    def reuse(self, neighbours):
        found = super().reuse(neighbours)
        return np.where(np.isnan(found), mean_votes(found), found)


@planted(
    "reuse-strategy",
    caught_by="answers-a-batch-as-its-single-queries",
    fault="divides by the number of columns, also where a query has fewer neighbours than another",
    fills=True,
)
class DividesByTheWidth(Weighted):
    def reuse(self, neighbours):
        return np.nansum(neighbours.votes, axis=1) / neighbours.votes.shape[1]


@planted(
    "reuse-strategy",
    caught_by="does-not-mind-the-order-of-ties",
    fault="weighs by place, also among neighbours at equal distances",
    hull=True,
    repeats_single=True,
    scale_free=True,
)
class WeighsByPlace(Weighted):
    def raw(self, neighbours):
        return present(neighbours) / (1.0 + np.arange(neighbours.positions.shape[1]))


@planted(
    "reuse-strategy",
    caught_by="stays-within-the-neighbours-range",
    fault="takes a vote that nobody gave for 0",
    hull=True,
    scale_free=True,
    fills=True,
)
class NotANumberIsZero(Weighted):
    def reuse(self, neighbours):
        return weighted_mean(np.nan_to_num(neighbours.votes), shares(present(neighbours)))


@planted(
    "reuse-strategy",
    caught_by="stays-within-the-neighbours-range",
    fault="adds half a vote, and declares that it stays within the neighbours' range",
    hull=True,
)
class AddsHalfAVote(Weighted):
    def reuse(self, neighbours):
        return super().reuse(neighbours) + 0.5


@planted(
    "reuse-strategy",
    caught_by="repeats-a-single-neighbour",
    fault="adds a neighbour without votes, and declares that a single one is repeated",
    repeats_single=True,
)
class DrawnToZero(Weighted):
    def reuse(self, neighbours):
        asked = (~np.isnan(neighbours.votes)).sum(axis=1)
        return super().reuse(neighbours) * asked / (asked + 1.0)


@planted(
    "reuse-strategy",
    caught_by="is-free-of-the-metrics-unit",
    fault="weighs by exp(-d), and declares that the unit of d does not matter",
    hull=True,
    repeats_single=True,
    scale_free=True,
)
class WeighsByTheUnit(Weighted):
    def raw(self, neighbours):
        distances = near(neighbours)
        return present(neighbours) * np.exp(-(distances - distances[:, :1]))


@planted(
    "reuse-strategy", caught_by="gives-weights-that-sum-to-1", fault="gives weights before they are divided"
)
class WeightsAsTheyAre(Weighted):
    def weights(self, neighbours):
        return present(neighbours) / (1.0 + near(neighbours))


@planted(
    "reuse-strategy",
    caught_by="gives-weights-that-sum-to-1",
    fault="gives weight to neighbours that are not there",
)
class WeighsTheAbsent(Weighted):
    def weights(self, neighbours):
        return np.full(neighbours.positions.shape, 1.0 / neighbours.positions.shape[1])


@planted(
    "reuse-strategy",
    caught_by="gives-weights-that-sum-to-1",
    fault="gives one weight per neighbour of the first query",
)
class WeightsOfOneQuery(Weighted):
    def weights(self, neighbours):
        return shares(present(neighbours))[0]


@attrs.frozen(kw_only=True)
class Learns(Weighted):
    """Votes less what the base votes on average, and that again; in sum the votes."""

    learnt: object = None


@planted(
    "reuse-strategy",
    caught_by="comes-back-as-it-was-kept",
    fault="learns into an array, of which JSON knows nothing",
)
class LearnsAnArray(Learns):
    def fitted(self, cases, neighbours=None):
        return type(self)(learnt=mean_votes(cases.votes))


@planted(
    "reuse-strategy",
    caught_by="comes-back-as-it-was-kept",
    fault="learns by number of neighbours, and looks the number up among texts afterwards",
)
class LearnsByNumber(Learns):
    def fitted(self, cases, neighbours=None):
        return type(self)(learnt={number: 1.0 / number for number in range(1, 20)})

    def reuse(self, neighbours):
        factors = [self.learnt.get(int(number), 0.0) for number in neighbours.k_eff]
        return Weighted.reuse(self, neighbours) * np.array(factors)[:, None]
