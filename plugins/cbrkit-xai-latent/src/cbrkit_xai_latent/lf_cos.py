"""Registers the configuration LF-COS: latent features by cosine distance."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from cbrkit_xai import ConfigurationPlugin, Profile, hookimpl, use

# The paper's m = 6 and eps = 0.82 (Table 2) were found on its own 200 photos; here they are
# searched for by its rule on the base at hand. (Its eps equals its silhouette score, which
# looks like one number printed twice.) Its k runs from 1 to 25. Its network is InceptionV3.
PAPER = Profile(
    representation=use("latent", norm="none"),
    metric=use("cosine"),
    organizers=(use("linear"), use("dbscan-prototypes", noise="drop")),
    aggregator=use("mean"),  # eq. 3
    reuse=use("mean"),  # eqs. 4 and 5
    retention=use("always"),
    k=5,
    substituted="EfficientNet-Lite0's 1,280 latent features, not the 2,048 of the paper's InceptionV3",
)

RECOMMENDED = attrs.evolve(
    PAPER,
    substituted="",  # this profile promises no network of the paper's
    representation=use("latent", norm="l2"),  # every member counts alike in its prototype
    organizers=(use("linear"), use("dbscan-prototypes", noise="fallback")),
    reuse=use("mean", weight="similarity", shrinkage="fitted"),
)


@hookimpl
def cbrkit_xai_configurations() -> Iterator[ConfigurationPlugin]:
    """Yield LF-COS in the profiles `paper2022` and `recommended`."""
    yield ConfigurationPlugin(
        name="lf-cos",
        summary="Photos are alike whose latent features point the same way (cosine)",
        source="Brito-Borges et al. 2022, Table 1, LF-COS; eps and min_samples searched as in section 3.4",
        needs=("cbrkit-xai-latent",),
        profiles={"paper2022": PAPER, "recommended": RECOMMENDED},
    )
