"""Registers the predecessor's SSIM as a configuration."""

from __future__ import annotations

from collections.abc import Iterator

from cbrkit_xai import ConfigurationPlugin, Profile, hookimpl, use

JAVA = Profile(
    representation=use("pixels"),
    metric=use("java2021-block-ssim"),
    organizers=(use("linear"),),
    reuse=use("mean"),
    k=5,
)


@hookimpl
def cbrkit_xai_configurations() -> Iterator[ConfigurationPlugin]:
    """Yield it in the profile `java2021`."""
    yield ConfigurationPlugin(
        name="block-ssim",
        summary="Photos are alike whose blocks of 8 x 8 pixels show the same structure",
        source="the predecessor's program, 2021: SSIM similarity",
        needs=("cbrkit-xai-features", "cbrkit-xai-ssim"),
        profiles={"java2021": JAVA},
    )
