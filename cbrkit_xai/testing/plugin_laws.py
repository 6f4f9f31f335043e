"""What every plugin promises: that listing it is light, and that what it registers can be made."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import attrs

from cbrkit_xai.components import ComponentPlugin
from cbrkit_xai.entry_points import installed
from cbrkit_xai.errors import CbrkitXaiError
from cbrkit_xai.plugin_loading import collect
from cbrkit_xai.registry import RegisteredPlugin, Registry, default_registry
from cbrkit_xai.structuring import required_parameters
from cbrkit_xai.testing.imported_packages import needed_packages
from cbrkit_xai.testing.laws import Broken, LawsOf
from cbrkit_xai.testing.loaded_packages import CannotBeImportedError, Imports, foreign_packages
from cbrkit_xai.testing.subjects import subjects_of

_laws = LawsOf("plugin")
LAWS = _laws.laws

_LONGEST_SUMMARY = 100


@attrs.frozen(kw_only=True, eq=False)
class PluginSubject:
    """One plugin under examination.

    Parameters
    ----------
    plugin : RegisteredPlugin
        What the registry knows of it.
    module : str
        What its entry point names; empty where it was registered by hand.
    hooks : object or None
        The module or object with the hooks; None where it could not be imported.
    registry : Registry
        Where other components are found.
    siblings : tuple
        What the plugins of its distribution import, each: one process tells what each of them loads.
    """

    plugin: RegisteredPlugin
    module: str
    hooks: Any
    registry: Registry
    siblings: tuple[Imports, ...] = ()
    kind: str = "plugin"

    @property
    def label(self) -> str:
        """Distribution and name."""
        return self.plugin.owner

    @property
    def imports(self) -> Imports:
        """Its hook module, and the modules of factories that are named by text."""
        return _imports(self.module, self.plugin)

    @property
    def record(self) -> RegisteredPlugin:
        """The plugin: it has no record of its own."""
        return self.plugin


def _imports(module: str, plugin: RegisteredPlugin) -> Imports:
    named = [one.factory.partition(":")[0] for one in plugin.components if isinstance(one.factory, str)]
    return (module, *dict.fromkeys(named))


def subjects_of_distribution(name: str, registry: Registry | None = None) -> Iterator[PluginSubject]:
    """Yield the plugins of an installed distribution, or the one plugin of that name."""
    registry = registry or default_registry()
    modules = {
        (one.distribution, one.point.name): one.point.value for one in installed() if one.point is not None
    }
    chosen = [
        # The core's own modules are no entry points.
        (plugin, modules.get((plugin.distribution, plugin.name), plugin.name))
        for plugin in registry.plugins
        if name in (plugin.distribution, plugin.name, plugin.owner)
    ]
    siblings = tuple(_imports(module, plugin) for plugin, module in chosen if plugin.state == "ok")
    for plugin, module in chosen:
        yield PluginSubject(
            plugin=plugin, module=module, hooks=_imported(module), registry=registry, siblings=siblings
        )


def subject_of_module(hooks: Any, registry: Registry | None = None) -> PluginSubject:
    """Return a module or object with hooks, registered or not, as a plugin."""
    name = getattr(hooks, "__name__", None) or type(hooks).__name__
    try:
        plugin = RegisteredPlugin(name=name, components=collect(hooks, name).components)
    except CbrkitXaiError as error:
        plugin = RegisteredPlugin(name=name, state="broken", reason=str(error))
    module = name if sys.modules.get(name) is hooks else ""
    return PluginSubject(plugin=plugin, module=module, hooks=hooks, registry=registry or default_registry())


def _imported(module: str) -> Any:
    import importlib

    try:
        return importlib.import_module(module)
    except Exception:  # whatever a stranger's module raises is in the plugin's reason already
        return None


@_laws.law(
    "it can be loaded, and each of its hooks gives records of its kind",
    mend="what the reason names",
    first=True,
)
def registers_its_components(subject: PluginSubject) -> None:
    if subject.plugin.state == "broken":
        raise Broken(subject.plugin.reason)


@_laws.law(
    "its hooks give the same components each time they are called",
    mend="the hook: yield anew, and keep no iterator",
    first=True,
)
def gives_the_same_components_again(subject: PluginSubject) -> None:
    def names() -> list[str]:
        found = collect(subject.hooks, subject.plugin.name).components
        return [f"{one.kind} {one.name}" for one in found]

    first, again = names(), names()
    if first != again:
        raise Broken(f"first {first}, then {again}")


@_laws.law(
    "neither its hooks nor a factory loads a package but attrs, numpy, pluggy, cbrkit_xai and its own",
    mend="the hook module, or that of the factory: import others inside the functions that use them",
    first=True,
)
def loads_nothing_heavy(subject: PluginSubject) -> None:
    try:
        foreign = list(foreign_packages(subject.imports, subject.siblings, subject.plugin.distribution))
    except CannotBeImportedError as error:
        raise Broken(f"in a process of its own it cannot be imported: {error}") from error
    if foreign:
        raise Broken("; ".join(foreign))


@_laws.law(
    "its components have names that no other has, neither here nor in another distribution",
    mend="the name of the component",
)
def claims_names_of_its_own(subject: PluginSubject) -> None:
    claimed: set[tuple[str, str]] = set()
    for record in subject.plugin.components:
        name = (record.kind, record.name)
        if name in claimed:
            raise Broken(f"it registers the {record.kind} {record.name!r} twice")
        claimed.add(name)
        sentence = subject.registry.contested.get(name) or _taken(subject, record)
        if sentence:
            raise Broken(sentence)


def _taken(subject: PluginSubject, record: ComponentPlugin) -> str:
    """Say who else has a component of that kind and name, or nothing."""
    if record.name not in subject.registry.names(record.kind):
        return ""
    owner = subject.registry.owner(record.kind, record.name)
    # The same module may be an installed plugin, and handed over as it is.
    if owner.name == subject.plugin.name or subject.registry.find(record.kind, record.name) == record:
        return ""
    return f"the {record.kind} {record.name!r} is registered by {owner.owner}"


@_laws.law(
    "a summary is one line without a full stop, for the table that lists it",
    mend="the record's summary",
)
def sums_itself_up_in_a_line(subject: PluginSubject) -> None:
    for record in subject.plugin.components:
        text = record.summary
        if "\n" in text or len(text) > _LONGEST_SUMMARY or text.endswith("."):
            raise Broken(f"the summary of {record.kind} {record.name!r} is {text!r}")


@_laws.law(
    "every component can be made: without parameters, or with those of its examples",
    mend="the record's factory, examples and needs",
    first=True,
)
def makes_every_component(subject: PluginSubject) -> None:
    for record in subject.plugin.components:
        if record.kind == "configuration" or asks_for_a_file(record):
            continue
        for one in subjects_of(record, subject.registry):
            _ = one.made


def asks_for_a_file(record: ComponentPlugin) -> bool:
    """Say whether a classifier is made of somebody's model, of which no example can be shipped."""
    return record.kind == "classifier" and not record.examples and bool(required_parameters(record.resolve()))


@_laws.law(
    "needs names every package that the modules of its components import, but what cbrkit-xai itself needs",
    mend="the record's needs: names as pip knows them",
)
def names_what_it_needs(subject: PluginSubject) -> None:
    for record in subject.plugin.components:
        if record.kind == "configuration":
            continue
        missing = needed_packages(record.resolve()) - {_plain(name) for name in record.needs}
        missing -= {_plain(subject.plugin.distribution)}
        if missing:
            raise Broken(f"{record.kind} {record.name!r} imports {', '.join(sorted(missing))}")


def _plain(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
