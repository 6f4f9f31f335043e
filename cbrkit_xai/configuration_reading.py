"""Reads configurations from TOML: one, what one extends, or all that a grid makes of one."""

from __future__ import annotations

from pathlib import Path

import attrs

from cbrkit_xai.components import ConfigurationPlugin
from cbrkit_xai.configuration_files import ConfigurationFile, file_of_text, read_file
from cbrkit_xai.configuration_parts import KIND_OF_PART
from cbrkit_xai.configurations import Configuration, configuration
from cbrkit_xai.errors import ConfigurationError, ParameterError
from cbrkit_xai.grids import refuse_grid
from cbrkit_xai.registry import Registry, default_registry


def configuration_from_toml(
    text: str, *, where: str = "configuration", registry: Registry | None = None
) -> Configuration:
    """Read a configuration from TOML.

    `extends = "lf-cos"` starts from a named configuration (in `profile`, by default
    recommended), `extends = "other.toml"` from another file; every other key replaces a part.

    Raises
    ------
    ConfigurationError
        A syntax error, an unknown key, a part that names nothing, a file that extends itself, or a
        grid, which is several configurations.
    """
    return _the_one(file_of_text(text, where), registry)


def configurations_from_toml(
    text: str, *, where: str = "configuration", registry: Registry | None = None
) -> list[Configuration]:
    """Read what `[grid]` makes of a configuration, or the one configuration where there is no grid.

    Raises
    ------
    ConfigurationError
        As `configuration_from_toml` and `Configuration.grid`.
    """
    return _all_of(file_of_text(text, where), registry)


def load_configuration(path: str | Path, *, registry: Registry | None = None) -> Configuration:
    """Read a configuration from a TOML file; see `configuration_from_toml`."""
    return _the_one(read_file(Path(path)), registry)


def load_configurations(path: str | Path, *, registry: Registry | None = None) -> list[Configuration]:
    """Read one or more configurations from a TOML file; see `configurations_from_toml`."""
    return _all_of(read_file(Path(path)), registry)


def has_grid(path: str | Path) -> bool:
    """Say whether a TOML file stands for several configurations."""
    return read_file(Path(path)).grid is not None


def _the_one(file: ConfigurationFile, registry: Registry | None) -> Configuration:
    refuse_grid(file, file.where)
    return _of_file(file, registry)


def _all_of(file: ConfigurationFile, registry: Registry | None) -> list[Configuration]:
    started = _of_file(file, registry)
    if file.grid is None:
        return [started]
    return started.grid(file.grid, registry=registry, where=f"{file.where}: grid")


def _of_file(file: ConfigurationFile, registry: Registry | None) -> Configuration:
    """Return the configuration of a file without its grid."""
    try:
        found = _of_table(file, registry)
    except (ConfigurationError, ParameterError) as error:
        if error.where is None or not any(_is_in(error.where, one.where) for one in file.chain):
            error.where = f"{file.where}: {error.where}" if error.where else file.where
        raise
    own = {part: file.where for part in file.table if part in KIND_OF_PART}
    return attrs.evolve(found, origins={**found.origins, **own})


def _is_in(place: str, where: str) -> bool:
    return place == where or place.startswith(f"{where}: ")


def _of_table(file: ConfigurationFile, registry: Registry | None) -> Configuration:
    changes = {key: value for key, value in file.table.items() if key != "extends"}
    if file.extended is not None:
        refuse_grid(file.extended, f"{file.where}: extends")
        extended = _of_file(file.extended, registry)
        _refuse_borrowed_profile(file, extended, registry)
        return extended.evolve(**changes)
    if "extends" not in file.table:
        missing = [part for part in ("name", "representation", "metric") if part not in changes]
        if missing:
            raise ConfigurationError(
                f"{missing[0]!r} is missing",
                allowed="name, representation and metric, or extends",
                next_step='name it, or start with extends = "lf-cos"',
            )
        return Configuration(**changes)
    profile = changes.pop("profile", None)
    if not isinstance(profile, str | None):
        raise ConfigurationError(f"{profile!r} does not fit", where="profile", allowed="a text")
    return _named(file.table["extends"], profile, registry).evolve(**changes)


def _refuse_borrowed_profile(
    file: ConfigurationFile, extended: Configuration, registry: Registry | None
) -> None:
    """Refuse the name of a registered profile on parts that are another's: a result names its profile."""
    profile = file.table.get("profile", extended.profile)
    known = registry or default_registry()
    records = (known.find("configuration", name) for name in known.names("configuration"))
    taken = {one for record in records if isinstance(record, ConfigurationPlugin) for one in record.profiles}
    if profile != extended.profile and profile in taken:
        raise ConfigurationError(
            f"{profile!r} would only rename the parts of {file.table['extends']!r}, which are of the profile "
            f"{extended.profile!r}",
            where="profile",
            allowed="a name of your own, since a file is extended",
            next_step=f"write profile = {profile!r} where extends names a configuration",
        )


def _named(name: str, profile: str | None, registry: Registry | None) -> Configuration:
    try:
        return configuration(name, profile=profile, registry=registry)
    except ConfigurationError as error:
        if error.where == "configuration":
            error.where = "extends"
            error.allowed = f"{error.allowed}, or a file such as 'other.toml'"
        raise
