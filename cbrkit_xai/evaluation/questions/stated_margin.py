"""The margin by which a predictor may be worse and still count as no worse."""

from __future__ import annotations

import math

import attrs

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.decisions.non_inferiority import SHARE, default_margin, squared_margin
from cbrkit_xai.evaluation.results import GLOBAL_MEAN, UNIFORM, Evaluation
from cbrkit_xai.evaluation.scoring.vote_errors import pooled_rmse
from cbrkit_xai.evaluation.wording import number


@attrs.frozen(kw_only=True)
class StatedMargin:
    """A margin in votes, and where it comes from.

    Parameters
    ----------
    votes : float
        A difference of root mean squared errors; NaN where there is none.
    source : str
        In words.
    problem : str
        Why there is none; empty if there is.
    """

    votes: float
    source: str
    problem: str = ""

    def squared(self, reference_squared_error: float) -> float:
        """Return the margin as a difference of squared errors from a reference's; 0 where there is none."""
        if self.problem or math.isnan(reference_squared_error):
            return 0.0
        return squared_margin(self.votes, reference_squared_error)


def check_margin(margin: float | None) -> None:
    """Refuse a margin that allows nothing.

    Raises
    ------
    ParameterError
        The margin is no number above 0.
    """
    if margin is not None and not (math.isfinite(margin) and margin > 0):
        raise ParameterError(f"margin is {margin!r}", where="margin", allowed="a number of votes above 0")


def stated_margin(evaluation: Evaluation, margin: float | None = None) -> StatedMargin:
    """Return the margin given, or a tenth of what the global mean gains over uniform votes.

    Parameters
    ----------
    margin : float, optional
        In votes, on the scale of the pooled RMSE.

    Raises
    ------
    ParameterError
        The margin is no number above 0.
    """
    if margin is not None:
        check_margin(margin)
        return StatedMargin(votes=float(margin), source="stated by whoever asked")
    missing = [name for name in (UNIFORM, GLOBAL_MEAN) if name not in evaluation.runs]
    if missing:
        problem = f"there is no margin: the baseline {missing[0]} was not evaluated, and none was stated"
        return StatedMargin(votes=math.nan, source="", problem=problem)
    uniform, mean = (pooled_error(evaluation, name) for name in (UNIFORM, GLOBAL_MEAN))
    found = default_margin(uniform, mean)
    source = f"{SHARE:.0%} of (RMSE uniform − RMSE global mean)".replace("%", " %")
    if not found > 0:
        problem = (
            f"there is no margin: the global mean (RMSE {number(mean)}) predicts no better than uniform "
            f"votes (RMSE {number(uniform)}), and none was stated"
        )
        return StatedMargin(votes=found, source=source, problem=problem)
    return StatedMargin(votes=found, source=source)


def pooled_error(evaluation: Evaluation, label: str) -> float:
    """Return the pooled RMSE of a run without neighbours."""
    run = evaluation.run(label)
    return float(pooled_rmse(run.at(run.ks[0]), evaluation.votes, over=(0, 1)))
