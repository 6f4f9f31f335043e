"""Registers the predecessor's histogram similarity as a configuration."""

from __future__ import annotations

from collections.abc import Iterator

from cbrkit_xai import ConfigurationPlugin, Profile, hookimpl, use

JAVA = Profile(
    representation=use("java2021-blue-histogram"),
    metric=use("java2021-bhattacharyya"),
    organizers=(use("linear"),),
    reuse=use("mean"),
    k=5,
)


@hookimpl
def cbrkit_xai_configurations() -> Iterator[ConfigurationPlugin]:
    """Yield it in the profile `java2021`."""
    yield ConfigurationPlugin(
        name="blue-hist-bhattacharyya",
        summary="Photos are alike whose histograms of blue overlap (Bhattacharyya)",
        source="the predecessor's program, 2021: histogram similarity",
        needs=("cbrkit-xai-features",),
        profiles={"java2021": JAVA},
    )
