"""What the kit examines: a component as its record makes it, with the facts it declares."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from types import ModuleType
from typing import Any

import attrs

from cbrkit_xai.choice import Use
from cbrkit_xai.components import ComponentPlugin, kinds
from cbrkit_xai.errors import ConfigurationError, ParameterError, nearest_spelling
from cbrkit_xai.plugin_loading import collect
from cbrkit_xai.registry import Registry, default_registry
from cbrkit_xai.structuring import build, missing_members, required_parameters

_RECORD_OF_KIND = {record.kind: record for record in kinds()}


# `slots=False`: the component is made once.
@attrs.frozen(kw_only=True, eq=False, slots=False, repr=False)
class Subject:
    """One component under examination.

    Parameters
    ----------
    record : ComponentPlugin
        Its name and facts.
    choice : Use
        Its name with the parameters it is made with.
    registry : Registry
        Where the components that it names are found.
    """

    record: ComponentPlugin
    choice: Use
    registry: Registry

    def __repr__(self) -> str:
        return f"<Subject {self.kind} {self.label}>"

    @property
    def kind(self) -> str:
        """The kind of component, such as `"metric"`."""
        return self.record.kind

    @property
    def label(self) -> str:
        """The name with its parameters, such as `"minkowski(p=3)"`."""
        return str(self.choice)

    @cached_property
    def made(self) -> Any:
        """The component.

        Raises
        ------
        ConfigurationError
            The parameters do not fit.
        PluginError
            What was made lacks a member that a component of its kind must have.
        """
        made = build(
            self.record.resolve(),
            self.choice.parameters,
            where=f"{self.kind} {self.record.name!r}",
            create=self.registry.create,
        )
        missing = missing_members(made, self.kind)
        if missing:
            raise ConfigurationError(
                f"the {type(made).__name__} has no {', '.join(missing)}",
                where=f"{self.kind} {self.record.name!r}",
                allowed=f"what the protocol of a {self.kind} asks for (docs/reference/hooks.md)",
            )
        return made

    def fact(self, name: str) -> Any:
        """Return a declared fact; a component whose parameters decide about it says so in `facts`."""
        own: Mapping[str, Any] = getattr(self.made, "facts", {})
        return own[name] if name in own else getattr(self.record, name)

    def offers(self, member: str) -> bool:
        """Say whether the component has an optional member."""
        return getattr(self.made, member, None) is not None


def subjects_of(record: ComponentPlugin, registry: Registry | None = None) -> Iterator[Subject]:
    """Yield a record's component as it is made without parameters, and as its examples make it.

    Raises
    ------
    ConfigurationError
        It needs parameters and has no example.
    """
    registry = registry or default_registry()
    tables: list[Mapping[str, Any]] = list(record.examples)
    if not required_parameters(record.resolve()):
        tables.insert(0, {})
    if not tables:
        needed = ", ".join(required_parameters(record.resolve()))
        raise ConfigurationError(
            f"cannot be made: it needs {needed}",
            where=f"{record.kind} {record.name!r}",
            allowed="examples=({...},) in its record, with values for its parameters",
        )
    for parameters in tables:
        yield Subject(record=record, choice=Use(name=record.name, parameters=parameters), registry=registry)


def subject_of(
    kind: str, component: Any, registry: Registry | None = None, **facts: Any
) -> Sequence[Subject]:
    """Return the subjects behind a record, a component's name, a class, or a component that is made.

    Parameters
    ----------
    kind : str
        Such as `"metric"`.
    component : ComponentPlugin, str, Use, callable or object
        A record; the name of a registered component, or one with parameters; what makes a component
        without parameters; or a component.
    facts
        Declared of a component that comes without a record.

    Raises
    ------
    ConfigurationError
        There is no component of that name.
    ParameterError
        Facts are given for what has a record, or the record is of another kind.
    """
    registry = registry or default_registry()
    if isinstance(component, Use):
        found = registry.find(kind, component.name)
        return (Subject(record=found, choice=component, registry=registry),)
    if isinstance(component, str):
        component = registry.find(kind, component)
    if isinstance(component, ComponentPlugin):
        if component.kind != kind:
            raise ParameterError(f"{component.name!r} is a {component.kind}", where="component", allowed=kind)
        if facts:
            raise ParameterError(
                f"{component.name!r} has a record",
                where="facts",
                allowed="facts for a component that comes without one",
                next_step="declare them in the record",
            )
        return tuple(subjects_of(component, registry))
    factory = component if inspect.isclass(component) or inspect.isroutine(component) else lambda: component
    shown = component if inspect.isclass(component) else type(component)
    _refuse_unknown_facts(kind, facts)
    record = _RECORD_OF_KIND[kind](
        name=_kebab(shown.__name__), summary="Under examination", source="given", factory=factory, **facts
    )
    return tuple(subjects_of(record, registry))


def _refuse_unknown_facts(kind: str, facts: Mapping[str, Any]) -> None:
    own = set(attrs.fields_dict(_RECORD_OF_KIND[kind])) - set(attrs.fields_dict(ComponentPlugin))
    for fact in facts:
        if fact not in own:
            raise ParameterError(
                f"a {kind} declares no fact {fact!r}",
                where="facts",
                allowed=", ".join(sorted(own)) or "none",
                next_step=nearest_spelling(fact, own),
            )


def _kebab(name: str) -> str:
    words = "".join(f"-{one.lower()}" if one.isupper() else one for one in name).replace("_", "-")
    return "-".join(word for word in words.split("-") if word) or "component"


def records_of(source: Any, registry: Registry | None = None) -> tuple[ComponentPlugin, ...]:
    """Return the records that a module, a distribution, a component's name or an object with hooks brings.

    Raises
    ------
    ConfigurationError
        Nothing of that name is registered.
    PluginError
        The module breaks the contract of hooks.
    """
    if isinstance(source, ComponentPlugin):
        return (source,)
    if isinstance(source, list | tuple):
        return tuple(record for one in source for record in records_of(one, registry))
    if not isinstance(source, str):
        name = source.__name__ if isinstance(source, ModuleType) else type(source).__name__
        return collect(source, name).components
    registry = registry or default_registry()
    found = {
        (record.kind, record.name): record
        for plugin in registry.plugins
        for record in plugin.components
        # A component may be called as a plugin is: `ssim` is a metric, and a configuration's entry point.
        if source in (plugin.distribution, plugin.name, plugin.owner, record.name)
    }
    # A plugin that is broken has no records, and is the very one whose reason has to be told.
    if found or any(source in (one.distribution, one.name, one.owner) for one in registry.plugins):
        return tuple(found.values())
    module = _module(source)
    if module is not None:
        return collect(module, source).components
    known = {one.distribution for one in registry.plugins} | {
        record.name for one in registry.plugins for record in one.components
    }
    raise ConfigurationError(
        f"there is no component, plugin or distribution {source!r}",
        allowed="what `cbrkit-xai plugins` lists, or a module that can be imported",
        next_step=nearest_spelling(source, known - {""}),
    )


def _module(name: str) -> ModuleType | None:
    import importlib

    if not all(part.isidentifier() for part in name.split(".")):
        return None
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            return None
        raise
