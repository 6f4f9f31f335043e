"""Turns parameters as written into arguments of the right type, coercing nothing."""

from __future__ import annotations

import inspect
import sys
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin

import attrs

from cbrkit_xai import protocols
from cbrkit_xai.choice import Use, shown_value
from cbrkit_xai.errors import (
    CbrkitXaiError,
    ConfigurationError,
    ParameterError,
    first_sentence,
    nearest_spelling,
)

KIND_OF_PROTOCOL: Mapping[Any, str] = {
    protocols.Representation: "representation",
    protocols.Metric: "metric",
    protocols.Aggregator: "aggregator",
    protocols.Organizer: "organizer",
    protocols.ReuseStrategy: "reuse-strategy",
    protocols.RetentionPolicy: "retention-policy",
    protocols.Classifier: "classifier",
    protocols.Explainer: "explainer",
    protocols.Judge: "judge",
}

_PROTOCOL_OF_KIND = {kind: protocol for protocol, kind in KIND_OF_PROTOCOL.items()}

Create = Callable[[str, Use, str], Any]
"""Makes a component, given its kind, its name with parameters, and where it was asked for."""


class _Mismatch(Exception):  # noqa: N818 - it never leaves this module
    def __init__(self, value: Any, allowed: str, where: str) -> None:
        super().__init__(allowed)
        self.value = value
        self.allowed = allowed
        self.where = where


def build(factory: Callable[..., Any], parameters: Mapping[str, Any], *, where: str, create: Create) -> Any:
    """Call `factory` with `parameters`, each checked against its annotation.

    An int fits a float; nothing else is converted. A field typed with a component protocol
    takes a nested `use`.

    Raises
    ------
    ConfigurationError
        Unknown, missing or ill-typed parameters, or a value that the factory refuses.
    """
    known = _known_parameters(factory)
    for name in parameters:
        if name not in known and not _takes_any(factory):
            raise ConfigurationError(
                f"unknown parameter {name!r}",
                where=where,
                allowed=", ".join(known) or "no parameters",
                next_step=nearest_spelling(name, known),
            )
    required = [name for name, (_, needed) in known.items() if needed and name not in parameters]
    if required:
        raise ConfigurationError(
            f"parameter {required[0]!r} is missing",
            where=where,
            allowed=", ".join(known),
            next_step="give it a value",
        )
    arguments = {
        name: _structured(value, known.get(name, (Any, False))[0], f"{where}.{name}", create)
        for name, value in parameters.items()
    }
    try:
        return factory(**arguments)
    except ParameterError as error:
        place = f"{where}.{error.where}" if error.where else where
        raise ConfigurationError(
            error.what, where=place, allowed=error.allowed, next_step=error.next_step
        ) from error
    except CbrkitXaiError:
        raise
    except (TypeError, ValueError) as error:
        raise ConfigurationError(
            first_sentence(error), where=where, next_step="change the parameter"
        ) from error


def missing_members(component: Any, kind: str) -> list[str]:
    """Return what a component of that kind must have, and this one has not.

    No property is read: a fingerprint may have to load a network.
    """
    protocol = _PROTOCOL_OF_KIND.get(kind)
    return [] if protocol is None else missing_of(component, protocol)


def missing_of(value: Any, protocol: type) -> list[str]:
    """Return the members of a protocol that a value lacks; one that should be called and can't be counts."""
    members = {name: member for name, member in vars(protocol).items() if not name.startswith("_")}
    return [name for name, member in members.items() if not _has(value, name, inspect.isfunction(member))]


def _has(value: Any, name: str, is_method: bool) -> bool:
    if is_method:
        return callable(getattr(value, name, None))
    try:
        inspect.getattr_static(value, name)
    except AttributeError:
        return hasattr(value, name)  # whoever passes on to another object has it in no class
    return True


def known_parameters(factory: Callable[..., Any]) -> dict[str, Any]:
    """Return the parameters of a factory with their annotations, in order."""
    return {name: annotation for name, (annotation, _) in _known_parameters(factory).items()}


def required_parameters(factory: Callable[..., Any]) -> list[str]:
    """Return the parameters of a factory that have no default, in order."""
    return [name for name, (_, required) in _known_parameters(factory).items() if required]


def _known_parameters(factory: Callable[..., Any]) -> dict[str, tuple[Any, bool]]:
    hints = _hints(factory)
    if isinstance(factory, type) and attrs.has(factory):
        return {
            field.alias: (hints.get(field.name, Any), field.default is attrs.NOTHING)
            for field in attrs.fields(factory)
            if field.init and field.alias
        }
    return {
        name: (hints.get(name, Any), parameter.default is inspect.Parameter.empty)
        for name, parameter in _signature(factory).items()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    }


