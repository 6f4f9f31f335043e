"""1 - intersection of two histograms."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs

from cbrkit_xai.components import MetricPlugin
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.metrics.shares_of_sum import Shares, with_zero_rows
from cbrkit_xai.metrics.vector_tables import scipy_distances


@attrs.frozen(kw_only=True)
class HistogramIntersection:
    """`1 - sum min(p, q)` of the rows' shares p and q, 0 to 1.

    Swain and Ballard divide the intersection of the counts by the sum of one of the two; where both
    sums are equal, as between photos of one size, that is the same. Of shares it is symmetric, and
    half the sum of the absolute differences (total variation), as which it is computed: exactly 0
    from a row to itself.

    A zero row has no shares: it is at distance 1 from every other row and at 0 from another zero row.
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
        distances = scipy_distances(asked.shares, self.references.shares, "cityblock") / 2
        return with_zero_rows(distances, asked.is_zero, self.references.is_zero)


@hookimpl
def cbrkit_xai_metrics() -> Iterator[MetricPlugin]:
    """Register the histogram intersection as a distance."""
    yield MetricPlugin(
        name="histogram-intersection",
        summary="1 - what the shares of two histograms have in common",
        source="Swain and Ballard 1991, section 3.1",
        factory=HistogramIntersection,
        needs=("scipy",),
        accepts="vectors",
        domain="nonnegative",
        triangle=True,
        zero_vector="one",
        invariant=("scale", "order"),
    )
