"""From lists of values by dotted path to their combinations."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import attrs

from cbrkit_xai.choice import Use, plain
from cbrkit_xai.configuration_files import ConfigurationFile
from cbrkit_xai.configuration_parts import KIND_OF_PART
from cbrkit_xai.errors import ConfigurationError, nearest_spelling

_ROOTS = (*KIND_OF_PART, "k")

_MOST = 10_000
"""More configurations than this are a slip, or would not end in a lifetime."""

_BARE = re.compile(r"(?!(true|false|nan|inf)$)[A-Za-z][\w.-]*")
"""Texts that are told from other values without quotation marks."""


@attrs.frozen(kw_only=True)
class Change:
    """A value for a dotted path."""

    path: str
    value: Any

    @property
    def keys(self) -> tuple[str, ...]:
        """The part, its parameter, that parameter's, and so on."""
        return tuple(self.path.split("."))


def flat_grid(grid: Any, where: str) -> dict[str, Sequence[Any]]:
    """Return the lists of values by dotted path, in the order they stand.

    Of `"metric.p" = [...]`, `metric.p = [...]` and a table `[grid.metric]` TOML makes different
    things, which all mean the same here.

    Raises
    ------
    ConfigurationError
        No table, an empty one, an unknown path or one that is there twice, or anything but a list of
        values that differ.
    """
    if not isinstance(grid, Mapping):
        raise ConfigurationError(
            f"{grid!r} is not a table", where=where, allowed='paths and lists, such as "metric.p" = [1, 2]'
        )
    found: dict[str, Sequence[Any]] = {}
    for path, values in _leaves(grid, ()):
        _refuse_path(path, where)
        if path in found:
            raise ConfigurationError(
                f"{path!r} is there twice", where=where, allowed="each path once", next_step="join the lists"
            )
        found[path] = _checked(values, f"{where}: {path}")
    if not found:
        raise ConfigurationError(
            "the grid is empty",
            where=where,
            allowed=f"at least one path of {', '.join(_ROOTS)}, with a list of values",
            next_step="write one, such as k = [1, 5], or leave [grid] out",
        )
    return found


def _leaves(grid: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for key, value in grid.items():
        here = (*above, str(key))
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, here)
        else:
            yield ".".join(here), value


def _refuse_path(path: str, where: str) -> None:
    first, *rest = path.split(".")
    if first not in _ROOTS or (first == "k" and rest) or not all(rest):
        raise ConfigurationError(
            f"unknown path {path!r}",
            where=where,
            allowed=f"{', '.join(_ROOTS)}, or a part's parameter such as 'metric.p'",
            next_step=nearest_spelling(first, _ROOTS),
        )


def _checked(values: Any, where: str) -> Sequence[Any]:
    if not isinstance(values, list | tuple):
        raise ConfigurationError(f"{values!r} is not a list", where=where, allowed="a list, such as [1, 5]")
    if not values:
        raise ConfigurationError(
            "the list is empty",
            where=where,
            allowed="at least one value",
            next_step="give it values, or leave the path out",
        )
    seen: list[str] = []
    for value in values:
        written = _written(value)
        if written in seen:
            raise ConfigurationError(
                f"{shown(value)} is there twice",
                where=where,
                allowed="each value once",
                next_step="leave one out",
            )
        seen.append(written)
    return values


def _written(value: Any) -> str:
    """Return a text that is the same for equal values: `"ssim"` and `{ use = "ssim" }`, 1 and 1.0."""
    value = plain(value)
    if isinstance(value, Mapping) and set(value) == {"use"}:
        value = value["use"]
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True, default=repr)


def combinations(grid: Mapping[str, Sequence[Any]], where: str) -> list[tuple[Change, ...]]:
    """Return a change for each path, in all combinations; the last path changes fastest.

    Raises
    ------
    ConfigurationError
        There are more than 10 000.
    """
    number = math.prod(len(values) for values in grid.values())
    if number > _MOST:
        raise ConfigurationError(
            f"the grid makes {number} configurations",
            where=where,
            allowed=f"at most {_MOST}",
            next_step="shorten the lists",
        )
    return [
        tuple(Change(path=path, value=value) for path, value in zip(grid, values, strict=True))
        for values in product(*grid.values())
    ]


def changed_part(part: Any, change: Change, where: str) -> Any:
    """Return a part (a `Use`, or k) with the change made in it.

    Raises
    ------
    ConfigurationError
        The path leads through what has no parameters.
    """
    return _with_value(part, change.keys[1:], change, where)


def _with_value(held: Any, keys: Sequence[str], change: Change, where: str) -> Any:
    if not keys:
        return change.value
    key, below = keys[0], keys[1:]
    held = _component(held)
    if isinstance(held, Use):
        inner = _with_value(held.parameters.get(key), below, change, where)
        try:
            return Use(name=held.name, parameters={**held.parameters, key: inner})
        except ConfigurationError as error:
            error.where = f"{where}: {change.path}"
            raise
    if isinstance(held, Mapping):
        return {**held, key: _with_value(held.get(key), below, change, where)}
    if isinstance(held, list | tuple) and key.isdecimal() and int(key) < len(held):
        place = int(key)
        return [*held[:place], _with_value(held[place], below, change, where), *held[place + 1 :]]
    inside = ".".join(change.keys[: len(change.keys) - len(keys)])
    raise ConfigurationError(
        f"{change.path!r} leads nowhere: {inside} is {'not given' if held is None else shown(held)}",
        where=where,
        allowed="a parameter, a name in a table, or a place in a list that the configuration gives",
        next_step=f"give {inside} a value that has {key!r}",
    )


def _component(held: Any) -> Any:
    if isinstance(held, str):
        return Use(name=held)
    return Use.from_mapping(held) if isinstance(held, Mapping) and "use" in held else held


def name_of(name: str, changes: Sequence[Change]) -> str:
    """Return a configuration's name with its values: `mine[metric.p=2,k=5]`."""
    return f"{name}[{','.join(f'{change.path}={shown(change.value)}' for change in changes)}]"


def shown(value: Any) -> str:
    """Return a value as it stands in a name; different values never look the same."""
    if isinstance(value, Mapping) and "use" in value:
        value = Use.from_mapping(value)
    if isinstance(value, Use):
        inside = ",".join(f"{name}={shown(part)}" for name, part in value.parameters.items())
        return f"{value.name}({inside})" if inside else value.name
    if isinstance(value, str) and _BARE.fullmatch(value):
        return value
    return json.dumps(plain(value), ensure_ascii=False, default=repr)


def refuse_grid(file: ConfigurationFile, where: str) -> None:
    """Refuse a file with a grid where one configuration is wanted.

    Raises
    ------
    ConfigurationError
        It has a grid; says of how many configurations.
    """
    if file.grid is None:
        return
    number = math.prod(len(values) for values in flat_grid(file.grid, f"{file.where}: grid").values())
    raise ConfigurationError(
        f"the [grid] of {file.where} makes {number} configurations",
        where=where,
        allowed="one configuration here",
        next_step=f"see them with `cbrkit-xai configuration show {file.where}`, and write one down",
    )
