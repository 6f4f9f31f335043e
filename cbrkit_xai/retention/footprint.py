"""Keeps a case only where the entries nearest to it do not solve it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs
import numpy as np

from cbrkit_xai.case import Case
from cbrkit_xai.cases import Cases
from cbrkit_xai.components import RetentionPolicyPlugin
from cbrkit_xai.freezing import texts
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.neighbours import Neighbours, mean_votes
from cbrkit_xai.retaining import Verdict


@attrs.frozen(kw_only=True)
class Footprint:
    """Keeps what the case base is not yet competent for.

    A case is covered by its neighbours if the nearest lies within `max_distance` and the method
    with the neighbours' most votes, on average, is the one with the case's own most votes. Where
    methods tie, each that the neighbours may mean must be one of the case's winners.

    Parameters
    ----------
    max_distance : float, optional
        In the metric's unit; by default learnt as the `quantile` of the distances between each
        case of the base and the entry nearest to it.
    quantile : float
        0 to 1; used where `max_distance` is not given.
    methods : tuple of str, optional
        What the columns of the neighbours' votes are about; learnt by `fitted`.
    """

    max_distance: float | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.ge(0))
    )
    quantile: float = attrs.field(
        default=0.95, validator=attrs.validators.and_(attrs.validators.ge(0), attrs.validators.le(1))
    )
    methods: tuple[str, ...] | None = attrs.field(default=None, converter=attrs.converters.optional(texts))

    def keeps(self, case: Case, neighbours: Neighbours) -> Verdict:
        """Compare the neighbours' winner with the case's own."""
        if not neighbours.positions.size or neighbours.positions[0, 0] < 0:
            return Verdict(keeps=True, reason="the case base is empty")
        nearest, name = float(neighbours.distances[0, 0]), neighbours.ids(0)[0]
        if self.max_distance is not None and nearest > self.max_distance:
            return Verdict(
                keeps=True,
                reason=f"its nearest entry {name} is {nearest:.4g} away, beyond {self.max_distance:.4g}, "
                "and does not cover it",
            )
        votes = mean_votes(neighbours.votes[0])
        predicted = {
            method: float(vote)
            for method, vote in zip(self.methods or (), votes, strict=self.methods is not None)
            if not np.isnan(vote) and method in case.votes
        }
        if len(predicted) < 2:
            return Verdict(keeps=True, reason="its neighbours say nothing about the methods it judges")
        said, own = _winners(predicted), _winners(case.votes)
        if said <= own:
            return Verdict(keeps=False, reason=f"its neighbours already predict its winner {_named(said)}")
        return Verdict(keeps=True, reason=f"its neighbours predict {_named(said)}, it says {_named(own)}")

    def fitted(self, cases: Cases, neighbours: Neighbours | None = None) -> Footprint:
        """Learn the methods' names, and the distance from the cases' leave-one-out neighbours."""
        learnt = attrs.evolve(self, methods=cases.methods)
        if self.max_distance is not None or neighbours is None or neighbours.distances.shape[1] == 0:
            return learnt
        nearest = neighbours.distances[:, 0]
        nearest = nearest[np.isfinite(nearest)]
        if not len(nearest):
            return learnt
        return attrs.evolve(learnt, max_distance=float(np.quantile(nearest, self.quantile)))


def _winners(votes: Mapping[str, float]) -> set[str]:
    most = max(votes.values())
    # Means of the same votes may differ in the last digit.
    return {method for method, value in votes.items() if value >= most - 1e-9 * abs(most)}


def _named(methods: set[str]) -> str:
    return " and ".join(sorted(methods))


@hookimpl
def cbrkit_xai_retention_policies() -> Iterator[RetentionPolicyPlugin]:
    """Register the policy."""
    yield RetentionPolicyPlugin(
        name="footprint",
        summary="Keeps a case only if the entries nearest to it do not solve it",
        source="Smyth & McKenna 1999, Footprint-based retrieval",
        factory=Footprint,
        examples=({"max_distance": 1.0},),
    )
