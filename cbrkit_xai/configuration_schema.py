"""A JSON schema of configuration files, by which editors complete and check them."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin

import attrs

from cbrkit_xai.choice import Use, plain
from cbrkit_xai.components import ComponentPlugin, ConfigurationPlugin
from cbrkit_xai.configuration_parts import GRID, KIND_OF_PART
from cbrkit_xai.errors import CbrkitXaiError
from cbrkit_xai.parameter_meanings import parameter_meanings
from cbrkit_xai.registry import Registry, default_registry
from cbrkit_xai.structuring import KIND_OF_PROTOCOL, known_parameters, required_parameters

Schema: TypeAlias = dict[str, Any]

TITLE = "cbrkit-xai configuration"

_MEANINGS: Mapping[str, str] = {
    "representation": "How a photo becomes numbers.",
    "metric": "How far apart two photos are.",
    "organizer": "What a query is compared with; linear by default.",
    "aggregator": "How members become a prototype; mean by default.",
    "reuse": "How neighbours' votes become predicted votes; mean by default.",
    "retention": "Which judged photos are kept; always by default.",
}

_SCALARS: Mapping[Any, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}

_BOUNDS: Mapping[str, str] = {
    ">=": "minimum",
    ">": "exclusiveMinimum",
    "<=": "maximum",
    "<": "exclusiveMaximum",
}


def configuration_schema(registry: Registry | None = None) -> Schema:
    """Return a JSON schema (draft 2020-12) of what a configuration's TOML file may hold.

    It describes the components that are installed here. What depends on more than one value, such
    as a metric that cannot take what the representation yields, is left to `components()`.
    """
    registry = registry or default_registry()
    definitions: Schema = {}
    for kind in dict.fromkeys((*KIND_OF_PART.values(), *KIND_OF_PROTOCOL.values())):
        _define_kind(kind, registry, definitions)
    parts = {
        part: {"description": _MEANINGS[part], "$ref": f"#/$defs/{kind}"}
        for part, kind in KIND_OF_PART.items()
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": TITLE,
        "type": "object",
        "additionalProperties": False,
        "properties": {**_own_keys(registry), **parts, "k": _K, GRID: _grid()},
        "anyOf": [{"required": ["extends"]}, {"required": ["name", "representation", "metric"]}],
        "$defs": definitions,
    }


_K: Schema = {
    "type": "integer",
    "minimum": 1,
    "default": 5,
    "description": "How many entries are retrieved.",
}


def _own_keys(registry: Registry) -> Schema:
    names = registry.names("configuration")
    records = [registry.find("configuration", name) for name in names]
    profiles = {name for one in records if isinstance(one, ConfigurationPlugin) for name in one.profiles}
    return {
        "extends": {
            "description": "A named configuration, or a file, to start from.",
            "anyOf": [{"enum": names}, {"type": "string", "pattern": r"\.toml$"}],
        },
        "name": {"type": "string", "minLength": 1, "description": "What answers call the configuration."},
        "profile": {
            "type": "string",
            "minLength": 1,
            "examples": sorted(profiles),
            "description": "Of the named configuration that is extended; else a name of one's own.",
        },
    }


def _grid() -> Schema:
    def values(one: Schema) -> Schema:
        return {"type": "array", "minItems": 1, "uniqueItems": True, "items": one}

    parts: Schema = {
        part: {"anyOf": [values({"$ref": f"#/$defs/{kind}"}), {"type": "object", "minProperties": 1}]}
        for part, kind in KIND_OF_PART.items()
    }
    return {
        "description": "Lists of values by dotted path, such as metric.p: every combination is compared.",
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {**parts, "k": values(_K)},
        "patternProperties": {rf"^({'|'.join(KIND_OF_PART)})(\..+)$": values({})},
    }


def _define_kind(kind: str, registry: Registry, definitions: Schema) -> None:
    """Define a kind: one of its names, or a table with a name and parameters."""
    names: list[Schema] = []
    tables: list[Schema] = []
    for name in registry.names(kind):
        record = registry.find(kind, name)
        table, needs_parameters = _table(record)
        definitions[f"{kind}.{name}"] = table
        tables.append({"$ref": f"#/$defs/{kind}.{name}"})
        if not needs_parameters:
            names.append({"const": name, "description": record.summary})
    definitions[kind] = {"anyOf": [*names, *tables]} if tables else {"not": {}}


def _table(record: ComponentPlugin) -> tuple[Schema, bool]:
    """Return the schema of a component's table, and whether it has parameters that must be given."""
    use = {"const": record.name, "description": f"{record.summary} ({record.source})"}
    table: Schema = {"type": "object", "description": record.summary, "required": ["use"]}
    try:
        factory = record.resolve()
    except CbrkitXaiError as error:  # what it needs is not installed: any parameter may be right
        return {**table, "description": str(error), "properties": {"use": use}}, False
    required = required_parameters(factory)
    meanings = parameter_meanings(factory)
    parameters = {
        name: _parameter(factory, name, annotation, meanings.get(name, ""))
        for name, annotation in known_parameters(factory).items()
    }
    table["required"] = ["use", *required]
    table["properties"] = {"use": use, **parameters}
    table["additionalProperties"] = _takes_any(factory)
    return table, bool(required)


