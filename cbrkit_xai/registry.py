"""Finds plugins, keeps their records, and makes components by name."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution
from types import MappingProxyType
from typing import Any, Literal

import attrs

from cbrkit_xai.built_in import BUILT_IN_MODULES
from cbrkit_xai.choice import Use
from cbrkit_xai.components import ComponentPlugin
from cbrkit_xai.entry_points import installed
from cbrkit_xai.errors import ConfigurationError, PluginError, first_sentence, nearest_spelling
from cbrkit_xai.plugin_loading import RECORD_OF_HOOK, Observation, collect
from cbrkit_xai.structuring import build, missing_members

_OWN = "cbrkit-xai"
DISABLE = "CBRKIT_XAI_DISABLE_PLUGINS"
KINDS = tuple(record.kind for record in RECORD_OF_HOOK.values())
_logger = logging.getLogger("cbrkit_xai")


@attrs.frozen(kw_only=True)
class RegisteredPlugin:
    """One plugin, working or not.

    Parameters
    ----------
    name : str
        Of its entry point, or of the module or object registered by hand.
    distribution : str
        What pip installed it as; empty where it was registered by hand.
    version : str
        Of the distribution.
    state : {"ok", "broken", "disabled"}
        Only an "ok" plugin's components can be used.
    reason : str
        Why it is not ok.
    components : tuple of ComponentPlugin
        What it registers.
    """

    name: str
    distribution: str = ""
    version: str = ""
    state: Literal["ok", "broken", "disabled"] = "ok"
    reason: str = ""
    components: tuple[ComponentPlugin, ...] = ()

    @property
    def owner(self) -> str:
        """Distribution and name, as an error names it."""
        return f"{self.distribution}:{self.name}" if self.distribution else self.name


class Registry:
    """Components by kind and name, from built-ins, entry points and by hand.

    Parameters
    ----------
    discover : bool
        True to load every installed distribution's entry points of group `cbrkit_xai`.
    """

    def __init__(self, *, discover: bool = False) -> None:
        self._plugins: list[RegisteredPlugin] = []
        self._found: dict[tuple[str, str], tuple[ComponentPlugin, RegisteredPlugin]] = {}
        self._contested: dict[tuple[str, str], str] = {}
        self._observers: dict[str, list[tuple[RegisteredPlugin, Observation]]] = {}
        version = _version(_OWN)
        for module in BUILT_IN_MODULES:
            own = RegisteredPlugin(name=module, distribution=_OWN, version=version)
            self._add(import_module(module), own)
        if discover:
            self._discover()

    @property
    def plugins(self) -> tuple[RegisteredPlugin, ...]:
        """Every plugin that was found, working or not."""
        return tuple(self._plugins)

    @property
    def contested(self) -> Mapping[tuple[str, str], str]:
        """The kinds and names that two distributions claim, each with a sentence naming both."""
        return MappingProxyType(self._contested)

    def register(self, plugin: object, *, name: str | None = None, replace: bool = False) -> RegisteredPlugin:
        """Add a module, or any object with hooks, without packaging.

        Parameters
        ----------
        plugin : object
            Its attributes are searched for functions marked with `@hookimpl`.
        name : str, optional
            For messages; by default the object's own.
        replace : bool
            True to replace what was registered by hand under the same component names.

        Raises
        ------
        PluginError
            The plugin breaks the contract, or a name is taken; nothing of it is registered.
        """
        name = name or getattr(plugin, "__name__", None) or type(plugin).__name__
        return self._add(plugin, RegisteredPlugin(name=name), replace=replace)

    def find(self, kind: str, name: str, *, where: str | None = None) -> ComponentPlugin:
        """Return the record of a component.

        Raises
        ------
        ConfigurationError
            No such component; names those there are and the nearest spelling.
        PluginError
            Two distributions claim the name.
        """
        if (kind, name) in self._contested:
            raise PluginError(
                self._contested[kind, name], where=where, next_step=f"leave one out: {DISABLE}=<its name>"
            )
        if (kind, name) not in self._found:
            known = self.names(kind)
            broken = [plugin.owner for plugin in self._plugins if plugin.state == "broken"]
            hint = (
                f"these plugins are broken: {', '.join(broken)} (see `cbrkit-xai plugins`)"
                if broken
                else None
            )
            raise ConfigurationError(
                f"unknown {kind} {name!r}",
                where=where,
                allowed=", ".join(known) or "none is installed",
                next_step=nearest_spelling(name, known) or hint or "see `cbrkit-xai plugins`",
            )
        return self._found[kind, name][0]

    def owner(self, kind: str, name: str) -> RegisteredPlugin:
        """Return the plugin that registered a component; raises as `find` does."""
        self.find(kind, name)
        return self._found[kind, name][1]

    def names(self, kind: str) -> list[str]:
        """Return the names of all components of a kind that can be used, sorted."""
        return sorted(
            name for known, name in self._found if known == kind and (known, name) not in self._contested
        )

    def create(
        self, kind: str, choice: Use | str, where: str | None = None, *, from_base: bool = False
    ) -> Any:
        """Make a component from its name and parameters.

        Parameters
        ----------
        from_base : bool
            True where a case base names it, which may be a stranger's: then what would run somebody's
            program (a component with a non-empty `runs`) is refused, at any depth.

        Raises
        ------
        ConfigurationError
            Unknown name, parameters that do not fit, or a base that names a program to run.
        MissingDependencyError
            What the component needs is not installed.
        PluginError
            What was made lacks a member that a component of its kind must have.
        """
        choice = Use(name=choice) if isinstance(choice, str) else choice
        place = where or kind
        record = self.find(kind, choice.name, where=place)
        place = f"{place} {choice.name!r}"
        create = partial(self.create, from_base=from_base)
        made = build(record.resolve(), choice.parameters, where=place, create=create)
        if from_base and (program := getattr(made, "runs", "")):
            raise ConfigurationError(
                f"the case base asks to run {program!r}",
                where=place,
                allowed="a program that your own configuration names",
                next_step="name it there if you trust it",
            )
        missing = missing_members(made, kind)
        if missing:
            owner = self.owner(kind, choice.name).owner
            raise PluginError(
                f"the {type(made).__name__} that {owner} makes has no {', '.join(missing)}",
                where=place,
                allowed=f"what the protocol of a {kind} asks for (docs/reference/hooks.md)",
                next_step=f"tell the author of {owner}",
            )
        return made

    def notify(self, hook: str, **arguments: Any) -> None:
        """Tell the observers of a hook, one by one; one that raises is reported and passed over."""
        for plugin, observation in self._observers.get(hook, ()):
            try:
                observation.function(**{name: arguments[name] for name in observation.arguments})
            except (Exception, SystemExit):  # an observer only watches: its failure must not become ours
                _logger.exception("observer %s of %s failed", plugin.owner, hook)

    def _add(self, plugin: object, entry: RegisteredPlugin, *, replace: bool = False) -> RegisteredPlugin:
        contribution = collect(plugin, entry.name)
        entry = attrs.evolve(entry, components=contribution.components)
        keys = [(component.kind, component.name) for component in contribution.components]
        self._refuse_taken(keys, entry, replace=replace)
        if replace:
            self._withdraw(set(keys), entry.name)
        for key, component in zip(keys, contribution.components, strict=True):
            self._found[key] = (component, entry)
        for observation in contribution.observers:
            self._observers.setdefault(observation.hook, []).append((entry, observation))
        self._plugins.append(entry)
        return entry

    def _refuse_taken(self, keys: list[tuple[str, str]], entry: RegisteredPlugin, *, replace: bool) -> None:
        refused: list[PluginError] = []
        for kind, name in keys:
            if keys.count((kind, name)) > 1:
                raise PluginError(f"registers the {kind} {name!r} twice", where=entry.owner)
            if (kind, name) not in self._found:
                continue
            owner = self._found[kind, name][1]
            by_hand = not owner.distribution and not entry.distribution
            if by_hand and replace:
                continue
            if by_hand:
                text = f"the {kind} {name!r} is registered already"
                refused.append(
                    PluginError(text, where=entry.owner, next_step="pass replace=True to replace it")
                )
                continue
            text = f"the {kind} {name!r} is registered by {owner.owner} and by {entry.owner}"
            if entry.distribution and owner.distribution != _OWN:
                # Whichever came first, numbers would silently depend on what else is installed.
                self._contested[kind, name] = text
            advice = (
                f"leave one out: {DISABLE}={entry.owner}" if entry.distribution else "choose another name"
            )
            refused.append(PluginError(text, next_step=advice))
        if refused:  # only now: every contested name must be known
            raise refused[0]

    def _withdraw(self, keys: set[tuple[str, str]], name: str) -> None:
        """Take what is being replaced from the plugins registered by hand.

        One that has no component left goes with its observers, or each run of a notebook's cell would add
        them once more.
        """
        kept = []
        for plugin in self._plugins:
            left = tuple(one for one in plugin.components if (one.kind, one.name) not in keys)
            only_observes = not plugin.components and plugin.name == name
            if plugin.distribution or (left == plugin.components and not only_observes):
                kept.append(plugin)
                continue
            remaining = attrs.evolve(plugin, components=left)
            if left:
                kept.append(remaining)
            for hook, observers in self._observers.items():
                others = [pair for pair in observers if pair[0] is not plugin]
                own = [(remaining, watched) for one, watched in observers if one is plugin and left]
                self._observers[hook] = others + own
            for key, (component, owner) in self._found.items():
                if owner is plugin:
                    self._found[key] = (component, remaining)
        self._plugins = kept

    def _discover(self) -> None:
        disabled = {name.strip() for name in os.environ.get(DISABLE, "").split(",") if name.strip()}
        borne: set[str] = set()
        for found in installed():
            entry = RegisteredPlugin(name="", distribution=found.distribution, version=found.version)
            if found.point is None:
                self._broken(attrs.evolve(entry, name="entry_points.txt"), found.problem)
                continue
            point = found.point
            entry = attrs.evolve(entry, name=point.name)
            borne |= {entry.name, entry.distribution, entry.owner}
            if {entry.name, entry.distribution, entry.owner} & disabled:
                self._plugins.append(attrs.evolve(entry, state="disabled", reason=f"named in {DISABLE}"))
                continue
            try:
                self._add(point.load(), entry)
            except PluginError as error:
                self._broken(entry, str(error))
            except (Exception, SystemExit) as error:  # a stranger's module may raise anything when imported
                reason = f"{type(error).__name__}: {first_sentence(error)}"
                self._broken(entry, f"{point.value} cannot be imported: {reason}")

        for name in sorted(disabled - borne):
            hint = nearest_spelling(name, borne) or "see `cbrkit-xai plugins`"
            _logger.warning("%s names %r, which no plugin bears; %s", DISABLE, name, hint)

    def _broken(self, entry: RegisteredPlugin, reason: str) -> None:
        _logger.warning("plugin %s is broken: %s", entry.owner, reason)
        self._plugins.append(attrs.evolve(entry, state="broken", reason=" ".join(reason.split())))


def _version(name: str) -> str:
    try:
        return distribution(name).version
    except PackageNotFoundError:
        return ""


def missing_needs(component: ComponentPlugin) -> tuple[str, ...]:
    """Return those of a component's needs that are not installed."""
    return tuple(name for name in component.needs if not _version(name))


_default: Registry | None = None
_loading = threading.Lock()


def default_registry() -> Registry:
    """Return the registry of everything installed, loaded once."""
    global _default
    with _loading:  # several threads may ask first, and `register` must reach the one that all of them use
        if _default is None:
            _default = Registry(discover=True)
        return _default


def register(plugin: object, *, name: str | None = None, replace: bool = False) -> RegisteredPlugin:
    """Add a module, or any object with hooks, to the default registry; see `Registry.register`."""
    return default_registry().register(plugin, name=name, replace=replace)
