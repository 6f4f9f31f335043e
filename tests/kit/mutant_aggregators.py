"""Reductions of rows to one with one planted fault each."""

import numpy as np
from mutants import planted

from cbrkit_xai.errors import ParameterError


def rows_of(stack):
    """The rows as float64, if none holds NaN."""
    rows = np.array(stack, np.float64)
    if np.isnan(rows).any():
        raise ParameterError("a row holds NaN", where="stack", allowed="finite numbers")
    return rows


def mean(stack, weights=None):
    """Mean by weights, held within the rows."""
    rows = rows_of(stack)
    counted = np.average(rows, axis=0, weights=weights)
    return np.clip(counted, rows.min(axis=0), rows.max(axis=0))


class Average:
    def aggregate(self, stack, weights=None):
        return mean(stack)


@planted("aggregator", caught_by="writes-to-nothing", fault="adds up the rows in place")
class AddsUpInPlace:
    def aggregate(self, stack, weights=None):
        np.add.accumulate(stack, axis=0, out=stack)
        return stack[-1] / len(stack)


@planted(
    "aggregator",
    caught_by="writes-to-nothing",
    fault="divides the weights that it was given by their sum in place",
    weights="repetition",
)
class NormalisesTheWeightsInPlace:
    def aggregate(self, stack, weights=None):
        if weights is not None:
            weights /= weights.sum()
        return mean(stack, weights)


@planted("aggregator", caught_by="does-not-mind-the-order", fault="counts the last row twice")
class LastRowCountsDouble:
    def aggregate(self, stack, weights=None):
        return mean(np.concatenate([stack, stack[-1:]]))


@planted(
    "aggregator",
    caught_by="does-not-mind-the-order",
    fault="trims the first and the last row, not the least and the greatest numbers",
    bounded=True,
)
class TrimsByPlace:
    def aggregate(self, stack, weights=None):
        return mean(stack[1:-1] if len(stack) > 2 else stack)


@planted(
    "aggregator",
    caught_by="counts-a-weight-as-repetition",
    fault="declares that a weight is a repetition, and ignores it",
    weights="repetition",
)
class IgnoresTheWeights(Average):
    pass


@planted(
    "aggregator",
    caught_by="leaves-out-rows-of-weight-0",
    fault="raises a weight of 0 to 1",
    weights="repetition",
)
class CountsAbsentRows:
    def aggregate(self, stack, weights=None):
        return mean(stack, None if weights is None else np.where(weights > 0, weights, 1.0))


@planted(
    "aggregator",
    caught_by="leaves-out-rows-of-weight-0",
    fault="takes the greatest of all rows, also of those of weight 0",
    weights="repetition",
)
class GreatestOfAll:
    def aggregate(self, stack, weights=None):
        return rows_of(stack).max(axis=0)


@planted(
    "aggregator",
    caught_by="counts-equal-weights-as-none",
    fault="divides by the number of rows after it has divided the weights by their sum",
    weights="repetition",
)
class DividesTwice:
    def aggregate(self, stack, weights=None):
        if weights is None:
            return mean(stack)
        shares = weights / weights.sum()
        return np.einsum("n,n...->...", shares, rows_of(stack)) / len(stack)


@planted("aggregator", caught_by="ignores-weights", fault="declares that weights are ignored, and uses them")
class UsesWeightsInSecret:
    def aggregate(self, stack, weights=None):
        return mean(stack, weights)


@planted("aggregator", caught_by="refuses-nan", fault="takes NaN for 0")
class NotANumberIsZero:
    def aggregate(self, stack, weights=None):
        return mean(np.nan_to_num(stack))


@planted("aggregator", caught_by="refuses-nan", fault="lets NaN through")
class NotANumberComesThrough:
    def aggregate(self, stack, weights=None):
        return np.asarray(stack, np.float64).mean(axis=0)


@planted(
    "aggregator",
    caught_by="leaves-out-nan",
    fault="declares that NaN is left out, and counts it in the number of rows",
    nan="omit",
)
class CountsNotANumber:
    def aggregate(self, stack, weights=None):
        return np.nansum(np.asarray(stack, np.float64), axis=0) / len(stack)


@planted(
    "aggregator",
    caught_by="leaves-out-nan",
    fault="declares that NaN is left out column by column, and drops the whole row",
    nan="omit",
)
class DropsWholeRows:
    def aggregate(self, stack, weights=None):
        rows = np.asarray(stack, np.float64)
        whole = rows[~np.isnan(rows.reshape(len(rows), -1)).any(axis=1)]
        return whole.mean(axis=0) if len(whole) else np.full(rows.shape[1:], np.nan)


