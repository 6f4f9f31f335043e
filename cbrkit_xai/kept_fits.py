"""A finished fit as JSON values: by what it is found again, what is kept of it, and back."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from cbrkit_xai.choice import Use
from cbrkit_xai.configurations import KIND_OF_PART, Components, Configuration
from cbrkit_xai.fit_cache import fit_key
from cbrkit_xai.learning import Learnt, organize

if TYPE_CHECKING:
    from cbrkit_xai.case_base import CaseBase
    from cbrkit_xai.cases import Cases
    from cbrkit_xai.protocols import Index
    from cbrkit_xai.registry import Registry

_logger = logging.getLogger("cbrkit_xai")


def key_of(configuration: Configuration, base: CaseBase, registry: Registry) -> str | None:
    """Return the name of a fit, which changes with all that it depends on; None if it must not be kept."""
    versions = _versions(configuration, registry)
    return None if versions is None else fit_key(base.content_hash, configuration.hash, versions)


def to_keep(learnt: Learnt, index: Index, components: Components) -> dict[str, Any] | None:
    """Return JSON values from which `restore` brings back the same fit, or None if there are none."""
    kept = learnt.to_json(components)
    if kept is None:
        return None
    return {"learnt": kept, "index": index.state()} if hasattr(index, "state") else {"learnt": kept}


def restore(
    kept: Mapping[str, Any], components: Components, cases: Cases
) -> tuple[Components, Index, Learnt] | None:
    """Return the fitted components, the index and what was learnt; None if that cannot be read."""
    try:
        fitted, index = organize(components, cases, None, kept.get("index"))
        return fitted, index, Learnt.from_json(kept["learnt"], components)
    except Exception as error:  # a fit can be done anew, whatever is wrong with the one that was kept
        _logger.warning("a kept fit cannot be read, and is done anew: %r", error)
        return None


def _versions(configuration: Configuration, registry: Registry) -> str | None:
    """Return the versions of the distributions whose components a fit depends on.

    None where one was registered by hand: another component may stand under its name tomorrow.
    """
    names = {use.name for part in KIND_OF_PART for use in _uses(getattr(configuration, part))}
    owners = [
        plugin
        for plugin in registry.plugins
        if any(component.name in names for component in plugin.components)
    ]
    if not all(owner.distribution for owner in owners):
        return None
    return " ".join(sorted({f"{owner.distribution}=={owner.version}" for owner in owners}))


def _uses(value: Any) -> Iterator[Use]:
    """Yield every component that a parameter names, and those that its own parameters name."""
    if isinstance(value, Use):
        yield value
        value = value.parameters
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, tuple):
        for part in value:
            yield from _uses(part)
