"""A finished fit as JSON values: by what it is found again, what is kept of it, and back."""

from __future__ import annotations

import hashlib
import logging
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from cbrkit_xai.choice import Use
from cbrkit_xai.configurations import KIND_OF_PART, Components, Configuration
from cbrkit_xai.fit_cache import fit_key
from cbrkit_xai.learning import Learnt, organize
from cbrkit_xai.registry import KINDS

if TYPE_CHECKING:
    from cbrkit_xai.case_base import CaseBase
    from cbrkit_xai.cases import Cases
    from cbrkit_xai.protocols import Index
    from cbrkit_xai.registry import Registry

_logger = logging.getLogger("cbrkit_xai")


def key_of(
    configuration: Configuration, base: CaseBase, components: Components, registry: Registry
) -> str | None:
    """Return the name of a fit, which changes with all that it depends on; None if it must not be kept.

    Parameters
    ----------
    components : Components
        As composed: the weights that a representation found are not in the configuration.
    """
    made_by = makers_of(configuration, registry)
    if not all(one.is_identified for one in made_by):
        return None
    makers = " ".join([components.representation.fingerprint, *sorted(map(str, made_by))])
    return fit_key(base.content_hash, configuration.hash, makers)


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


@attrs.frozen(kw_only=True)
class Maker:
    """A component that a configuration names, and where it comes from.

    Parameters
    ----------
    kind, name : str
        Of the component.
    distribution, version : str
        What brings it; empty where it was registered by hand.
    source : str
        A sha256 of its source, as `_source_hash` makes it; empty where there is none to read. The version
        alone would let a metric that was edited where it stands find the fit of the old one.
    needs : tuple of str
        Names of the packages that it runs by.
    """

    kind: str
    name: str
    distribution: str
    version: str
    source: str
    needs: tuple[str, ...]

    @property
    def is_identified(self) -> bool:
        """Whether it was installed; of what was registered by hand, another may bear the name tomorrow."""
        return bool(self.distribution)

    def __str__(self) -> str:
        return f"{self.distribution}=={self.version} {self.kind} {self.name} {self.source}"


def makers_of(
    configuration: Configuration, registry: Registry, parts: Iterable[str] = tuple(KIND_OF_PART)
) -> tuple[Maker, ...]:
    """Return each component that a configuration, or some of its parts, may depend on.

    Parameters
    ----------
    parts : iterable of str
        Such as "representation"; by default all.
    """
    wanted: set[tuple[str, str]] = set()
    for part in parts:
        outer, *inner = _uses(getattr(configuration, part))
        wanted.add((KIND_OF_PART[part], outer.name))
        # Of a part within a part only the maker's annotation knows the kind.
        wanted |= {(one, use.name) for use in inner for one in KINDS}
    return tuple(
        Maker(
            kind=component.kind,
            name=component.name,
            distribution=owner.distribution,
            version=owner.version,
            source=_source_hash(component.resolve()) if owner.distribution else "",
            needs=component.needs,
        )
        for owner in registry.plugins
        for component in owner.components
        if (component.kind, component.name) in wanted
    )


def _source_hash(factory: Callable[..., Any]) -> str:
    """Return a sha256 of the module that holds a factory, and of those beside it that it imports.

    It is the same in a wheel and where the module is edited.

    Empty where there is no file to read; then the version must do.
    """
    module = sys.modules.get(getattr(factory, "__module__", None) or "")
    path, package = Path(getattr(module, "__file__", None) or ""), getattr(module, "__package__", None) or ""
    try:
        sources = _sources(path, package)
    except OSError:
        return ""
    digest = hashlib.sha256()
    for name in sorted(sources):
        digest.update(name.encode() + b"\0" + sources[name])
    return digest.hexdigest()


def _sources(path: Path, package: str) -> dict[str, bytes]:
    """Return the text of a module, and of the modules of its own package that it imports, by name."""
    found: dict[str, bytes] = {}
    names = [path.stem]
    while names:
        name = names.pop()
        if name in found or not (file := path.parent / f"{name}.py").is_file():
            continue
        found[name] = file.read_bytes().replace(b"\r\n", b"\n")
        if package:
            inside = rb"^\s*from " + re.escape(package.encode()) + rb"(?:\.(\w+))? import (.*)"
            for module, imported in re.findall(inside, found[name], re.MULTILINE):
                names += [module.decode()] if module else re.findall(r"\w+", imported.decode())
    if not found:
        raise FileNotFoundError(path)
    return found


def _uses(value: Any) -> Iterator[Use]:
    """Yield every component that a parameter names, and those that its own parameters name.

    A text may be a component's name, too; whether it is one, the registry knows.
    """
    if isinstance(value, str):
        yield Use(name=value)
    if isinstance(value, Use):
        yield value
        value = value.parameters
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, tuple):
        for part in value:
            yield from _uses(part)
