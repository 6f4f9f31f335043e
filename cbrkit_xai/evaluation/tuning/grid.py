"""The grid that `tune` chooses from, as a TOML file lists it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from cbrkit_xai.choice import Use
from cbrkit_xai.configurations import Configuration
from cbrkit_xai.errors import ConfigurationError, nearest_spelling
from cbrkit_xai.neighbours import check_k


def _configurations(values: Iterable[str | Configuration]) -> tuple[str | Configuration, ...]:
    return tuple(values)


def _uses(values: Iterable[Use]) -> tuple[Use, ...]:
    return tuple(values)


def _whole_numbers(values: Iterable[int]) -> tuple[int, ...]:
    return tuple(check_k(value) for value in values)


@attrs.frozen(kw_only=True)
class Grid:
    """Configurations, and how each is varied; every list goes from the simpler to the less simple.

    Parameters
    ----------
    configurations : tuple of str or Configuration
        Names, TOML files (with a grid of their own, too), or what was composed in Python.
    profile : str, optional
        Of the names; by default recommended.
    organizers : tuple of Use
        With each of which every configuration is tried; empty for its own alone. A name without parameters
        stands for what the configuration's profile lists under it.
    reuse : tuple of Use
        The same of reuse strategies.
    ks : tuple of int
        Numbers of neighbours; empty for each configuration's own.
    folder : Path
        Where files that are named are looked for.
    """

    configurations: tuple[str | Configuration, ...] = attrs.field(converter=_configurations)
    profile: str | None = None
    organizers: tuple[Use, ...] = attrs.field(default=(), converter=_uses)
    reuse: tuple[Use, ...] = attrs.field(default=(), converter=_uses)
    ks: tuple[int, ...] = attrs.field(default=(), converter=_whole_numbers)
    folder: Path = attrs.field(factory=Path, eq=False)

    def to_mapping(self) -> dict[str, Any]:
        """Return the grid as `grid_of` reads it; what was composed in Python by its label."""
        given = {
            "configurations": [
                one.label if isinstance(one, Configuration) else one for one in self.configurations
            ],
            "profile": self.profile,
            "organizers": [one.to_mapping() for one in self.organizers],
            "k": list(self.ks),
            "reuse": [one.to_mapping() for one in self.reuse],
        }
        return {key: value for key, value in given.items() if value}


_KEYS = ("configurations", "profile", "organizers", "k", "reuse")


def default_grid() -> Grid:
    """Return the grid that is shipped: `grid.toml`, beside this module."""
    return read_grid(Path(__file__).with_name("grid.toml"))


def read_grid(path: str | Path) -> Grid:
    """Read a grid from a TOML file.

    Raises
    ------
    ConfigurationError
        It cannot be read, is no TOML, or holds what is no grid.
    """
    path = Path(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigurationError(
            f"cannot be read: {reason}", where=str(path), allowed="a TOML file with a grid"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"is not TOML: {error}", where=str(path), next_step="mend the line"
        ) from error
    return attrs.evolve(grid_of(table, where=str(path)), folder=path.parent)


def grid_of(table: Mapping[str, Any], *, where: str = "grid") -> Grid:
    """Return the grid of a table as it stands in a file.

    Raises
    ------
    ConfigurationError
        An unknown key with the nearest spelling, an empty list, a value that is there twice or does not fit.
    """
    for key in table:
        if key not in _KEYS:
            raise ConfigurationError(
                f"unknown key {key!r}",
                where=where,
                allowed=", ".join(_KEYS),
                next_step=nearest_spelling(key, _KEYS),
            )
    if "configurations" not in table:
        raise ConfigurationError(
            "'configurations' is missing", where=where, allowed='a list, such as ["lf-cos", "mine.toml"]'
        )
    profile = table.get("profile")
    if not isinstance(profile, str | None) or profile == "":
        raise ConfigurationError(f"{profile!r} does not fit", where=f"{where}: profile", allowed="a name")
    return Grid(
        configurations=_listed(table, "configurations", where, _name),
        profile=profile,
        organizers=_listed(table, "organizers", where, _component),
        reuse=_listed(table, "reuse", where, _component),
        ks=_listed(table, "k", where, _number),
    )


def _listed(table: Mapping[str, Any], key: str, where: str, one_of: Any) -> list[Any]:
    """Return the values of a list, each once; nothing where the key is not there."""
    place = f"{where}: {key}"
    values = table.get(key)
    if values is None:
        return []
    if not isinstance(values, list | tuple) or not values:
        raise ConfigurationError(f"{values!r} is no list of values", where=place, allowed="a list")
    found: list[Any] = []
    for value in values:
        made = one_of(value, place)
        if made in found:
            raise ConfigurationError(
                f"{value!r} is there twice",
                where=place,
                allowed="each value once",
                next_step="leave one out",
            )
        found.append(made)
    return found


def _name(value: Any, place: str) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{value!r} names nothing", where=place, allowed="a name or a TOML file")
    return value


def _component(value: Any, place: str) -> Use:
    if isinstance(value, Use):
        return value
    if isinstance(value, str) and value:
        return Use(name=value)
    if isinstance(value, Mapping) and "use" in value:
        return Use.from_mapping(value, where=place)
    raise ConfigurationError(
        f"{value!r} names no component", where=place, allowed='a name, or { use = "name", parameter = value }'
    )


def _number(value: Any, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigurationError(
            f"{value!r} is no number of neighbours", where=place, allowed="whole numbers of at least 1"
        )
    return value
