"""Registers the configuration HIST-EUC: colour histograms by Euclidean distance."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from cbrkit_xai import ConfigurationPlugin, Profile, hookimpl, use

# The paper's m = 2 and eps = 4800 (Table 2) were found on its own 200 photos; here they are
# searched for by its rule on the base at hand. Its k runs from 1 to 25.
PAPER = Profile(
    representation=use("histogram", norm="none"),
    metric=use("euclidean"),
    organizers=(use("linear"), use("dbscan-prototypes", noise="drop")),
    aggregator=use("mean"),  # eq. 3
    reuse=use("mean"),  # eqs. 4 and 5
    retention=use("always"),
    k=5,
)

RECOMMENDED = attrs.evolve(
    PAPER,
    representation=use("histogram", norm="l1"),  # comparable however many pixels were counted
    organizers=(use("linear"), use("dbscan-prototypes", noise="fallback")),
    reuse=use("mean", weight="similarity", shrinkage="fitted"),
)


@hookimpl
def cbrkit_xai_configurations() -> Iterator[ConfigurationPlugin]:
    """Yield HIST-EUC in the profiles `paper2022` and `recommended`."""
    yield ConfigurationPlugin(
        name="hist-euc",
        summary="Photos are alike whose colour histograms lie close (Euclidean)",
        source="Brito-Borges et al. 2022, Table 1, HIST-EUC; eps and min_samples searched as in section 3.4",
        needs=("cbrkit-xai-histogram",),
        profiles={"paper2022": PAPER, "recommended": RECOMMENDED},
    )
