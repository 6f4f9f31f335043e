"""How much of an error is common to all training sets, and how much changes from one to the next."""

from __future__ import annotations

import warnings

import attrs
import numpy as np

from cbrkit_xai.evaluation.results import Run
from cbrkit_xai.features import Array, frozen_floats


@attrs.frozen(kw_only=True, eq=False)
class BiasAndVariance:
    """The mean squared error over the repeats, in two parts that add up to it.

    Parameters
    ----------
    label : str
        Of the run.
    ks : tuple of int
        Its numbers of neighbours.
    lasting : array of shape (ks,)
        Squared distance of the average prediction from the votes, over cases and methods: squared bias,
        and the noise of the votes, which is the same for every predictor.
    varying : array of shape (ks,)
        Variance of the prediction from one repeat to the next. Training sets of the repeats share most
        of their cases, so that new case bases would differ more.
    cases : int
        Cases that were held out at least twice, which are those that count.
    """

    label: str
    ks: tuple[int, ...]
    lasting: Array = attrs.field(converter=frozen_floats)
    varying: Array = attrs.field(converter=frozen_floats)
    cases: int


def bias_and_variance(run: Run, votes: Array) -> BiasAndVariance:
    """Return the parts of a run's mean squared error; NaN where no case was held out twice.

    With R predictions p_r of mean p and variance s^2 (ddof = 1), and votes y,

        mean over r of (p_r - y)^2 = [(p - y)^2 - s^2 / R] + s^2,

    of which the first term is free of the variance of p.

    Parameters
    ----------
    run : Run
        Of at least two repeats.
    votes : array of shape (n, methods)
        Observed; NaN where nobody was asked.
    """
    predicted = run.predicted  # (repeats, n, ks, methods)
    times = (~np.isnan(predicted)).sum(axis=0)  # (n, ks, methods)
    usable = (times >= 2) & ~np.isnan(votes)[:, None]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # cases that were never or once held out
        mean = np.nanmean(predicted, axis=0)
        variance = np.nanvar(predicted, axis=0, ddof=1)
    lasting = (mean - votes[:, None]) ** 2 - variance / np.maximum(times, 1)
    counted = usable.sum(axis=(0, 2))
    return BiasAndVariance(
        label=run.label,
        ks=run.ks,
        lasting=_mean(lasting, usable, counted),
        varying=_mean(variance, usable, counted),
        cases=int(usable.any(axis=(1, 2)).sum()),
    )


def _mean(values: Array, usable: Array, counted: Array) -> Array:
    total = np.where(usable, values, 0.0).sum(axis=(0, 2))
    return np.divide(total, counted, out=np.full(total.shape, np.nan), where=counted > 0)
