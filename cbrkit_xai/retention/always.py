"""Keeps every case."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from cbrkit_xai.case import Case
from cbrkit_xai.components import RetentionPolicyPlugin
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.neighbours import Neighbours
from cbrkit_xai.retaining import Verdict


@attrs.frozen(kw_only=True)
class Always:
    """Keeps every case."""

    def keeps(self, case: Case, neighbours: Neighbours) -> Verdict:
        """Say yes."""
        return Verdict(keeps=True, reason="every case is kept")


@hookimpl
def cbrkit_xai_retention_policies() -> Iterable[RetentionPolicyPlugin]:
    """Register the policy."""
    yield RetentionPolicyPlugin(
        name="always", summary="Keeps every case", source="Aamodt & Plaza 1994", factory=Always
    )