def _takes_any(factory: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):  # built-in callables have none
        return True
    return any(one.kind is one.VAR_KEYWORD for one in parameters)


def _parameter(factory: Callable[..., Any], name: str, annotation: Any, meaning: str) -> Schema:
    schema = _of_annotation(annotation)
    default = _default(factory, name)
    if default is not None:
        schema["default"] = default
    if meaning:
        schema["description"] = meaning
    if schema.get("type") in ("integer", "number"):
        schema |= _bounds(factory, name)
    return schema


def _of_annotation(annotation: Any) -> Schema:
    if annotation in KIND_OF_PROTOCOL:
        return {"$ref": f"#/$defs/{KIND_OF_PROTOCOL[annotation]}"}
    if annotation in _SCALARS:
        return {"type": _SCALARS[annotation]}
    origin, inner = get_origin(annotation) or annotation, get_args(annotation)
    if origin is Literal:
        return {"enum": list(inner)}
    if origin in (Union, types.UnionType):
        # TOML has no null: what may be None is left out.
        given = [_of_annotation(one) for one in inner if one is not type(None)]
        return given[0] if len(given) == 1 else {"anyOf": given}
    if origin in (tuple, list, Sequence):
        return _of_sequence(origin, inner)
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": _of_annotation(inner[1]) if inner else True}
    return {}


def _of_sequence(origin: Any, inner: tuple[Any, ...]) -> Schema:
    if origin is tuple and inner and inner[-1] is not Ellipsis:
        return {
            "type": "array",
            "prefixItems": [_of_annotation(one) for one in inner],
            "minItems": len(inner),
            "maxItems": len(inner),
        }
    return {"type": "array", **({"items": _of_annotation(inner[0])} if inner else {})}


def _default(factory: Callable[..., Any], name: str) -> Any:
    """Return a parameter's default as JSON has it, or None."""
    field = _field(factory, name)
    if field is not None:
        value = field.default
    else:
        try:
            value = inspect.signature(factory).parameters[name].default
        except (TypeError, ValueError, KeyError):
            return None
    if isinstance(value, tuple) and value:
        value = list(value)
    return plain(value) if isinstance(value, bool | int | float | str | list | Use) else None


def _field(factory: Callable[..., Any], name: str) -> attrs.Attribute[Any] | None:
    if not (isinstance(factory, type) and attrs.has(factory)):
        return None
    return next((one for one in attrs.fields(factory) if one.alias == name), None)


def _bounds(factory: Callable[..., Any], name: str) -> Schema:
    """Return the bounds that attrs' validators hold a number to."""
    field = _field(factory, name)
    found: Schema = {}
    waiting = [field.validator] if field is not None else []
    while waiting:
        validator: Any = waiting.pop()
        # `and_` and `optional` of attrs hold others under these names.
        within = getattr(validator, "_validators", None) or getattr(validator, "validator", None)
        waiting += within if isinstance(within, tuple) else [within] if within is not None else []
        word = _BOUNDS.get(getattr(validator, "compare_op", ""))
        if word is not None:
            found[word] = validator.bound
    return found
