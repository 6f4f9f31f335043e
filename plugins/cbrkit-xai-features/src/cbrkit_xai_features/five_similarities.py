"""Registers the predecessor's sum of five weighted similarities as a configuration."""

from __future__ import annotations

from collections.abc import Iterator

from cbrkit_xai import ConfigurationPlugin, Profile, hookimpl, use

WEIGHTS = {"class": 0.5, "colour": 0.1, "pixels": 0.15, "structure": 0.4, "content": 0.3}
"""The predecessor's five weights. Which similarity each belonged to is not known: the names are ours."""

REPRESENTATIONS = {
    "class": {"use": "class-probabilities", "classifier": {"use": "efficientnet-lite0"}},
    "colour": {"use": "java2021-blue-histogram"},
    "pixels": {"use": "pixels"},
    "structure": {"use": "pixels"},
    "content": {"use": "latent"},
}

METRICS = {
    "class": {"use": "hellinger"},
    "colour": {"use": "java2021-bhattacharyya"},
    "pixels": {"use": "pixel-difference"},
    "structure": {"use": "java2021-block-ssim"},
    "content": {"use": "cosine"},
}
"""Distances from 0 to 1 (cosine too, of numbers >= 0), so that the weights can be compared."""

JAVA = Profile(
    representation=use("several", parts=REPRESENTATIONS),
    metric=use("fused", parts=METRICS, weights=WEIGHTS),
    organizers=(use("linear"),),
    reuse=use("mean"),
    k=5,
)


@hookimpl
def cbrkit_xai_configurations() -> Iterator[ConfigurationPlugin]:
    """Yield it in the profile `java2021`."""
    yield ConfigurationPlugin(
        name="five-similarities",
        summary="Photos are alike by five similarities at once, weighted .5, .1, .15, .4 and .3",
        source="the predecessor's program, 2021: its five weights; our choice of what each one weighs",
        needs=("cbrkit-xai-features", "cbrkit-xai-latent", "cbrkit-xai-ssim"),
        profiles={"java2021": JAVA},
    )