@planted(
    "aggregator",
    caught_by="stays-within-its-rows",
    fault="declares that it stays within its rows, and adds a tenth of their range",
    bounded=True,
)
class Overshoots:
    def aggregate(self, stack, weights=None):
        rows = rows_of(stack)
        return rows.max(axis=0) + 0.1 * (rows.max(axis=0) - rows.min(axis=0))


@planted("aggregator", caught_by="is-linear", fault="declares the median to be linear", linear=True)
class LinearMedian:
    def aggregate(self, stack, weights=None):
        return np.median(rows_of(stack), axis=0)


@planted("aggregator", caught_by="gives-equal-rows-back", fault="adds up, and does not divide")
class Sum:
    def aggregate(self, stack, weights=None):
        return rows_of(stack).sum(axis=0)


@planted("aggregator", caught_by="gives-equal-rows-back", fault="divides by n - 1, as a variance does")
class OneTooFew:
    def aggregate(self, stack, weights=None):
        return rows_of(stack).sum(axis=0) / max(1, len(stack) - 1)


@planted("aggregator", caught_by="gives-one-row", fault="reduces the last axis")
class LastAxis:
    def aggregate(self, stack, weights=None):
        return rows_of(stack).mean(axis=-1)


@planted("aggregator", caught_by="gives-one-row", fault="flattens the pixels of a picture")
class Flattens:
    def aggregate(self, stack, weights=None):
        return mean(np.reshape(stack, (len(stack), -1)))


@planted("aggregator", caught_by="counts-bytes-as-numbers", fault="adds up bytes, which wrap around at 256")
class AddsUpBytes:
    def aggregate(self, stack, weights=None):
        rows = np.asarray(stack) if np.asarray(stack).dtype == np.uint8 else rows_of(stack)
        return np.add.reduce(rows, axis=0, dtype=rows.dtype) / len(rows)


@planted("aggregator", caught_by="counts-bytes-as-numbers", fault="cuts the mean of bytes to a byte")
class CutsToBytes:
    def aggregate(self, stack, weights=None):
        return mean(stack).astype(np.uint8) if np.asarray(stack).dtype == np.uint8 else mean(stack)


@planted("aggregator", caught_by="gives-a-single-row-back", fault="gives blue for red in photos")
class SwapsChannels:
    def aggregate(self, stack, weights=None):
        return mean(stack)[..., ::-1] if np.ndim(stack) == 4 else mean(stack)


@planted(
    "aggregator",
    caught_by="reduces-photos-as-rows-of-numbers",
    fault="gives blue for red where several photos are reduced",
)
class SwapsChannelsOfSeveral:
    def aggregate(self, stack, weights=None):
        return mean(stack)[..., ::-1] if np.ndim(stack) == 4 and len(stack) > 1 else mean(stack)


@planted(
    "aggregator", caught_by="reduces-photos-as-rows-of-numbers", fault="gives the first of several photos"
)
class FirstPhotoOnly:
    def aggregate(self, stack, weights=None):
        return mean(stack[:1] if np.ndim(stack) == 4 else stack)


@planted(
    "aggregator",
    caught_by="counts-half-a-weight-as-half",
    fault="rounds weights to whole numbers of repetitions",
    weights="repetition",
)
class RoundsTheWeights:
    def aggregate(self, stack, weights=None):
        return mean(stack, None if weights is None else np.ceil(weights))


@planted(
    "aggregator",
    caught_by="counts-half-a-weight-as-half",
    fault="repeats each row as often as its weight says, cut to a whole number",
    weights="repetition",
)
class RepeatsByWholeWeights:
    def aggregate(self, stack, weights=None):
        times = np.ones(len(stack)) if weights is None else weights
        return mean(np.repeat(stack, times.astype(np.int64), axis=0))


@planted("aggregator", caught_by="says-the-same-again", fault="weighs the rows by chance, without a seed")
class WeighsByChance:
    def aggregate(self, stack, weights=None):
        return mean(stack, np.random.default_rng().dirichlet(np.ones(len(stack))))


@planted("aggregator", caught_by="gives-a-single-row-back", fault="rounds to whole votes")
class RoundsToWholeVotes:
    def aggregate(self, stack, weights=None):
        return np.rint(mean(stack))


@planted("aggregator", caught_by="gives-a-single-row-back", fault="adds a pseudo-row of zeros")
class DrawnToZero:
    def aggregate(self, stack, weights=None):
        return rows_of(stack).sum(axis=0) / (len(stack) + 1)
