"""Predicted votes as the mean of the neighbours' votes (the paper's eqs. 4 and 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.components import ReuseStrategyPlugin
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.features import Array
from cbrkit_xai.freezing import numbers
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.neighbours import Neighbours, mean_votes, weighted_mean


def _is_share_or_fitted(instance: Mean, attribute: attrs.Attribute[Any], value: Any) -> None:
    if value == "fitted":
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ParameterError(
            f"{value!r} does not fit", where=attribute.name, allowed="a number from 0 to 1, or 'fitted'"
        )


@attrs.frozen(kw_only=True)
class Mean:
    """Mean of the neighbours' votes, optionally weighted and shrunk towards the base's mean.

    Parameters
    ----------
    weight : {"none", "similarity", "size"}
        `none`: all alike, as in the paper. `similarity`: 1 / (1 + d / d_1), with d_1 the mean
        distance of the query's neighbours, so that the unit of the metric does not matter.
        `size`: the number of cases an entry stands for.
    shrinkage : float or "fitted"
        Share of the base's mean in the prediction, 0 (the paper) to 1; "fitted" takes the
        share with the least leave-one-out squared error.
    overall : tuple of float, optional
        The base's mean votes per method; learnt by `fitted`.
    """

    weight: Literal["none", "similarity", "size"] = attrs.field(
        default="none", validator=attrs.validators.in_(("none", "similarity", "size"))
    )
    shrinkage: float | Literal["fitted"] = attrs.field(default=0.0, validator=_is_share_or_fitted)
    overall: tuple[float, ...] | None = attrs.field(
        default=None, converter=attrs.converters.optional(numbers)
    )

    @property
    def facts(self) -> Mapping[str, bool]:
        """What holds only while nothing comes from the base: the neighbours' range, and a single's votes."""
        alone = self.shrinkage == 0.0
        return {"hull": alone, "repeats_single": alone, "fills": not alone}

    def weights(self, neighbours: Neighbours) -> Array:
        """Return how much each neighbour counts, `(q, k)`; rows sum to 1."""
        present = neighbours.positions >= 0  # (queries, k)
        if self.weight == "size":
            raw = neighbours.sizes.astype(np.float64)
        elif self.weight == "similarity":
            raw = _similarity(neighbours.distances, present)
        else:
            raw = np.ones(present.shape)
        raw = np.where(present, raw, 0.0)
        total = raw.sum(axis=1, keepdims=True)
        return np.divide(raw, total, out=np.zeros_like(raw), where=total > 0)

    def reuse(self, neighbours: Neighbours) -> Array:
        """Return predicted votes `(q, methods)`; NaN where neither neighbours nor base were asked.

        Raises
        ------
        ParameterError
            Shrinkage was asked for and the strategy has not been fitted.
        """
        predicted = weighted_mean(neighbours.votes, self.weights(neighbours))
        if self.shrinkage == 0.0:
            return predicted
        if self.overall is None or self.shrinkage == "fitted":
            raise ParameterError(
                "shrinkage needs the base's mean",
                where="reuse 'mean'",
                next_step="call fitted, or compose and fit",
            )
        overall = np.asarray(self.overall)
        shrunk = (1 - self.shrinkage) * predicted + self.shrinkage * overall
        return np.where(np.isnan(predicted), overall, np.where(np.isnan(overall), predicted, shrunk))

    def fitted(self, cases: Cases, neighbours: Neighbours | None = None) -> Mean:
        """Learn the base's mean and, where asked for, the share it gets.

        With r_i the neighbours' mean for case i without itself, o_i the base's mean without it
        and y_i its votes, the squared error of (1 - s) r_i + s o_i is least at
        s = sum (r_i - o_i)(r_i - y_i) / sum (r_i - o_i)^2, cut to [0, 1].

        Parameters
        ----------
        cases : Cases
            The training cases.
        neighbours : Neighbours
            Their leave-one-out neighbours.
        """
        overall = mean_votes(cases.votes)
        shrinkage = self.shrinkage
        if shrinkage == "fitted":
            shrinkage = 1.0 if neighbours is None else _least_error_share(self, cases, neighbours)
        return attrs.evolve(self, shrinkage=shrinkage, overall=tuple(overall))


def _similarity(distances: Array, present: Array) -> Array:
    found = present.sum(axis=1, keepdims=True)
    scale = np.where(present, distances, 0.0).sum(axis=1, keepdims=True) / np.maximum(found, 1)
    relative = np.divide(
        np.where(present, distances, 0.0), scale, out=np.zeros_like(distances), where=scale > 0
    )
    return 1.0 / (1.0 + relative)


def _least_error_share(strategy: Mean, cases: Cases, neighbours: Neighbours) -> float:
    from_neighbours = weighted_mean(neighbours.votes, strategy.weights(neighbours))
    without = _mean_without_own_group(cases)
    usable = ~(np.isnan(from_neighbours) | np.isnan(without) | np.isnan(cases.votes))
    away = np.where(usable, from_neighbours - without, 0.0)
    missed = np.where(usable, from_neighbours - cases.votes, 0.0)
    spread = float((away**2).sum())
    if spread == 0.0:  # the neighbours say what the base says, or nobody could be compared
        return 1.0
    return float(np.clip((away * missed).sum() / spread, 0.0, 1.0))


def _mean_without_own_group(cases: Cases) -> Array:
    """Return the base's mean votes without each case's group, `(n, methods)`."""
    _, group = np.unique(np.asarray(cases.groups), return_inverse=True)
    asked = (~np.isnan(cases.votes)).astype(np.float64)
    votes = np.where(asked > 0, cases.votes, 0.0)
    of_group = np.zeros((2, group.max() + 1, votes.shape[1]))
    np.add.at(of_group[0], group, votes)
    np.add.at(of_group[1], group, asked)
    left, count = votes.sum(axis=0) - of_group[0][group], asked.sum(axis=0) - of_group[1][group]
    return np.divide(left, count, out=np.full_like(left, np.nan), where=count > 0)


@hookimpl
def cbrkit_xai_reuse_strategies() -> Iterable[ReuseStrategyPlugin]:
    """Register the mean."""
    yield ReuseStrategyPlugin(
        name="mean",
        summary="Mean of the neighbours' votes, weighted and shrunk as asked",
        source="Brito-Borges et al. 2022, eqs. 4 and 5",
        factory=Mean,
        examples=({"weight": "similarity"}, {"weight": "size", "shrinkage": "fitted"}),
        hull=True,
        repeats_single=True,
        scale_free=True,
    )
