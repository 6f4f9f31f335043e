"""Registers the predecessor's pixel similarity as a configuration."""

from __future__ import annotations

from collections.abc import Iterator

from cbrkit_xai import ConfigurationPlugin, Profile, hookimpl, use

JAVA = Profile(
    representation=use("pixels"),
    metric=use("pixel-difference"),
    organizers=(use("linear"),),
    reuse=use("mean"),
    k=5,
)


@hookimpl
def cbrkit_xai_configurations() -> Iterator[ConfigurationPlugin]:
    """Yield it in the profile `java2021`."""
    yield ConfigurationPlugin(
        name="pixel-difference",
        summary="Photos are alike whose pixels differ little, place by place",
        source="the predecessor's program, 2021: pixel similarity",
        needs=("cbrkit-xai-features", "cbrkit-xai-ssim"),
        profiles={"java2021": JAVA},
    )
