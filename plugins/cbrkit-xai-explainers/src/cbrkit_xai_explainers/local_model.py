"""A linear model of a classifier near one photo: which superpixels raise its answer."""

from __future__ import annotations

import attrs
import numpy as np

from cbrkit_xai.features import Array


@attrs.frozen(kw_only=True, eq=False)
class LocalModel:
    """Probability as intercept + the weights of the superpixels that are visible."""

    weights: Array  # (superpixels,)
    intercept: float
    r2: float  # share of the weighted variance that the model explains


def nearness(kept: Array, kernel_width: float) -> Array:
    """Return how much each sample counts: 1 for the whole photo, less the more is hidden.

    The kernel of the package `lime` for images: with d the cosine distance between a row and
    the row of ones, `sqrt(exp(-d**2 / kernel_width**2))`.

    Parameters
    ----------
    kept : (n, superpixels) bool or 0/1 array
        Which superpixels are visible in each sample.
    kernel_width : float
        Distance at which a sample counts 0.61.
    """
    # The cosine of a row of k ones among m and the row of m ones is k / sqrt(k m) = sqrt(k / m).
    distances = 1 - np.sqrt(kept.mean(axis=1))  # (n,); 1 where nothing is visible
    return np.exp(-(distances**2) / (2 * kernel_width**2))


def local_model(kept: Array, probabilities: Array, counts: Array, alpha: float) -> LocalModel:
    """Fit a weighted ridge regression of the probabilities on what is visible.

    Minimises `sum(counts * (probabilities - intercept - kept @ weights)**2) + alpha * sum(weights**2)`.

    Parameters
    ----------
    kept : (n, superpixels) bool or 0/1 array
        Which superpixels are visible in each sample.
    probabilities : (n,) float array
        The classifier's answers.
    counts : (n,) float array
        How much each sample counts.
    alpha : float
        How strongly the weights are drawn to 0.
    """
    from sklearn.linear_model import Ridge  # on use: listing plugins must not load scikit-learn

    visible = kept.astype(np.float64)
    ridge = Ridge(alpha=alpha, fit_intercept=True).fit(visible, probabilities, sample_weight=counts)
    return LocalModel(
        weights=ridge.coef_,
        intercept=float(ridge.intercept_),
        r2=float(ridge.score(visible, probabilities, sample_weight=counts)),
    )
