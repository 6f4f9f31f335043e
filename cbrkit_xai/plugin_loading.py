"""Collects what one plugin registers, or says what is wrong with it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import attrs
import pluggy

from cbrkit_xai import hookspecs
from cbrkit_xai.components import ComponentPlugin, kinds
from cbrkit_xai.errors import CbrkitXaiError, PluginError, first_sentence, nearest_spelling

_PREFIX = f"{hookspecs.PROJECT}_"
RECORD_OF_HOOK = {record.hook: record for record in kinds()}
OBSERVER_HOOKS = tuple(name for name in vars(hookspecs) if name.startswith(f"{_PREFIX}after_"))
_HOOKS = (*RECORD_OF_HOOK, *OBSERVER_HOOKS)


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
    for attribute in _hook_names(plugin):
        if attribute not in _HOOKS:
            raise _no_hook(attribute, name)
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(plugin, name)
    except pluggy.PluginValidationError as error:
        raise PluginError(
            " ".join(str(error).split()), where=name, next_step="see cbrkit_xai.hookspecs"
        ) from error
    except Exception as error:  # pluggy reads every attribute, and a property may raise
        raise PluginError(
            f"its attributes cannot be read: {type(error).__name__}: {first_sentence(error)}", where=name
        ) from error
    callers = manager.get_hookcallers(plugin) or ()
    _refuse_passed_over(plugin, {caller.name for caller in callers}, name)
    components: list[ComponentPlugin] = []
    observers: list[Observation] = []
    for caller in callers:
        for implementation in caller.get_hookimpls():
            _refuse_order(implementation, name)
            if caller.name not in _HOOKS:
                raise _no_hook(caller.name, name)
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


def _hook_names(plugin: object) -> list[str]:
    """Return the attributes of `plugin` that look like hooks; a module that was imported is none."""
    names = (name for name in dir(plugin) if name.startswith(_PREFIX))
    return [name for name in names if not inspect.ismodule(inspect.getattr_static(plugin, name))]


def _refuse_passed_over(plugin: object, implemented: set[str], where: str) -> None:
    """Refuse what pluggy would pass over in silence; which that is differs between its versions."""
    for name in _hook_names(plugin):
        if name in implemented:
            continue
        value = inspect.getattr_static(plugin, name)
        if not callable(value) or hasattr(value, f"{hookspecs.PROJECT}_impl"):
            raise PluginError(
                f"{name!r} is {value!r}", where=where, allowed="a function marked with @hookimpl"
            )
        raise PluginError(
            f"{name!r} is not marked as a hook", where=where, next_step="put @hookimpl above it"
        )


def _no_hook(attribute: str, where: str) -> PluginError:
    return PluginError(
        f"{attribute!r} is no hook",
        where=where,
        allowed=", ".join(_HOOKS),
        next_step=nearest_spelling(attribute, _HOOKS),
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
        are_rows = isinstance(result, Iterable) and not isinstance(result, ComponentPlugin)
        records = list(result) if are_rows else []
    except CbrkitXaiError as error:
        raise PluginError(f"{hook}: {error}", where=where) from error
    except (Exception, SystemExit) as error:  # a stranger's code may raise anything, and must not stop us
        raise PluginError(
            f"{hook} raised {type(error).__name__}: {first_sentence(error)}", where=where
        ) from error
    if not are_rows:
        raise PluginError(
            f"{hook} returned {result!r}",
            where=where,
            allowed=f"an iterable of {record.__name__}; yield it",
        )
    for one in records:
        if not isinstance(one, record):
            raise PluginError(
                f"{hook} gave {one!r}", where=where, allowed=f"records of type {record.__name__}"
            )
    return records
