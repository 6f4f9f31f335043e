"""Predicted votes as the neighbours' mean, drawn towards the base's mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import attrs

from cbrkit_xai.cases import Cases
from cbrkit_xai.components import ReuseStrategyPlugin
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.neighbours import Neighbours
from cbrkit_xai.reuse.mean import Mean
from cbrkit_xai.reuse.overall_means import OverallMeans, as_array, overall_means


@attrs.frozen(kw_only=True)
class Shrunk:
    """(1 - share) of the neighbours' mean and `share` of the base's mean.

    Parameters
    ----------
    share : float or "fitted"
        From 0, the neighbours alone, to 1, the base alone; "fitted" takes the share with the
        least leave-one-out squared error.
    weight : {"none", "similarity", "size"}
        How the neighbours' mean is weighted; as in the strategy `mean`.
    overall : tuple of float or None, optional
        The base's mean votes per method; learnt by `fitted`.
    """

    share: float | Literal["fitted"] = "fitted"
    weight: Literal["none", "similarity", "size"] = attrs.field(
        default="none", validator=attrs.validators.in_(("none", "similarity", "size"))
    )
    overall: OverallMeans | None = attrs.field(
        default=None, converter=attrs.converters.optional(overall_means)
    )

    def __attrs_post_init__(self) -> None:
        try:
            Mean(shrinkage=self.share)
        except ParameterError as error:
            error.where = "share"
            raise

    @property
    def _mean(self) -> Mean:
        overall = None if self.overall is None else as_array(self.overall)
        return Mean(weight=self.weight, shrinkage=self.share, overall=overall)

    def weights(self, neighbours: Neighbours) -> Array:
        """Return how much each neighbour counts, `(q, k)`; rows sum to 1."""
        return self._mean.weights(neighbours)

    def reuse(self, neighbours: Neighbours) -> Array:
        """Return predicted votes `(q, methods)`; NaN where neither neighbours nor base were asked.

        Raises
        ------
        ParameterError
            The strategy has not been fitted.
        """
        if self.overall is None or self.share == "fitted":
            raise ParameterError(
                "shrinking needs the base's mean",
                where="reuse 'shrunk'",
                next_step="call fitted, or compose and fit",
            )
        return self._mean.reuse(neighbours)

    def fitted(self, cases: Cases, neighbours: Neighbours | None = None) -> Shrunk:
        """Learn the base's mean and, where asked for, its share (the formula is in `Mean.fitted`).

        Parameters
        ----------
        cases : Cases
            The training cases.
        neighbours : Neighbours
            Their leave-one-out neighbours.
        """
        learnt = Mean(weight=self.weight, shrinkage=self.share).fitted(cases, neighbours)
        return attrs.evolve(self, share=learnt.shrinkage, overall=learnt.overall)


@hookimpl
def cbrkit_xai_reuse_strategies() -> Iterator[ReuseStrategyPlugin]:
    """Register the strategy."""
    yield ReuseStrategyPlugin(
        name="shrunk",
        summary="Neighbours' mean, drawn towards the base's mean by a given or learnt share",
        source="Copas 1983, Regression, prediction and shrinkage, JRSS B 45(3), 311-354",
        factory=Shrunk,
        examples=({"share": 0.3, "weight": "similarity"},),
        scale_free=True,
        fills=True,
    )
