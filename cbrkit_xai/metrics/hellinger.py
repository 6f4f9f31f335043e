"""Hellinger distance between vectors of counts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import attrs
import numpy as np

from cbrkit_xai.components import MetricPlugin
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.metrics.shares_of_sum import Shares, with_zero_rows
from cbrkit_xai.metrics.squared_differences import euclidean_distances


@attrs.frozen(kw_only=True)
class Hellinger:
    """`sqrt(1 - sum sqrt(p q))` of the rows' shares p and q, 0 to 1.

    The sum is the Bhattacharyya coefficient BC, so that this is what OpenCV's `HISTCMP_BHATTACHARYYA`
    gives; Bhattacharyya's own distance, -ln BC, has the same order but is infinite between rows that
    have nothing in common.

    A zero row has no shares: it is at distance 1 from every other row and at 0 from another zero row.

    Computed as the Euclidean distance of the shares' square roots divided by sqrt(2), which is the
    same number, but exactly 0 from a row to itself.
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
        """Take the references' roots once; the answer maps queries `(q, d)` to distances `(q, n)`."""
        roots, is_zero = _roots(references, "references")
        return _FromPrepared(roots=roots, is_zero=is_zero)

    def embed(self, features: Array) -> Array:
        """Map rows `(n, d)` to unit vectors `(n, d + 1)` whose Euclidean order is the metric's.

        They are the square roots of the shares and a 0; a zero row becomes the one direction that is
        orthogonal to all the others.
        """
        roots, is_zero = _roots(features, "features")
        return np.concatenate([roots, is_zero[:, None]], axis=1)


def _roots(features: Array, what: str) -> tuple[Array, Array]:
    found = Shares.of(features, what)
    return np.sqrt(found.shares), found.is_zero


@attrs.frozen(kw_only=True, eq=False)
class _FromPrepared:
    roots: Array
    is_zero: Array

    def __call__(self, queries: Array) -> Array:
        roots, is_zero = _roots(queries, "queries")
        distances = euclidean_distances(roots, self.roots) / math.sqrt(2)
        return with_zero_rows(distances, is_zero, self.is_zero)


@hookimpl
def cbrkit_xai_metrics() -> Iterator[MetricPlugin]:
    """Register the Hellinger distance."""
    yield MetricPlugin(
        name="hellinger",
        summary="Distance of the roots of the shares; root of 1 - the Bhattacharyya coefficient",
        source="Hellinger 1909; Bhattacharyya 1943",
        factory=Hellinger,
        accepts="vectors",
        domain="nonnegative",
        triangle=True,
        zero_vector="one",
        invariant=("scale", "order"),
    )
