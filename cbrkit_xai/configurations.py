"""One choice of each component, composed in Python or TOML, checked before any photo is read."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs

from cbrkit_xai.choice import Use
from cbrkit_xai.components import ConfigurationPlugin
from cbrkit_xai.configuration_parts import KEYS
from cbrkit_xai.configuration_parts import KIND_OF_PART as KIND_OF_PART  # it is asked for here
from cbrkit_xai.errors import ConfigurationError, ParameterError, nearest_spelling
from cbrkit_xai.fitting_together import refuse_misfits
from cbrkit_xai.grids import Change, changed_part, combinations, flat_grid, name_of
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


def _origins(value: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(dict(value))


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
    origins : mapping of str to str
        For each part that stands in a file: which. Errors name it; it makes no other configuration.
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
    origins: Mapping[str, str] = attrs.field(factory=dict, converter=_origins, eq=False, repr=False)

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
        known = KEYS[1:]
        for key in changes:
            if key not in known:
                raise ConfigurationError(
                    f"unknown part {key!r}",
                    where=self.name,
                    allowed=", ".join(known),
                    next_step=nearest_spelling(key, known),
                )
        origins = {part: file for part, file in self.origins.items() if part not in changes}
        return attrs.evolve(self, **changes, origins=origins)

    def grid(
        self, grid: Mapping[str, Any], *, registry: Registry | None = None, where: str = "grid"
    ) -> list[Configuration]:
        """Return a configuration for each combination of values, the last path changing fastest.

        Each is named by its values, such as `mine[metric.p=2,k=5]`.

        Parameters
        ----------
        grid : mapping of str to list
            From dotted paths to values: a part (`"organizer"`), its parameter (`"metric.p"`), a
            parameter's own (`"reuse.aggregator.share"`), or `"k"`.
        registry : Registry, optional
            By default that of everything installed.
        where : str
            What an error names.

        Raises
        ------
        ConfigurationError
            An empty grid or list, an unknown path, a value that is there twice or does not fit. Nothing
            has been computed then.
        """
        found = [self._changed(changes, where) for changes in combinations(flat_grid(grid, where), where)]
        for one in found:
            one.components(registry)
        return found

    def _changed(self, changes: Sequence[Change], where: str) -> Configuration:
        parts = {key: getattr(self, key) for key in (*KIND_OF_PART, "k")}
        # A part is chosen before its parameters are, in whichever order they stand.
        for change in sorted(changes, key=lambda one: len(one.keys)):
            parts[change.keys[0]] = changed_part(parts[change.keys[0]], change, where)
        try:
            changed = self.evolve(name=name_of(self.name, changes), **parts)
        except (ConfigurationError, ParameterError) as error:
            error.where = f"{where}: {error.where}"
            raise
        touched = {change.keys[0]: where for change in changes}
        for part in touched:
            deeper = [one.path for one in changes if one.keys[0] == part and one.keys[1:]]
            if deeper:
                touched[part] = f"{where}: {', '.join(deeper)}"
        return attrs.evolve(changed, origins={**self.origins, **touched})

    def _place(self, part: str | None) -> str | None:
        """Return a place in a part as an error names it: behind the file that the part stands in."""
        file = self.origins.get(re.split(r"\W", part or "", maxsplit=1)[0], "")
        return f"{file}: {part}" if file else part

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
            part: registry.create(kind, getattr(self, part), where=self._place(part))
            for part, kind in KIND_OF_PART.items()
        }
        try:
            refuse_misfits(registry, self.representation, self.metric, self.organizer, made["metric"])
        except ConfigurationError as error:
            error.where = self._place(error.where)
            raise
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
    profile: str | None = None,
    organizer: str | Use | None = None,
    registry: Registry | None = None,
) -> Configuration:
    """Return a named configuration.

    Parameters
    ----------
    name : str
        Such as `"lf-cos"`; upper case is accepted as the paper writes it.
    profile : str, optional
        Such as `"paper2022"`; by default `"recommended"`, or the only one that there is.
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
    if profile is None:
        only = list(record.profiles) if len(record.profiles) == 1 else []
        profile = only[0] if only else "recommended"
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
