"""Which distributions name plugins, read so that one with damaged metadata cannot hide the others."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable
from importlib.metadata import Distribution, EntryPoint

import attrs

GROUP = "cbrkit_xai"


@attrs.frozen(kw_only=True)
class Found:
    """One entry point with its distribution, or a distribution whose entry points cannot be read.

    Parameters
    ----------
    point : EntryPoint or None
        None where `problem` says why there is none.
    distribution : str
        What pip installed it as.
    version : str
        Of the distribution.
    problem : str
        What is wrong with the distribution's metadata.
    """

    point: EntryPoint | None
    distribution: str
    version: str
    problem: str = ""


def installed() -> list[Found]:
    """Return what is installed, in an order that does not depend on the disk."""
    try:
        found = [_found(point, point.dist) for point in importlib.metadata.entry_points(group=GROUP)]
    except Exception:  # Python reads all of them at once, and one that is damaged stops it
        found = [one for distribution in importlib.metadata.distributions() for one in _of(distribution)]
    unique = {_sorting_key(one): one for one in reversed(found)}  # the first on the path is the one imported
    return [unique[key] for key in sorted(unique)]


def _of(distribution: Distribution) -> Iterable[Found]:
    try:
        return [_found(point, distribution) for point in distribution.entry_points if point.group == GROUP]
    except Exception as error:  # what its parser raises is not documented
        if GROUP not in (distribution.read_text("entry_points.txt") or ""):
            return []
        problem = f"entry_points.txt cannot be read: {type(error).__name__}"
        return [attrs.evolve(_found(None, distribution), problem=problem)]


def _found(point: EntryPoint | None, distribution: Distribution | None) -> Found:
    try:
        name, version = (distribution.name, distribution.version) if distribution else ("", "")
    except Exception:  # no METADATA; what is raised differs between versions of Python
        name = version = ""
    # pip leaves such folders behind, and then Python gives None.
    return Found(point=point, distribution=name or "unnamed-distribution", version=version or "")


def _sorting_key(found: Found) -> tuple[str, str, str]:
    if found.point is None:
        return found.distribution, "", ""
    return found.distribution, found.point.name, found.point.value
