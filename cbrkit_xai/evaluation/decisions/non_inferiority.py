"""Non-inferiority: the one is worse than the other by less than a margin stated before."""

from __future__ import annotations

import math

import attrs

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.decisions.comparison import Comparison, cannot_be_tested
from cbrkit_xai.evaluation.decisions.corrected_t import corrected_t
from cbrkit_xai.features import Array

SHARE = 0.1
"""Of what the global mean gains over the uniform prediction: the default margin."""


@attrs.frozen(kw_only=True)
class NonInferiority:
    """Whether a loss is below the margin, and whether the margin can tell anything.

    Parameters
    ----------
    comparison : Comparison
        The mean difference of squared errors against the squared margin, two-sided: below it is no
        worse, above it is worse by the margin or more.
    margin : float
        In votes, on the scale of a root mean squared error.
    squared_margin : float
        The same as a difference of squared errors.
    global_mean_passes : bool
        The mean of all training cases is no worse by this margin either; then the margin cannot tell
        CBR from no CBR.
    """

    comparison: Comparison
    margin: float
    squared_margin: float
    global_mean_passes: bool


def default_margin(rmse_uniform: float, rmse_global_mean: float, share: float = SHARE) -> float:
    """Return a share of what knowing the base's mean votes gains over knowing nothing, in votes.

    Parameters
    ----------
    rmse_uniform, rmse_global_mean : float
        Pooled.

    Returns
    -------
    float
        0 or less where the global mean gains nothing; then there is no margin.
    """
    return share * (rmse_uniform - rmse_global_mean)


def squared_margin(margin: float, reference_squared_error: float) -> float:
    """Return the difference of mean squared errors that is a difference `margin` of their roots.

    With the reference's root mean squared error R, (R + margin)^2 - R^2 = 2 R margin + margin^2.

    Parameters
    ----------
    margin : float
        In votes.
    reference_squared_error : float
        Mean squared error of the predictor that the other is compared with.
    """
    return 2 * math.sqrt(reference_squared_error) * margin + margin**2


def non_inferiority(
    differences: Array,
    test_over_training: float,
    margin: float,
    reference_squared_error: float,
    *,
    mean_differences: Array | None = None,
    alpha: float = 0.05,
    least_variance: float = 0.0,
) -> NonInferiority:
    """Test the mean difference of squared errors against a margin by the corrected t.

    Two-sided at alpha: a wrong "no worse" has a chance of alpha / 2, as has a wrong "worse".

    Parameters
    ----------
    differences : array of shape (repeats, folds) or (J,)
        Mean over each fold's held-out cases of the squared error of the one minus the reference's.
    test_over_training : float
        Held-out cases over training cases.
    margin : float
        In votes; above 0.
    reference_squared_error : float
        Mean squared error of the reference.
    mean_differences : array, optional
        The same differences of the global mean: does it pass?
    alpha : float
        Level.
    least_variance : float
        Of the mean difference from the reference, as `corrected_t` takes it.

    References
    ----------
    Piaggio et al., Reporting of noninferiority and equivalence randomized trials, JAMA 308 (2012)
    2594-2604; the corrected t as in `corrected_t`.
    """
    if math.isnan(margin) or math.isinf(margin):
        raise ParameterError(f"margin is {margin!r}", where="margin", allowed="a number, in votes")
    if margin <= 0:
        why = f"the margin is {margin:.3g} votes; a loss can only be allowed if it is above 0"
        return NonInferiority(
            comparison=cannot_be_tested(why), margin=margin, squared_margin=0.0, global_mean_passes=False
        )
    allowed = squared_margin(margin, reference_squared_error)
    tested = corrected_t(
        differences, test_over_training, boundary=allowed, level=1 - alpha, least_variance=least_variance
    )
    passes = False
    if mean_differences is not None:
        of_mean = corrected_t(mean_differences, test_over_training, boundary=allowed)
        passes = is_below(of_mean, allowed, alpha)
    return NonInferiority(comparison=tested, margin=margin, squared_margin=allowed, global_mean_passes=passes)


def is_below(tested: Comparison, boundary: float, alpha: float) -> bool:
    """Say whether the mean difference lies below a boundary, beyond chance at the two-sided level alpha."""
    return tested.could_be_tested and tested.estimate < boundary and tested.p <= alpha
