"""Keeps a case only where the case base has nothing like it."""

from __future__ import annotations

from collections.abc import Iterable

import attrs
import numpy as np

from cbrkit_xai.case import Case
from cbrkit_xai.cases import Cases
from cbrkit_xai.components import RetentionPolicyPlugin
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.neighbours import Neighbours
from cbrkit_xai.retaining import Verdict


@attrs.frozen(kw_only=True)
class Novel:
    """Keeps a case that lies farther from its nearest entry than a distance.

    Parameters
    ----------
    min_distance : float, optional
        In the metric's unit; by default learnt as the `quantile` of the distances between
        each case of the base and the entry nearest to it.
    quantile : float
        0 to 1; used where `min_distance` is not given.
    """

    min_distance: float | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.ge(0))
    )
    quantile: float = attrs.field(
        default=0.1, validator=attrs.validators.and_(attrs.validators.ge(0), attrs.validators.le(1))
    )

    def keeps(self, case: Case, neighbours: Neighbours) -> Verdict:
        """Compare the distance of the nearest entry with the least that is novel."""
        if not neighbours.positions.size or neighbours.positions[0, 0] < 0:
            return Verdict(keeps=True, reason="the case base is empty")
        nearest = float(neighbours.distances[0, 0])
        bound = self.min_distance or 0.0
        name = neighbours.ids(0)[0]
        if nearest > bound:
            return Verdict(
                keeps=True, reason=f"its nearest entry {name} is {nearest:.4g} away, over {bound:.4g}"
            )
        return Verdict(
            keeps=False, reason=f"its nearest entry {name} is only {nearest:.4g} away, not over {bound:.4g}"
        )

    def fitted(self, cases: Cases, neighbours: Neighbours | None = None) -> Novel:
        """Learn the distance from the training cases' leave-one-out neighbours."""
        if self.min_distance is not None or neighbours is None or neighbours.distances.shape[1] == 0:
            return self
        nearest = neighbours.distances[:, 0]
        nearest = nearest[np.isfinite(nearest)]
        if not len(nearest):
            return self
        return attrs.evolve(self, min_distance=float(np.quantile(nearest, self.quantile)))


@hookimpl
def cbrkit_xai_retention_policies() -> Iterable[RetentionPolicyPlugin]:
    """Register the policy."""
    yield RetentionPolicyPlugin(
        name="novel",
        summary="Keeps a case only if nothing like it is there",
        source="Smyth & Keane 1995, the idea of competence",
        factory=Novel,
    )