def _hints(factory: Callable[..., Any]) -> dict[str, Any]:
    """Return each annotation that can be resolved; one may name what only type checkers import."""
    annotated: list[Any] = [factory]
    if isinstance(factory, type):
        made_by_hand = () if attrs.has(factory) else (factory.__init__,)  # type: ignore[misc]
        annotated = [*reversed(factory.__mro__), *made_by_hand]
    hints: dict[str, Any] = {}
    for one in annotated:
        names = getattr(one, "__globals__", None) or vars(
            sys.modules.get(getattr(one, "__module__", ""), typing)
        )
        for name, annotation in _own_annotations(one).items():
            holder = types.SimpleNamespace(__annotations__={name: annotation})
            try:
                hints |= typing.get_type_hints(holder, names, vars(one) if isinstance(one, type) else None)
            except Exception:  # whatever an expression of a stranger's raises
                hints[name] = Any
    return hints


def _own_annotations(one: Any) -> Mapping[str, Any]:
    try:
        return inspect.get_annotations(one)
    except (TypeError, NameError):  # not a class or function
        return {}


def _signature(factory: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(factory).parameters
    except (TypeError, ValueError):  # built-in callables have none
        return {}


def _takes_any(factory: Callable[..., Any]) -> bool:
    return any(parameter.kind is parameter.VAR_KEYWORD for parameter in _signature(factory).values())


def _structured(value: Any, annotation: Any, where: str, create: Create) -> Any:
    try:
        return _fitted(value, annotation, where, create)
    except _Mismatch as mismatch:
        raise ConfigurationError(
            f"{shown_value(mismatch.value)} does not fit", where=mismatch.where, allowed=mismatch.allowed
        ) from None


def _fitted(value: Any, annotation: Any, where: str, create: Create) -> Any:
    if annotation in KIND_OF_PROTOCOL:
        return _component(value, KIND_OF_PROTOCOL[annotation], where, create)
    if annotation in _SCALARS:
        return _scalar(value, annotation, where)
    origin = get_origin(annotation) or annotation
    if origin is Literal:
        return _member(value, get_args(annotation), where)
    if origin in (Union, types.UnionType):
        return _first_that_fits(value, get_args(annotation), where, create)
    if origin in (tuple, list, Sequence):
        return _sequence(value, annotation, where, create)
    if origin in (dict, Mapping):
        return _table(value, get_args(annotation), where, create)
    return value


_SCALARS: Mapping[Any, tuple[str, Callable[[Any], bool]]] = {
    bool: ("true or false", lambda value: isinstance(value, bool)),
    int: ("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    float: ("a number", lambda value: isinstance(value, int | float) and not isinstance(value, bool)),
    str: ("a text", lambda value: isinstance(value, str)),
    type(None): ("nothing", lambda value: value is None),
}


def _scalar(value: Any, annotation: Any, where: str) -> Any:
    allowed, fits = _SCALARS[annotation]
    if not fits(value):
        raise _Mismatch(value, allowed, where)
    if annotation is not float:
        return value
    try:
        return float(value)
    except OverflowError:
        raise _Mismatch(value, "a number up to about 1e308", where) from None


def _component(value: Any, kind: str, where: str, create: Create) -> Any:
    if isinstance(value, str):
        value = Use(name=value)
    if not isinstance(value, Use):
        raise _Mismatch(value, f'a {kind}, such as {{ use = "name" }}', where)
    return create(kind, value, where)


def _member(value: Any, allowed: tuple[Any, ...], where: str) -> Any:
    if not any(type(value) is type(one) and value == one for one in allowed):
        raise _Mismatch(value, ", ".join(map(repr, allowed)), where)
    return value


def _first_that_fits(value: Any, annotations: tuple[Any, ...], where: str, create: Create) -> Any:
    mismatches = []
    for annotation in annotations:
        try:
            return _fitted(value, annotation, where, create)
        except _Mismatch as mismatch:
            mismatches.append(mismatch)
    inside = [mismatch for mismatch in mismatches if mismatch.where != where]
    if len(inside) == 1:  # the one alternative of the right shape says best what is wrong
        raise inside[0]
    places = inside or mismatches
    allowed = dict.fromkeys(mismatch.allowed for mismatch in places if mismatch.allowed != "nothing")
    shared = {mismatch.where for mismatch in places}
    first = places[0] if len(shared) == 1 else _Mismatch(value, "", where)
    raise _Mismatch(first.value, " or ".join(allowed), first.where)


def _sequence(value: Any, annotation: Any, where: str, create: Create) -> tuple[Any, ...]:
    if not isinstance(value, tuple | list):
        raise _Mismatch(value, "a list", where)
    inner = get_args(annotation)
    if get_origin(annotation) is tuple and inner and inner[-1] is not Ellipsis:
        if len(value) != len(inner):
            raise _Mismatch(value, f"a list of {len(inner)} values", where)
        each = inner
    else:
        each = (inner[0] if inner else Any,) * len(value)
    return tuple(
        _fitted(part, kind, f"{where}[{row}]", create)
        for row, (part, kind) in enumerate(zip(value, each, strict=True))
    )


def _table(value: Any, inner: tuple[Any, ...], where: str, create: Create) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _Mismatch(value, "a table", where)
    kind = inner[1] if inner else Any
    return {name: _fitted(part, kind, f"{where}.{name}", create) for name, part in value.items()}
