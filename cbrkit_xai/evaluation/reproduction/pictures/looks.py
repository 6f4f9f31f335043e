"""How each of the paper's configurations is drawn, in every picture alike."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cbrkit_xai.evaluation.report.banners import Banner
from cbrkit_xai.evaluation.report.plots.palette import BLACK, BLUE, GREEN, ORANGE, PURPLE, VERMILION, Look
from cbrkit_xai.evaluation.reproduction.papers_configurations import PapersConfiguration

LOOKS: Mapping[str, Look] = MappingProxyType(
    {
        "hist-euc": Look(colour=BLUE, marker="o"),
        "hist-cos": Look(colour=VERMILION, marker="s"),
        "lf-euc": Look(colour=GREEN, marker="^"),
        "lf-cos": Look(colour=PURPLE, marker="D"),
        "ssim": Look(colour=ORANGE, marker="v"),
    }
)
OTHER = Look(colour=BLACK, marker="X")


def look_of(name: str) -> Look:
    """Return how a configuration is drawn."""
    return LOOKS.get(name, OTHER)


def substitution_banners(configurations: tuple[PapersConfiguration, ...]) -> tuple[Banner, ...]:
    """Return a banner for each thing that stands in the place of what the paper used."""
    by_substitute: dict[str, list[str]] = {}
    for one in configurations:
        if one.substituted:
            by_substitute.setdefault(one.substituted, []).append(one.paper.identifier)
    return tuple(
        Banner(word="SUBSTITUTED", sentence=f"{' and '.join(names)}: {told}")
        for told, names in by_substitute.items()
    )
