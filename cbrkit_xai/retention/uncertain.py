"""Keeps a case only where the case base does not know what to say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import attrs
import numpy as np

from cbrkit_xai.case import Case
from cbrkit_xai.cases import Cases
from cbrkit_xai.components import RetentionPolicyPlugin
from cbrkit_xai.confidence.shares import shares
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.neighbours import Neighbours, mean_votes
from cbrkit_xai.retaining import Verdict

_share = [attrs.validators.ge(0.0), attrs.validators.le(1.0)]


@attrs.frozen(kw_only=True)
class Uncertain:
    """Keeps a case whose neighbours, taken together, favour no method clearly.

    Parameters
    ----------
    measure : {"entropy", "margin"}
        Of the neighbours' mean vote shares. `entropy`: as a part of the largest possible.
        `margin`: 1 minus the lead of the first method over the second. Both go from 0, sure, to 1.
    threshold : float, optional
        A case is kept if the uncertainty is at least this, 0 to 1; by default learnt as the
        `quantile` over the cases of the base.
    quantile : float
        0 to 1; used where `threshold` is not given.
    """

    measure: Literal["entropy", "margin"] = attrs.field(
        default="entropy", validator=attrs.validators.in_(("entropy", "margin"))
    )
    threshold: float | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.and_(*_share))
    )
    quantile: float = attrs.field(default=0.5, validator=_share)

    def keeps(self, case: Case, neighbours: Neighbours) -> Verdict:
        """Compare the uncertainty of the neighbours' mean shares with the threshold."""
        found = int(neighbours.k_eff[0]) if len(neighbours) else 0
        uncertainty = self._uncertainty(neighbours.votes[0]) if found else np.nan
        if np.isnan(uncertainty):
            return Verdict(keeps=True, reason="no similar case has votes to compare methods by")
        bound = self.threshold or 0.0
        said = f"uncertainty {uncertainty:.2f}, of which {bound:.2f} is enough"
        if uncertainty >= bound:
            others = (
                f"the {found} most similar entries favour" if found > 1 else "the most similar entry favours"
            )
            return Verdict(keeps=True, reason=f"{others} no method clearly: {said}")
        others = f"the {found} most similar entries" if found > 1 else "the most similar entry"
        return Verdict(keeps=False, reason=f"a method is clear from {others}: {said}")

    def fitted(self, cases: Cases, neighbours: Neighbours | None = None) -> Uncertain:
        """Learn the threshold from the training cases' leave-one-out neighbours."""
        if self.threshold is not None or neighbours is None:
            return self
        known = np.array([self._uncertainty(votes) for votes in neighbours.votes])
        known = known[~np.isnan(known)]
        if not len(known):
            return self
        return attrs.evolve(self, threshold=float(np.quantile(known, self.quantile)))

    def _uncertainty(self, votes: Array) -> float:
        """Return the uncertainty of neighbours' votes `(k, methods)`; NaN where none can be told."""
        known = mean_votes(shares(votes))
        known = np.sort(known[~np.isnan(known)])[::-1]
        if len(known) < 2 or not known[0] > 0:
            return float("nan")
        known = known / known.sum()
        if self.measure == "margin":
            return float(1 - (known[0] - known[1]))
        positive = known[known > 0]
        return min(1.0, abs(float((positive * np.log(positive)).sum())) / float(np.log(len(known))))


@hookimpl
def cbrkit_xai_retention_policies() -> Iterator[RetentionPolicyPlugin]:
    """Register the policy."""
    yield RetentionPolicyPlugin(
        name="uncertain",
        summary="Keeps a case only if its neighbours favour no method clearly",
        source="Lewis & Gale 1994, uncertainty sampling",
        factory=Uncertain,
        examples=({"measure": "margin"}, {"threshold": 0.5}),
        keeps_far=False,
    )
