"""Friedman's test, which asks whether predictors rank alike on several case bases."""

from __future__ import annotations

import attrs
import numpy as np

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.decisions.comparison import untested
from cbrkit_xai.features import Array
from cbrkit_xai.freezing import numbers

FEWEST_BASES = 3
"""With two bases and three predictors, not even full agreement is rare: its exact p is 1/6."""


@attrs.frozen(kw_only=True)
class Friedman:
    """What ranks over case bases say.

    Parameters
    ----------
    mean_ranks : tuple of float
        Of each predictor; 1 is best, ties share.
    statistic : float
        Chi-square, corrected for ties; NaN where nothing could be tested.
    p : float
        Of its upper tail, with one degree of freedom fewer than there are predictors; the approximation
        errs to the safe side where bases are few.
    bases : int
        Blocks.
    problem : str
        "cannot be tested: ..." with the reason; empty where it could.
    """

    mean_ranks: tuple[float, ...] = attrs.field(default=(), converter=numbers)
    statistic: float = np.nan
    p: float = np.nan
    bases: int
    problem: str = ""


def friedman(errors: Array) -> Friedman:
    """Test whether any predictor is ranked better than others over independent case bases.

    With N bases, k predictors and mean ranks R_j,

        chi^2 = 12 N / (k (k + 1)) * sum_j (R_j - (k + 1)/2)^2 / (1 - ties),

    ties being sum (t^3 - t) / (N (k^3 - k)) over groups of t equal errors. Folds of one base are no blocks:
    they share their cases.

    Parameters
    ----------
    errors : array of shape (bases, predictors)
        One error a base and predictor, smaller is better.

    References
    ----------
    Friedman, The use of ranks to avoid the assumption of normality, JASA 32 (1937) 675-701. Demsar,
    Statistical comparisons of classifiers over multiple data sets, JMLR 7 (2006) 1-30.
    """
    errors = np.asarray(errors, dtype=np.float64)
    if errors.ndim != 2:
        raise ParameterError(f"the shape is {errors.shape}", where="errors", allowed="(bases, predictors)")
    bases, predictors = errors.shape
    problem = _obstacle(errors)
    if problem:
        return Friedman(bases=bases, problem=untested(problem))
    from scipy.special import chdtrc  # on use
    from scipy.stats import rankdata

    ranks = rankdata(errors, axis=1)
    mean_ranks = ranks.mean(axis=0)
    equal = np.array([np.sum(row == row[:, None], axis=0) for row in errors])  # (bases, predictors)
    # Each of t equal errors counts t^2 - 1, so the group counts t^3 - t.
    ties = float(np.sum(equal**2 - 1)) / (bases * (predictors**3 - predictors))
    if ties == 1.0:
        return Friedman(mean_ranks=mean_ranks, bases=bases, problem=untested("every base is one tie"))
    apart = float(np.sum((mean_ranks - (predictors + 1) / 2) ** 2))
    statistic = 12 * bases / (predictors * (predictors + 1)) * apart / (1 - ties)
    p = float(chdtrc(predictors - 1, statistic))
    return Friedman(mean_ranks=mean_ranks, statistic=statistic, p=p, bases=bases)


def _obstacle(errors: Array) -> str:
    bases, predictors = errors.shape
    if bases < FEWEST_BASES:
        return f"{bases} case base{'' if bases == 1 else 's'}; it takes at least {FEWEST_BASES}"
    if predictors < 3:
        return f"{predictors} predictors; ranks of fewer than three say no more than signs"
    if not np.isfinite(errors).all():
        return "an error is missing"
    return ""
