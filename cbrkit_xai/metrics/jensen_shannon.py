"""Jensen-Shannon distance between vectors of counts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import attrs
import numpy as np

from cbrkit_xai.components import MetricPlugin
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.metrics.shares_of_sum import Shares, with_zero_rows
from cbrkit_xai.metrics.vector_tables import pair_by_pair


@attrs.frozen(kw_only=True)
class JensenShannon:
    """Root of the Jensen-Shannon divergence, in bits, of the rows' shares: 0 to 1.

    A zero row has no shares: it is at distance 1 from every other row and at 0 from another zero row.

    The numbers are those of `scipy.spatial.distance.jensenshannon` with base 2. scipy's own sum of
    logarithms is left to cancellation: of rows that differ by 1e-9 of themselves it makes NaN as
    often as not.
    """

    def pairwise(self, queries: Array, references: Array) -> Array:
        """Return distances `(q, n)` of queries `(q, d)` from references `(n, d)`.

        Raises
        ------
        ParameterError
            A row holds NaN, infinity or a negative number, or the rows have different lengths.
        """
        return self.prepare(references)(queries)

    def prepare(self, references: Array) -> Callable[[Array], Array]:
        """Find the references' shares once; the answer maps queries `(q, d)` to distances `(q, n)`."""
        return _FromPrepared(references=Shares.of(references, "references"))


@attrs.frozen(kw_only=True, eq=False)
class _FromPrepared:
    references: Shares

    def __call__(self, queries: Array) -> Array:
        asked = Shares.of(queries, "queries")
        divergences = pair_by_pair(asked.shares, self.references.shares, _terms)
        np.divide(divergences, 4 * math.log(2), out=divergences)
        return with_zero_rows(np.sqrt(divergences, out=divergences), asked.is_zero, self.references.is_zero)


def _terms(p: Array, q: Array) -> Array:
    """Four times each element's part of the divergence, in nats: at least 0, and exact for small ones.

    With s = p + q and t = |p - q| / s it is s ((1 + t) ln(1 + t) + (1 - t) ln(1 - t)), and the bracket
    is ln(1 - t^2) + 2 t artanh(t): about 2 t^2 - t^2, where the first form subtracts t from t.
    """
    sums = p + q
    t = np.divide(np.abs(p - q), sums, out=np.zeros_like(sums), where=sums > 0)
    only_one = t == 1
    t[only_one] = 0.0
    bracket = np.log1p(-t * t) + 2 * t * np.arctanh(t)
    bracket[only_one] = 2 * math.log(2)
    return np.multiply(sums, np.maximum(bracket, 0.0), out=sums)


@hookimpl
def cbrkit_xai_metrics() -> Iterator[MetricPlugin]:
    """Register the Jensen-Shannon distance."""
    yield MetricPlugin(
        name="jensen-shannon",
        summary="Root of the Jensen-Shannon divergence of the shares, base 2",
        source="Lin 1991; Endres and Schindelin 2003 (the root is a metric)",
        factory=JensenShannon,
        accepts="vectors",
        domain="nonnegative",
        triangle=True,
        zero_vector="one",
        invariant=("scale", "order"),
    )
