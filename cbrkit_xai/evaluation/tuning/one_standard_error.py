"""The one-standard-error rule: the simplest of those that are about as good as the best."""

from __future__ import annotations

import math

import attrs
import numpy as np

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.features import Array, frozen_floats

RULE = (
    "of all whose error is at most the least error and one standard error of it, the simplest; the standard "
    "error is that of a mean over cases, with groups of photos as what varies"
)
"""The rule, in words."""


@attrs.frozen(kw_only=True, eq=False)
class Chosen:
    """What the rule takes, and why.

    Parameters
    ----------
    errors : array of shape (candidates,)
        Mean error of each; NaN of one that does not predict every case.
    least : int
        The candidate of the least error, the simplest of equal ones.
    standard_error : float
        Of the least error; infinite where there are fewer than two groups.
    chosen : int
        The simplest whose error is at most `threshold`.
    """

    errors: Array = attrs.field(converter=frozen_floats)
    least: int
    standard_error: float
    chosen: int

    @property
    def threshold(self) -> float:
        """Least error and one standard error."""
        return float(self.errors[self.least]) + self.standard_error


def simplest_within_one_standard_error(errors: Array, groups: Array) -> Chosen:
    """Choose among candidates that stand in the order of their simplicity.

    With e the errors of the best candidate over n cases in G groups, and their mean the least error,

        SE^2 = G / (G - 1) * sum over groups of (sum of e - mean e in the group)^2 / n^2,

    which is the usual standard error of a mean where each group is one case.

    The rule compares a candidate's error with how well *the best one's* error is known, not with how well
    their difference is. That takes more evidence against the simple than a test of the difference would;
    the best of many needs it, since among many that are worth nothing some look better than the mean.

    Parameters
    ----------
    errors : array of shape (candidates, n)
        Per case. The first candidate is what remains where nothing can be chosen: a case on which it has
        none, since nobody voted, counts for no candidate.
    groups : array of shape (n,)
        Number of each case's group.

    References
    ----------
    Breiman, Friedman, Olshen & Stone, Classification and Regression Trees, 1984, section 3.4.3; Hastie,
    Tibshirani & Friedman, The Elements of Statistical Learning, 2009, section 7.10. For groups: Cochran,
    Sampling Techniques, 1977, chapter 9.

    Raises
    ------
    ParameterError
        No candidate, or not one group for each case.
    """
    errors = np.asarray(errors, dtype=np.float64)
    if errors.ndim != 2 or not len(errors) or errors.shape[1:] != np.shape(groups):
        raise ParameterError(
            f"the shapes are {errors.shape} and {np.shape(groups)}",
            where="errors",
            allowed="(candidates, n) with a candidate or more, and (n,)",
        )
    known = ~np.isnan(errors[0])
    means = np.full(len(errors), np.nan)
    if known.any():
        means = errors[:, known].mean(axis=1)
    if not np.isfinite(means[0]):
        return Chosen(errors=means, least=0, standard_error=math.inf, chosen=0)
    least = int(np.nanargmin(means))
    standard_error = _standard_error(errors[least, known], groups[known])
    near = means <= means[least] + standard_error  # NaN is not
    return Chosen(errors=means, least=least, standard_error=standard_error, chosen=int(near.argmax()))


def _standard_error(errors: Array, groups: Array) -> float:
    _, group_of = np.unique(groups, return_inverse=True)
    number = int(group_of.max()) + 1
    if number < 2:
        return math.inf
    sums = np.bincount(group_of, weights=errors - errors.mean())
    return math.sqrt(number / (number - 1) * float(sums @ sums)) / len(errors)
