"""Collects what one plugin registers, or says what is wrong with it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import attrs
import pluggy

from cbrkit_xai import hookspecs
from cbrkit_xai.components import ComponentPlugin, kinds
from cbrkit_xai.errors import CbrkitXaiError, PluginError, nearest_spelling

_PREFIX = f"{hookspecs.PROJECT}_"
RECORD_OF_HOOK = {record.hook: record for record in kinds()}
OBSERVER_HOOKS = tuple(name for name in vars(hookspecs) if name.startswith(f"{_PREFIX}after_"))


@attrs.frozen(kw_only=True)
class Observation:
    """One observer: the hook, the function, and those of the hook's arguments that it takes."""

    hook: str
    function: Callable[..., Any]
    arguments: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Contribution:
    """What one plugin registers."""

    components: tuple[ComponentPlugin, ...]
    observers: tuple[Observation, ...]


def collect(plugin: object, name: str) -> Contribution:
    """Call every hook of `plugin` to its end, on its own.

    Raises
    ------
    PluginError
        A hook is misspelt, unmarked, has the wrong arguments, asks for an order, raises, or
        gives anything but records of its kind.
    """
    _refuse_stray_names(plugin, name)
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(plugin, name)
    except pluggy.PluginValidationError as error:
        raise PluginError(
            str(error).replace("\n", " "), where=name, next_step="see cbrkit_xai.hookspecs"
        ) from error
    components: list[ComponentPlugin] = []
    observers: list[Observation] = []
    for caller in manager.get_hookcallers(plugin) or ():
        for implementation in caller.get_hookimpls():
            _refuse_order(implementation, name)
            if caller.name in RECORD_OF_HOOK:
                components += _records(caller.name, implementation.function, name)
            else:
                observers.append(
                    Observation(
                        hook=caller.name,
                        function=implementation.function,
                        arguments=tuple(implementation.argnames),
                    )
                )
    if not components and not observers:
        raise PluginError(
            "registers nothing",
            where=name,
            next_step="mark a function such as cbrkit_xai_metrics with @hookimpl",
        )
    return Contribution(components=tuple(components), observers=tuple(observers))


def _refuse_stray_names(plugin: object, where: str) -> None:
    """Refuse what pluggy would pass over in silence."""
    known = (*RECORD_OF_HOOK, *OBSERVER_HOOKS)
    for attribute in dir(plugin):
        if not attribute.startswith(_PREFIX):
            continue
        value = inspect.getattr_static(plugin, attribute)
        if inspect.ismodule(value):
            continue
        if attribute not in known:
            raise PluginError(
                f"{attribute!r} is no hook",
                where=where,
                allowed=", ".join(known),
                next_step=nearest_spelling(attribute, known),
            )
        if not hasattr(getattr(plugin, attribute), f"{hookspecs.PROJECT}_impl"):
            raise PluginError(
                f"{attribute!r} is not marked as a hook", where=where, next_step="put @hookimpl above it"
            )


def _refuse_order(implementation: pluggy.HookImpl, where: str) -> None:
    options = ("wrapper", "hookwrapper", "tryfirst", "trylast", "optionalhook")
    asked = [option for option in options if getattr(implementation, option)]
    if asked:
        raise PluginError(
            f"{implementation.function.__name__!r} asks for {asked[0]}",
            where=where,
            allowed="a plain @hookimpl: no plugin comes before another or wraps it",
        )


def _records(hook: str, function: Callable[..., Any], where: str) -> list[ComponentPlugin]:
    record = RECORD_OF_HOOK[hook]
    try:
        result = function()
        if isinstance(result, ComponentPlugin) or not isinstance(result, Iterable):
            raise PluginError(
                f"{hook} returned {result!r}",
                where=where,
                allowed=f"an iterable of {record.__name__}; yield it",
            )
        records = list(result)
    except CbrkitXaiError as error:
        if error.where is None or error.where == where:
            raise
        raise PluginError(f"{hook}: {error}", where=where) from error
    except Exception as error:  # a stranger's code may raise anything, and must not stop the others
        raise PluginError(f"{hook} raised {type(error).__name__}: {error}", where=where) from error
    for one in records:
        if not isinstance(one, record):
            raise PluginError(
                f"{hook} gave {one!r}", where=where, allowed=f"records of type {record.__name__}"
            )
    return records
