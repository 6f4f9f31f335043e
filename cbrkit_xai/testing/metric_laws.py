"""What every metric promises: of pairwise, of its shortcuts, and of the facts that it declares."""

from __future__ import annotations

from cbrkit_xai.testing.metric_fact_laws import FACT_LAWS
from cbrkit_xai.testing.metric_pairwise_laws import PAIRWISE_LAWS
from cbrkit_xai.testing.metric_shortcut_laws import SHORTCUT_LAWS

LAWS = [*PAIRWISE_LAWS.laws, *SHORTCUT_LAWS.laws, *FACT_LAWS.laws]
