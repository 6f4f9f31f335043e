"""A component by name with its parameters, before anything is looked up."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import attrs

from cbrkit_xai.errors import ConfigurationError


def _json_value(value: Any, where: str) -> Any:
    """Return `value` as it would come back from JSON, or refuse it."""
    if isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise ConfigurationError(
                f"{value!r} cannot be written to a file", where=where, allowed="a number"
            )
        return value
    if isinstance(value, Use):
        return value
    if isinstance(value, Mapping):
        if "use" in value:
            return Use.from_mapping(value, where=where)
        return _table(value, f"{where}.")
    if isinstance(value, list | tuple):
        return tuple(_json_value(part, f"{where}[{row}]") for row, part in enumerate(value))
    raise ConfigurationError(
        f"{value!r} is not a parameter value",
        where=where,
        allowed="texts, numbers, true and false, lists, tables, or another component by use(...)",
    )


def _table(value: Mapping[str, Any], where: str = "") -> Mapping[str, Any]:
    # TOML has no null: a parameter that is None is one that was not given.
    given = {str(name): part for name, part in value.items() if part is not None}
    return MappingProxyType({name: _json_value(given[name], f"{where}{name}") for name in sorted(given)})


def _parameters(value: Mapping[str, Any]) -> Mapping[str, Any]:
    if "use" in value:
        # In a file it would take the place of the component's name.
        raise ConfigurationError(
            "a parameter cannot be called 'use'", where="use", allowed="any other name", next_step="rename it"
        )
    return _table(value)


@attrs.frozen(kw_only=True)
class Use:
    """Unresolved data: the name of a component and its parameters.

    Parameters
    ----------
    name : str
        The component's name, such as `"minkowski"`.
    parameters : mapping
        JSON values, or further `Use`.
    """

    name: str = attrs.field(validator=attrs.validators.instance_of(str))
    parameters: Mapping[str, Any] = attrs.field(factory=dict, converter=_parameters, hash=False)

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any], *, where: str = "use") -> Use:
        """Read `{use = "name", parameter = value}` as it stands in a TOML file."""
        parameters = dict(mapping)
        name = parameters.pop("use")
        if not isinstance(name, str):
            raise ConfigurationError(
                f"{name!r} is not a component name", where=f"{where}.use", allowed="a text"
            )
        try:
            return cls(name=name, parameters=parameters)
        except ConfigurationError as error:
            error.where = f"{where}.{error.where}"
            raise

    def to_mapping(self) -> dict[str, Any]:
        """Return the mapping that `from_mapping` reads."""
        return {"use": self.name, **{name: plain(value) for name, value in self.parameters.items()}}

    def __str__(self) -> str:
        values = ", ".join(f"{name}={shown_value(value)}" for name, value in self.parameters.items())
        return f"{self.name}({values})" if values else self.name


def shown_value(value: Any) -> str:
    """Return a parameter's value as an error or a label shows it."""
    return str(value) if isinstance(value, Use) else repr(plain(value))


def plain(value: Any) -> Any:
    """Return a parameter's value as the mutable JSON or TOML value that it came from."""
    if isinstance(value, Use):
        return value.to_mapping()
    if isinstance(value, Mapping):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, tuple):
        return [plain(part) for part in value]
    return value


def use(name: str, /, **parameters: Any) -> Use:
    """Name a component with its parameters; nothing is looked up until a registry resolves it."""
    return Use(name=name, parameters=parameters)
