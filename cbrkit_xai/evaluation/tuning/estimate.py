"""What a whole procedure that chooses errs on cases that had no part in its choices."""

from __future__ import annotations

import attrs
import numpy as np

from cbrkit_xai.evaluation.decisions.bootstrap import Resampled, bca
from cbrkit_xai.evaluation.decisions.comparison import Comparison
from cbrkit_xai.evaluation.decisions.corrected_t import corrected_t
from cbrkit_xai.evaluation.decisions.nested_selection import assembled
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.questions.differences import differences_of, over_repeats
from cbrkit_xai.evaluation.questions.effect_sizes import share_gained
from cbrkit_xai.features import Array


@attrs.frozen(kw_only=True, eq=False)
class Estimate:
    """The nested estimate, beside the global mean and beside what not nesting would have claimed.

    Parameters
    ----------
    error : float
        Mean squared error of what each fold chose, on its held-out cases.
    error_of_mean : float
        Of the global mean on the same cases.
    error_by_least : float
        Of what had the least error inside each fold, without the rule.
    apparent_error : float
        The least of all candidates' errors on the held-out cases: selected and judged by the same cases, so
        it flatters.
    difference : Comparison
        `error` less `error_of_mean`, tested by the corrected t; below 0 speaks for the procedure.
    skill : Resampled
        1 - error / error_of_mean, with its interval.
    """

    error: float
    error_of_mean: float
    error_by_least: float
    apparent_error: float
    difference: Comparison
    skill: Resampled


def estimated(
    outer: Array, chosen: Array, least: Array, folds: Folds, groups: Array, *, seed: int
) -> Estimate:
    """Return the estimate.

    Parameters
    ----------
    outer : array of shape (candidates, repeats, n)
        Squared errors, those of the global mean first; NaN where there is none.
    chosen, least : array of shape (repeats, folds)
        Candidates that each fold took, and would have taken by the least error alone.
    groups : array of shape (n,)
        Number of each case's group.
    seed : int
        Of the interval of the skill.
    """
    of_mean = outer[0]
    nested = assembled(chosen, outer.__getitem__, folds.fold_of)
    by_least = assembled(least, outer.__getitem__, folds.fold_of)
    differences = differences_of(nested, of_mean, folds)
    columns = np.stack([over_repeats(nested), over_repeats(of_mean)], axis=1)  # (n, 2)
    there = ~np.isnan(columns).any(axis=1)
    known = ~np.isnan(of_mean)
    apparent = outer[:, known].mean(axis=1)
    return Estimate(
        error=_mean(nested),
        error_of_mean=_mean(of_mean),
        error_by_least=_mean(by_least),
        apparent_error=float(np.nanmin(apparent)),
        difference=corrected_t(differences.tested, differences.test_over_training),
        skill=bca(columns[there], groups[there], share_gained, seed=seed),
    )


def _mean(errors: Array) -> float:
    return float(errors[~np.isnan(errors)].mean())
