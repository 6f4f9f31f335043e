"""How sure a recommendation may be: calibrated chances, an honest skill, a conformal set."""

from cbrkit_xai.confidence.fitting import fit_confidence
from cbrkit_xai.confidence.mixture import Mixture
from cbrkit_xai.confidence.shares import shares
from cbrkit_xai.confidence.stated import Confidence

__all__ = ["Confidence", "Mixture", "fit_confidence", "shares"]
