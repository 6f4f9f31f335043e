"""Earth mover's distance between histograms, channel by channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.components import MetricPlugin
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.metrics.shares_of_sum import Shares, split_evenly, with_zero_rows
from cbrkit_xai.metrics.squared_differences import check_same_width
from cbrkit_xai.metrics.vector_tables import nonnegative_vectors, scipy_distances


def _is_natural(instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ParameterError(
            f"{value!r} does not fit", where=attribute.name, allowed="a whole number of at least 1"
        )


@attrs.frozen(kw_only=True)
class EarthMovers:
    """The work of moving one histogram's shares to where the other's lie, 0 to 1.

    In one dimension it is the sum of the absolute differences of the cumulated shares. The unit of
    way is the whole range, from the first bin to the last, so that the number of bins does not
    matter; times (bins - 1) it is in bins, as in `scipy.stats.wasserstein_distance`.

    A channel of zeros has no shares: it is at distance 1 from every other and at 0 from another one.

    Parameters
    ----------
    channels : int
        How many histograms of equal length stand end to end in a vector, such as 3 for red, green
        and blue. Nothing moves from one to another: the distance is the mean over the channels.
    """

    channels: int = attrs.field(default=1, validator=_is_natural)

    def pairwise(self, queries: Array, references: Array) -> Array:
        """Return distances `(q, n)` of queries `(q, d)` from references `(n, d)`.

        Raises
        ------
        ParameterError
            A row holds NaN, infinity or a negative number, the rows have different lengths, or d is
            no multiple of `channels`.
        """
        return self.prepare(references)(queries)

    def prepare(self, references: Array) -> Callable[[Array], Array]:
        """Cumulate the references once; the answer maps queries `(q, d)` to distances `(q, n)`."""
        rows = nonnegative_vectors(references, "references")
        return _FromPrepared(references=rows, cumulated=_cumulated(rows, self.channels, "references"))


def _cumulated(rows: Array, channels: int, what: str) -> list[Shares]:
    """Cumulate each channel's shares, without the last sum, which is 1 whatever the histogram."""
    found = []
    for channel in split_evenly(rows, channels, what):
        one = Shares.of(channel, what)
        found.append(attrs.evolve(one, shares=np.cumsum(one.shares, axis=1)[:, :-1]))
    return found


@attrs.frozen(kw_only=True, eq=False)
class _FromPrepared:
    references: Array
    cumulated: list[Shares]

    def __call__(self, queries: Array) -> Array:
        rows = nonnegative_vectors(queries, "queries")
        check_same_width(rows, self.references)
        distances = np.zeros((len(rows), len(self.references)))
        asked = _cumulated(rows, len(self.cumulated), "queries")
        for query, known in zip(asked, self.cumulated, strict=True):
            ways = max(1, known.shares.shape[1])
            moved = scipy_distances(query.shares, known.shares, "cityblock") / ways
            distances += with_zero_rows(moved, query.is_zero, known.is_zero)
        return distances / len(asked)


@hookimpl
def cbrkit_xai_metrics() -> Iterator[MetricPlugin]:
    """Register the earth mover's distance."""
    yield MetricPlugin(
        name="earth-movers",
        summary="Way that shares must be moved along the bins, as a part of the range",
        source="Werman, Peleg and Rosenfeld 1985 (one dimension); Rubner, Tomasi and Guibas 2000",
        factory=EarthMovers,
        needs=("scipy",),
        examples=({"channels": 3},),
        accepts="vectors",
        domain="nonnegative",
        triangle=True,
        invariant=("scale",),
    )
