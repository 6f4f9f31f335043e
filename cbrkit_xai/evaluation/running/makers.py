"""By what the components of a configuration were made: in a cell's key, and told beside the results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.configurations import Components, Configuration
from cbrkit_xai.evaluation.running.cells import code_hash, version_of, versions
from cbrkit_xai.kept_fits import Maker, key_of, makers_of
from cbrkit_xai.registry import Registry

_OWN = "cbrkit-xai"


def decided_by(
    configuration: Configuration, base: CaseBase, components: Components, registry: Registry
) -> Mapping[str, Any] | None:
    """Return what decides the numbers of a configuration on a base, as JSON values for a cell's key.

    None where a component was registered by hand: another may stand under its name tomorrow.
    """
    fit = key_of(configuration, base, components, registry)
    return None if fit is None else {"fit": fit, "by": _versions_of(makers_of(configuration, registry))}


def features_decided_by(
    configuration: Configuration, components: Components, registry: Registry
) -> Mapping[str, Any] | None:
    """Return what decides the features alone, as JSON values; None where they are made by hand."""
    makers = makers_of(configuration, registry, ["representation"])
    if not all(one.is_identified for one in makers):
        return None
    return {
        "features": components.representation.fingerprint,
        "makers": sorted(map(str, makers)),
        "by": _versions_of(makers),
    }


def versions_of(configurations: Iterable[Configuration], registry: Registry) -> dict[str, str]:
    """Return the versions of Python and of every distribution that these configurations depend on."""
    makers = [maker for one in configurations for maker in makers_of(one, registry)]
    found = _versions_of(makers)
    return {**versions(), **{name: found[name] for name in sorted(found)}}


def source_hashes(configurations: Iterable[Configuration], registry: Registry) -> dict[str, str]:
    """Return hashes of the source of this package, and of each component that another one brings."""
    found = {
        f"source of {maker.kind} {maker.name} ({maker.distribution})": maker.source
        for one in configurations
        for maker in makers_of(one, registry)
        if maker.source and maker.distribution != _OWN
    }
    return {f"source of {_OWN}": code_hash(), **{name: found[name] for name in sorted(found)}}


def _versions_of(makers: Iterable[Maker]) -> dict[str, str]:
    found: dict[str, str] = {}
    for maker in makers:
        if maker.is_identified:
            found[maker.distribution] = maker.version
        found |= {name: version_of(name) for name in maker.needs}
    return found
