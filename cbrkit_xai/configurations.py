"""One choice of each component, composed in Python or TOML, checked before any photo is read."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from cbrkit_xai.choice import Use
from cbrkit_xai.components import ConfigurationPlugin
from cbrkit_xai.errors import ConfigurationError, ParameterError, nearest_spelling
from cbrkit_xai.fitting_together import refuse_misfits
from cbrkit_xai.neighbours import check_k
from cbrkit_xai.protocols import (
    Aggregator,
    Metric,
    Organizer,
    Representation,
    RetentionPolicy,
    ReuseStrategy,
)
from cbrkit_xai.registry import Registry, default_registry

if TYPE_CHECKING:
    from cbrkit_xai.case_base import CaseBase
    from cbrkit_xai.cycle import Recommender
    from cbrkit_xai.fit_cache import FitCache
    from cbrkit_xai.protocols import Progress

KIND_OF_PART: Mapping[str, str] = {
    "representation": "representation",
    "metric": "metric",
    "organizer": "organizer",
    "aggregator": "aggregator",
    "reuse": "reuse-strategy",
    "retention": "retention-policy",
}
"""The parts of a configuration, and the kind of component that each names."""

_KEYS = ("extends", "name", "profile", *KIND_OF_PART, "k")


def _as_use(value: Any, field: attrs.Attribute[Any]) -> Use:
    if isinstance(value, Use):
        return value
    if isinstance(value, str):
        return Use(name=value)
    if isinstance(value, Mapping) and "use" in value:
        return Use.from_mapping(value, where=field.name)
    raise ConfigurationError(
        f"{value!r} names no component",
        where=field.name,
        allowed='a name, or { use = "name", parameter = value }',
    )


def _part(default: Any = attrs.NOTHING) -> Any:
    return attrs.field(default=default, converter=attrs.Converter(_as_use, takes_field=True))


def _is_text(instance: Any, attribute: attrs.Attribute[str], value: Any) -> None:
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{value!r} does not fit", where=attribute.name, allowed="a text")


@attrs.frozen(kw_only=True)
class Components:
    """A configuration's components, made."""

    representation: Representation
    metric: Metric
    organizer: Organizer
    aggregator: Aggregator
    reuse: ReuseStrategy
    retention: RetentionPolicy


@attrs.frozen(kw_only=True)
class Configuration:
    """One choice of each component; unresolved data that round-trips through TOML.

    Parameters
    ----------
    name : str
        The paper's name in lower case, such as `"lf-cos"`, or one's own.
    profile : str
        `"paper2022"`, `"recommended"`, or one's own.
    representation, metric, organizer, aggregator, reuse, retention : Use or str
        Components by name with parameters.
    k : int
        How many entries are retrieved.
    """

    name: str = attrs.field(validator=_is_text)
    profile: str = attrs.field(default="custom", validator=_is_text)
    representation: Use = _part()
    metric: Use = _part()
    organizer: Use = _part("linear")
    aggregator: Use = _part("mean")
    reuse: Use = _part("mean")
    retention: Use = _part("always")
    k: int = attrs.field(default=5, converter=check_k)

    @property
    def label(self) -> str:
        """The full name, `name/organizer@profile`."""
        return f"{self.name}/{self.organizer.name}@{self.profile}"

    @property
    def hash(self) -> str:
        """A sha256 of all that changes a prediction."""
        parts = {part: getattr(self, part).to_mapping() for part in KIND_OF_PART}
        return hashlib.sha256(json.dumps({**parts, "k": self.k}, sort_keys=True).encode()).hexdigest()

    def substituted(self, registry: Registry | None = None) -> str:
        """Return what stands in the place of what the profile's name promises; empty if nothing does."""
        registry = registry or default_registry()
        if self.name not in registry.names("configuration"):
            return ""
        record = registry.find("configuration", self.name)
        profile = record.profiles.get(self.profile) if isinstance(record, ConfigurationPlugin) else None
        # Whoever put another representation in its place knows what it is.
        return profile.substituted if profile and profile.representation == self.representation else ""

    def evolve(self, **changes: Any) -> Configuration:
        """Return the configuration with other parts.

        Raises
        ------
        ConfigurationError
            A part that does not exist, with the nearest spelling.
        """
        known = _KEYS[1:]
        for key in changes:
            if key not in known:
                raise ConfigurationError(
                    f"unknown part {key!r}",
                    where=self.name,
                    allowed=", ".join(known),
                    next_step=nearest_spelling(key, known),
                )
        return attrs.evolve(self, **changes)

    def to_toml(self) -> str:
        """Return a TOML text that `configuration_from_toml` reads back to an equal configuration."""
        import tomli_w

        parts = {part: getattr(self, part).to_mapping() for part in KIND_OF_PART}
        return tomli_w.dumps({"name": self.name, "profile": self.profile, "k": self.k, **parts})

    def components(self, registry: Registry | None = None) -> Components:
        """Make every component, and check that they fit together.

        Raises
        ------
        ConfigurationError
            An unknown name, a wrong parameter, or a metric that cannot take what the
            representation yields.
        """
        registry = registry or default_registry()
        made = {
            part: registry.create(kind, getattr(self, part), where=part)
            for part, kind in KIND_OF_PART.items()
        }
        refuse_misfits(registry, self.representation, self.metric, self.organizer, made["metric"])
        return Components(**made)

    def fit(
        self,
        base: CaseBase,
        *,
        registry: Registry | None = None,
        cache: FitCache | None = None,
        progress: Progress | None = None,
        learn_now: bool = True,
    ) -> Recommender:
        """Organise a case base and learn how far its neighbours can be trusted.

        Parameters
        ----------
        base : CaseBase
            At least one case.
        registry : Registry, optional
            By default that of everything installed.
        cache : FitCache, optional
            Where finished fits are kept; none by default.
        progress : callable, optional
            Called with (steps done, steps in all).
        learn_now : bool
            False to learn when the first recommendation is asked for.
        """
        from cbrkit_xai.cycle import fit

        return fit(self, base, registry=registry, cache=cache, progress=progress, learn_now=learn_now)


