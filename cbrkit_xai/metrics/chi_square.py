"""Chi-square distance between vectors of counts."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np

from cbrkit_xai.components import MetricPlugin
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.metrics.vector_tables import check_distances_finite, nonnegative_vectors, pair_by_pair


@attrs.frozen(kw_only=True)
class ChiSquare:
    """`sum (a - b)**2 / (a + b)` of numbers of at least 0; where both are 0 nothing is added.

    Without the factor 1/2 that some texts put before it: what scikit-learn's `additive_chi2_kernel`
    gives, with the sign turned. Its root obeys the triangle inequality; it does not.
    """

    def pairwise(self, queries: Array, references: Array) -> Array:
        """Return distances `(q, n)` of queries `(q, d)` from references `(n, d)`.

        Raises
        ------
        ParameterError
            A row holds NaN, infinity or a negative number, or the rows have different lengths.
        """
        rows = nonnegative_vectors(queries, "queries")
        return check_distances_finite(
            pair_by_pair(rows, nonnegative_vectors(references, "references"), _terms)
        )


def _terms(a: Array, b: Array) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        differences, sums = np.abs(a - b), a + b
        # Not the square first: it would be beyond float64 long before the quotient is.
        quotients = np.divide(differences, sums, out=np.zeros_like(sums), where=sums > 0)
        return np.multiply(differences, quotients, out=quotients)


@hookimpl
def cbrkit_xai_metrics() -> Iterator[MetricPlugin]:
    """Register the chi-square distance."""
    yield MetricPlugin(
        name="chi-square",
        summary="Squared differences, each by the sum of its two counts",
        source="Puzicha, Hofmann and Buhmann 1997; Zhang et al. 2007, eq. 2, without their factor 1/2",
        factory=ChiSquare,
        accepts="vectors",
        domain="nonnegative",
        triangle=False,
        invariant=("order",),
    )
