"""The Bayesian correlated t test: how probable better, worse, and practically the same are."""

from __future__ import annotations

import math

import attrs
import numpy as np

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.decisions.comparison import obstacle, untested
from cbrkit_xai.features import Array


@attrs.frozen(kw_only=True)
class Posterior:
    """Where the mean difference lies, given the folds and a matching prior.

    Parameters
    ----------
    left, rope, right : float
        Probabilities of a difference below, inside and above the region of practical equivalence;
        they sum to 1, and are NaN where nothing could be computed.
    location, scale, degrees : float
        Of the Student t that the posterior is.
    region : float
        Half the width of the region, which reaches from -region to region.
    problem : str
        "cannot be tested: ..." with the reason; empty where it could.
    """

    left: float = math.nan
    rope: float = math.nan
    right: float = math.nan
    location: float = math.nan
    scale: float = math.nan
    degrees: float = math.nan
    region: float
    problem: str = ""


def correlated_bayes(differences: Array, test_over_training: float, region: float) -> Posterior:
    """Return the posterior of the mean difference, with a region of practical equivalence.

    With J fold differences of mean d and variance s^2, and rho the share of cases that is held out, the
    posterior is a Student t of J - 1 degrees of freedom with

        location = d,    scale^2 = (1/J + rho / (1 - rho)) s^2,

    rho / (1 - rho) being n_test / n_train: the numbers are those of the corrected t, and what they may be
    called is another matter. The prior is the improper matching one (normal-gamma with parameters 0, inf,
    -1/2, 0).

    Parameters
    ----------
    differences : array of shape (repeats, folds) or (J,)
        Mean over each fold's held-out cases of first minus second.
    test_over_training : float
        Held-out cases over training cases, `Folds.test_over_training`.
    region : float
        Differences up to so much in either direction make no difference in practice; 0 for none.

    Raises
    ------
    ParameterError
        The share or the region is below 0.

    References
    ----------
    Corani & Benavoli, A Bayesian approach for comparing cross-validated algorithms on multiple data sets,
    Machine Learning 100 (2015) 285-304, section 2.1. Benavoli, Corani, Demsar & Zaffalon, Time for a change,
    JMLR 18 (2017) 77.
    """
    from scipy.special import stdtr  # on use

    for name, value in (("test_over_training", test_over_training), ("region", region)):
        if not value >= 0:
            raise ParameterError(f"{name} is {value!r}", where=name, allowed="a number of at least 0")
    values = np.asarray(differences, dtype=np.float64).ravel()
    problem = obstacle(values)
    if problem:
        return Posterior(region=region, problem=untested(problem))
    degrees = len(values) - 1
    location = float(values.sum()) / len(values)
    centred = values - location
    scale = math.sqrt((1 / len(values) + test_over_training) * float(centred @ centred) / degrees)
    left = float(stdtr(degrees, (-region - location) / scale))
    right = float(stdtr(degrees, (location - region) / scale))
    return Posterior(
        left=left,
        rope=max(1 - left - right, 0.0),
        right=right,
        location=location,
        scale=scale,
        degrees=degrees,
        region=region,
    )
