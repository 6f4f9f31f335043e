"""Fit every named configuration to the bundled bases, so that the first question is answered at once.

`python -m cbrkit_xai.bases.fits` writes one small JSON file per fit beside the bases, and removes
those that nothing would find any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.components import ConfigurationPlugin
from cbrkit_xai.configurations import Configuration, configuration
from cbrkit_xai.errors import FeaturesError
from cbrkit_xai.fit_cache import SHIPPED, FitCache
from cbrkit_xai.registry import default_registry
from cbrkit_xai.stores.bundled import bundled_names


def named_configurations() -> Iterator[Configuration]:
    """Yield every named configuration in every profile and organisation."""
    registry = default_registry()
    for name in registry.names("configuration"):
        record = registry.find("configuration", name)
        profiles = record.profiles if isinstance(record, ConfigurationPlugin) else {}
        for profile, chosen in profiles.items():
            for organizer in chosen.organizers:
                yield configuration(name, profile=profile, organizer=organizer)


def write_fits(folder: Path = SHIPPED) -> list[str]:
    """Write the fits, and return the labels of those that a base can't serve without pixels."""
    for old in folder.glob("*.json"):
        old.unlink()
    cache = FitCache(folder=folder, shipped=folder)
    without: list[str] = []
    for base in map(CaseBase.bundled, bundled_names()):
        for chosen in named_configurations():
            try:
                chosen.fit(base, cache=cache)
            except FeaturesError:
                without.append(chosen.label)
    return without


if __name__ == "__main__":
    skipped = write_fits()
    print(f"{len(list(SHIPPED.glob('*.json')))} fits; without pixels there are none of {', '.join(skipped)}")
