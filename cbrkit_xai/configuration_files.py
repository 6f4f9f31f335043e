"""What stands in a configuration's TOML file, and in the files that it extends."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from cbrkit_xai.configuration_parts import GRID, KEYS
from cbrkit_xai.errors import ConfigurationError, nearest_spelling

_SUFFIX = ".toml"


@attrs.frozen(kw_only=True)
class ConfigurationFile:
    """A file, read and not yet understood.

    Parameters
    ----------
    where : str
        What errors call it: its path.
    table : mapping
        Its keys and values without the grid.
    grid : mapping, optional
        Its grid, where it has one.
    extended : ConfigurationFile, optional
        The file that it extends, where it extends a file.
    """

    where: str
    table: Mapping[str, Any]
    grid: Any = None
    extended: ConfigurationFile | None = None

    @property
    def chain(self) -> tuple[ConfigurationFile, ...]:
        """The file, the one it extends, and so on."""
        return (self, *(self.extended.chain if self.extended else ()))


def read_file(path: Path) -> ConfigurationFile:
    """Read a file, and those that it extends.

    Raises
    ------
    ConfigurationError
        One cannot be read, is no TOML, has an unknown key, or extends itself by a detour.
    """
    return _of_text(_text(path, str(path)), str(path), path.parent, (path,))


def file_of_text(text: str, where: str) -> ConfigurationFile:
    """Read the text of a file; what it extends is looked for in the current folder.

    Raises
    ------
    ConfigurationError
        As `read_file`.
    """
    return _of_text(text, where, Path(), ())


def _text(path: Path, where: str, opened: tuple[Path, ...] = ()) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
        what = "cannot be read" if where == str(path) else f"{str(path)!r} cannot be read"
        asked = {known.resolve() for known in (*opened, path)}
        beside = [one.name for one in path.parent.glob(f"*{_SUFFIX}") if one.resolve() not in asked]
        raise ConfigurationError(
            f"{what}: {reason}",
            where=where,
            allowed="a TOML file, or the name of a configuration",
            next_step=nearest_spelling(path.name, beside) or "name a TOML file or a configuration",
        ) from error


def _of_text(text: str, where: str, folder: Path, opened: tuple[Path, ...]) -> ConfigurationFile:
    table = _table(text, where)
    for key in table:
        if key not in (*KEYS, GRID):
            raise ConfigurationError(
                f"unknown key {key!r}",
                where=where,
                allowed=", ".join((*KEYS, GRID)),
                next_step=nearest_spelling(key, (*KEYS, GRID)),
            )
    grid = table.pop(GRID, None)
    return ConfigurationFile(
        where=where, table=table, grid=grid, extended=_extended(table, where, folder, opened)
    )


def _table(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        last = f"at the end, line {len(text.splitlines())}"
        reason = str(error).replace("at end of document", last)
        raise ConfigurationError(f"is not TOML: {reason}", where=where, next_step="mend the line") from error


def _extended(
    table: Mapping[str, Any], where: str, folder: Path, opened: tuple[Path, ...]
) -> ConfigurationFile | None:
    extends = table.get("extends", "")
    if not isinstance(extends, str):
        raise ConfigurationError(
            f"{extends!r} does not fit",
            where=f"{where}: extends",
            allowed="a text: the name of a configuration, or a file such as 'other.toml'",
        )
    if not extends.endswith(_SUFFIX):
        return None
    path = folder / extends
    _refuse_circle(path, opened, where)
    text = _text(path, f"{where}: extends", opened)
    return _of_text(text, str(path), path.parent, (*opened, path))


def _refuse_circle(path: Path, opened: tuple[Path, ...], where: str) -> None:
    resolved = [one.resolve() for one in opened]
    if path.resolve() not in resolved:
        return
    circle = opened[resolved.index(path.resolve()) :]
    raise ConfigurationError(
        f"the files extend each other in a circle: {' -> '.join(map(str, (*circle, circle[0])))}",
        where=f"{where}: extends",
        allowed="a chain that ends at a named configuration, or at a file without extends",
        next_step="let one of them extend something else",
    )
