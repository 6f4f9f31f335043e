r"""The RMSE that remains even if each photo's chances are known, because voters differ.

Let n independent people vote on a photo, one vote each, and let a voter choose method j with chance
:math:`p_j`. The votes for j are binomial: the best prediction that anybody can make is
:math:`n p_j`, and it misses by a mean square of :math:`n p_j (1 - p_j)`. With the observed share
:math:`\hat p_j = v_j / n` in its place that comes out too small, since
:math:`E\,\hat p_j (1 - \hat p_j) = \frac{n-1}{n} p_j (1 - p_j)`; so

.. math:: \text{floor}^2 = \text{mean over photos, methods of }\ \frac{n}{n-1}\, n\, \hat p_j (1 - \hat p_j)

is without bias. It needs two voters a photo. It says nothing of judges that are programs:
asked again they say the same, so the scatter between them is no noise that a prediction must leave (it is
what they disagree about, and a predictor may learn it); how far *they* repeat themselves a test-retest
tells, where a base holds one (`retest`).
"""

from __future__ import annotations

import attrs
import numpy as np

from cbrkit_xai.evaluation.results import Evaluation
from cbrkit_xai.features import Array

_WHOLE = 1e-9
_TOO_WELL = 0.001


@attrs.frozen(kw_only=True)
class NoiseFloor:
    """What no predictor can beat on average, or why that is not defined.

    Parameters
    ----------
    rmse : float or None
        Votes.
    photos : int
        Cases that it is the mean over.
    reason : str
        Why there is none; empty where there is.
    """

    rmse: float | None
    photos: int = 0
    reason: str = ""

    @property
    def sentence(self) -> str:
        """The floor in words."""
        if self.rmse is None:
            return f"Noise floor not defined: {self.reason}."
        return (
            f"Noise floor {self.rmse:.3f} votes, over {self.photos} photos with two voters or more: a "
            "predictor that knew each photo's chances would still err by that much."
        )


def noise_floor_of(evaluation: Evaluation) -> NoiseFloor:
    """Return the noise floor of an evaluation's votes."""
    if evaluation.is_automatic:
        again = "" if evaluation.retest is None else f". {evaluation.retest.sentence}"
        return NoiseFloor(
            rmse=None,
            reason=f"{evaluation.provenance}; judges that are programs are no sample of voters, so how they "
            f"scatter is no noise{again}",
        )
    return noise_floor(evaluation.votes, evaluation.effective_voters)


def noise_floor(votes: Array, voters: Array) -> NoiseFloor:
    """Return the noise floor of people's votes, one vote each.

    Parameters
    ----------
    votes : array of shape (n, methods)
        NaN where nobody was asked.
    voters : array of shape (n,)
        How many people voted on each case.
    """
    asked = ~np.isnan(votes)
    cast = np.where(asked, votes, 0.0)
    number = cast.sum(axis=1)  # (n,)
    counted = number >= 2 - _WHOLE
    if not counted.any():
        return NoiseFloor(rmse=None, reason="no photo has two voters, and one alone does not scatter")
    if np.any(np.abs(cast - np.round(cast)) > _WHOLE):
        return NoiseFloor(
            rmse=None, reason="some votes are no whole numbers, so they are not counts of people"
        )
    if np.any(np.abs(number - np.nan_to_num(voters))[counted] > _WHOLE):
        return NoiseFloor(
            rmse=None,
            reason="people gave more or fewer votes than one each, and how they scatter is not in their sums",
        )
    if _agree_too_well(votes[counted]):
        return NoiseFloor(
            rmse=None,
            reason="votes differ less from photo to photo than those of independent voters would by chance "
            "alone, so these are no such votes",
        )
    n = number[counted, None]
    shares = cast[counted] / n
    squares = n / (n - 1) * n * shares * (1 - shares)  # (counted, methods)
    return NoiseFloor(
        rmse=float(np.sqrt(np.mean(squares[asked[counted]]))), photos=int(np.count_nonzero(counted))
    )


def _agree_too_well(votes: Array) -> bool:
    """Say whether votes scatter less than a multinomial with the same chances for every photo.

    By Pearson's chi-squared of homogeneity, whose lower tail different chances cannot reach: they only add.
    """
    from scipy.special import chdtr  # on use

    whole = votes[~np.isnan(votes).any(axis=1)]
    whole = whole[:, whole.sum(axis=0) > 0] if len(whole) else whole
    if len(whole) < 2 or whole.shape[1] < 2:
        return False
    expected = whole.sum(axis=1, keepdims=True) * whole.sum(axis=0) / whole.sum()
    statistic = float((np.square(whole - expected) / expected).sum())
    return bool(chdtr((len(whole) - 1) * (whole.shape[1] - 1), statistic) < _TOO_WELL)
