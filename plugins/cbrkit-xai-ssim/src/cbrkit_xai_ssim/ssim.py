"""Registers the configuration SSIM: pixels by structural similarity."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from cbrkit_xai import ConfigurationPlugin, Profile, hookimpl, use

# The paper found no eps and min_samples that met its conditions (Table 2, last row), so it
# has no prototypes for SSIM; that is an answer to expect here too. It does not say which
# window it used: scikit-image's defaults are assumed. Its k runs from 1 to 25.
PAPER = Profile(
    representation=use("pixels"),
    metric=use("ssim"),
    organizers=(use("linear"), use("dbscan-prototypes", noise="drop")),
    aggregator=use("mean"),  # eq. 3
    reuse=use("mean"),  # eqs. 4 and 5
    retention=use("always"),
    k=5,
)

RECOMMENDED = attrs.evolve(
    PAPER,
    organizers=(use("linear"), use("dbscan-prototypes", noise="fallback")),
    reuse=use("mean", weight="similarity", shrinkage="fitted"),
)


@hookimpl
def cbrkit_xai_configurations() -> Iterator[ConfigurationPlugin]:
    """Yield SSIM in the profiles `paper2022` and `recommended`."""
    yield ConfigurationPlugin(
        name="ssim",
        summary="Photos are alike whose pixels show the same structure in the same places",
        source="Brito-Borges et al. 2022, Table 1, SSIM; eps and min_samples searched as in section 3.4",
        needs=("cbrkit-xai-ssim",),
        profiles={"paper2022": PAPER, "recommended": RECOMMENDED},
    )