def configuration(
    name: str,
    *,
    profile: str = "recommended",
    organizer: str | Use | None = None,
    registry: Registry | None = None,
) -> Configuration:
    """Return a named configuration.

    Parameters
    ----------
    name : str
        Such as `"lf-cos"`; upper case is accepted as the paper writes it.
    profile : str
        Such as `"paper2022"`.
    organizer : str or Use, optional
        By default the profile's first; a name that the profile lists comes with its parameters.

    Raises
    ------
    ConfigurationError
        No such configuration or profile.
    """
    registry = registry or default_registry()
    record = registry.find("configuration", name.lower(), where="configuration")
    assert isinstance(record, ConfigurationPlugin)  # noqa: S101 - find returns records of the kind
    if profile not in record.profiles:
        raise ConfigurationError(
            f"{name!r} has no profile {profile!r}",
            where="profile",
            allowed=", ".join(record.profiles),
            next_step=nearest_spelling(profile, record.profiles),
        )
    chosen = record.profiles[profile]
    listed = {one.name: one for one in chosen.organizers}
    if organizer is None:
        organizer = chosen.organizers[0]
    elif isinstance(organizer, str):
        registry.find("organizer", organizer, where="organizer")
        organizer = listed.get(organizer, Use(name=organizer))
    return Configuration(
        name=record.name,
        profile=profile,
        representation=chosen.representation,
        metric=chosen.metric,
        organizer=organizer,
        aggregator=chosen.aggregator,
        reuse=chosen.reuse,
        retention=chosen.retention,
        k=chosen.k,
    )


def configuration_from_toml(
    text: str, *, where: str = "configuration", registry: Registry | None = None
) -> Configuration:
    """Read a configuration from TOML.

    `extends = "lf-cos"` starts from a named configuration (in `profile`, by default
    recommended); every other key replaces a part.

    Raises
    ------
    ConfigurationError
        A syntax error, an unknown key, or a part that names nothing.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        last = f"at the end, line {len(text.splitlines())}"
        reason = str(error).replace("at end of document", last)
        raise ConfigurationError(f"is not TOML: {reason}", where=where, next_step="mend the line") from error
    for key in table:
        if key not in _KEYS:
            raise ConfigurationError(
                f"unknown key {key!r}",
                where=where,
                allowed=", ".join(_KEYS),
                next_step=nearest_spelling(key, _KEYS),
            )
    try:
        return _from_table(table, where, registry)
    except (ConfigurationError, ParameterError) as error:
        if error.where and (error.where == where or error.where.startswith(f"{where}:")):
            raise
        error.where = f"{where}: {error.where}" if error.where else where
        raise


def _from_table(table: dict[str, Any], where: str, registry: Registry | None) -> Configuration:
    changes = {key: value for key, value in table.items() if key != "extends"}
    if "extends" not in table:
        missing = [part for part in ("name", "representation", "metric") if part not in table]
        if missing:
            raise ConfigurationError(
                f"{missing[0]!r} is missing",
                where=where,
                next_step='name it, or start with extends = "lf-cos"',
            )
        return Configuration(**changes)
    for key in ("extends", "profile"):
        if not isinstance(table.get(key, ""), str):
            raise ConfigurationError(f"{table[key]!r} does not fit", where=key, allowed="a text")
    profile = changes.pop("profile", "recommended")
    started = configuration(table["extends"], profile=profile, registry=registry)
    return started.evolve(**changes)


def load_configuration(path: str | Path, *, registry: Registry | None = None) -> Configuration:
    """Read a configuration from a TOML file; see `configuration_from_toml`."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
        raise ConfigurationError(
            f"cannot be read: {reason}", where=str(path), next_step="name a TOML file or a configuration"
        ) from error
    return configuration_from_toml(text, where=str(path), registry=registry)
