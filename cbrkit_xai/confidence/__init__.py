"""How sure a recommendation may be: calibrated chances, an honest skill, a conformal set."""

from cbrkit_xai.confidence.conformal import conformal_threshold, in_set
from cbrkit_xai.confidence.fitting import CrossFit, fit_confidence
from cbrkit_xai.confidence.mixture import Mixture, fit_mixture, fit_overall, log_scores
from cbrkit_xai.confidence.shares import informative, overall_shares, overall_shares_without, shares
from cbrkit_xai.confidence.skill import skill_with_interval, squared_errors
from cbrkit_xai.confidence.stated import Basis, Confidence
from cbrkit_xai.confidence.winner import chance_of_winning

__all__ = [
    "Basis",
    "Confidence",
    "CrossFit",
    "Mixture",
    "chance_of_winning",
    "conformal_threshold",
    "fit_confidence",
    "fit_mixture",
    "fit_overall",
    "in_set",
    "informative",
    "log_scores",
    "overall_shares",
    "overall_shares_without",
    "shares",
    "skill_with_interval",
    "squared_errors",
]
