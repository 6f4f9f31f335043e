"""Registers the metric `minkowski-mean`: the Lp distance that does not grow with the number of bins."""

import attrs

from cbrkit_xai import MetricPlugin, hookimpl


@attrs.frozen(kw_only=True)
class MinkowskiMean:
    """The p-th root of the mean of `|x - y| ** p`; beyond p = 20 the powers leave float64."""

    p: float = attrs.field(default=3.0, validator=[attrs.validators.ge(1), attrs.validators.le(20)])

    def pairwise(self, queries, references):
        """Return distances `(q, n)` of queries `(q, d)` from references `(n, d)`."""
        from scipy.spatial.distance import cdist  # on use: listing plugins must not load scipy

        return cdist(queries, references, metric="minkowski", p=self.p) / queries.shape[1] ** (1 / self.p)


@hookimpl
def cbrkit_xai_metrics():
    """Register the metric."""
    yield MetricPlugin(
        name="minkowski-mean",
        summary="Root of the mean of powers of the absolute differences",
        source="Minkowski 1910, with the mean for the sum; scipy's minkowski",
        factory=MinkowskiMean,
        needs=("scipy",),
        examples=({"p": 1},),
        triangle=True,
        invariant=("translation", "order"),
    )
