"""What may stand in the place of features that a profile promises and a case base lacks; never silently."""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs

from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.choice import Use
from cbrkit_xai.configurations import Components, Configuration
from cbrkit_xai.errors import ConfigurationError, FeaturesError, ParameterError, nearest_spelling
from cbrkit_xai.images import Image
from cbrkit_xai.pictures import Pictures
from cbrkit_xai.protocols import Representation
from cbrkit_xai.registry import Registry


@attrs.frozen(kw_only=True)
class Substituted:
    """A configuration as it is evaluated.

    Parameters
    ----------
    configuration : Configuration
        With the representation that it is evaluated with.
    components : Components
        Made of it.
    substituted : str
        What stands in the place of what its name promises; empty if nothing does.
    """

    configuration: Configuration
    components: Components
    substituted: str = ""


def substituted(
    configuration: Configuration, base: CaseBase, substitute: Mapping[str, str], registry: Registry
) -> Substituted:
    """Return the configuration with features that the base has, if its reader allows other features.

    Parameters
    ----------
    substitute : mapping of str to str
        From a representation's name to what may stand for it: the network, or whatever begins the
        fingerprint of features that the base holds, such as "efficientnet-lite0"; or the name of another
        representation.

    Raises
    ------
    ConfigurationError
        The parts do not fit together, or the profile promises features that others would stand for, and
        nothing was allowed to.
    FeaturesError
        The base lacks the features.
    """
    components = configuration.components(registry)
    made = components.representation
    promised = configuration.substituted(registry)
    allowed = substitute.get(configuration.representation.name)
    if promised and allowed is None:
        raise ConfigurationError(
            f"would use {promised}",
            where=configuration.label,
            allowed="a profile that promises no other features, or your word that these may stand for them",
            next_step=_suggestion(configuration, names_of(made.fingerprint)),
        )
    if promised and allowed == names_of(made.fingerprint):
        _refuse_lacking(configuration, made, base)
        return Substituted(configuration=configuration, components=components, substituted=promised)
    if allowed is None or (not promised and lacking(base, made) is None):
        _refuse_lacking(configuration, made, base)
        return Substituted(configuration=configuration, components=components)
    changed = configuration.evolve(representation=_stand_in(configuration, allowed, base, registry))
    components = changed.components(registry)
    _refuse_lacking(changed, components.representation, base)
    told = f"{allowed} stands for the {configuration.representation.name} features of {configuration.profile}"
    return Substituted(configuration=changed, components=components, substituted=told)


def refuse_unknown(substitute: Mapping[str, str], registry: Registry) -> None:
    """Refuse a substitute for what is no representation.

    Raises
    ------
    ParameterError
        Names the nearest spelling.
    """
    known = registry.names("representation")
    for name in substitute:
        if name not in known:
            raise ParameterError(
                f"there is no representation {name!r} for which something could stand",
                where="substitute",
                allowed=", ".join(known),
                next_step=nearest_spelling(name, known),
            )


def names_of(fingerprint: str) -> str:
    """Return what a fingerprint begins with: the network, or the kind of features."""
    return re.split(r"[;/(]", fingerprint, maxsplit=1)[0]


def lacking(base: CaseBase, representation: Representation) -> FeaturesError | None:
    """Return why a base has no such features, or None where it stores them or can compute them."""
    try:
        # The base itself knows what it derives from what; no photo is opened for the answer.
        attrs.evolve(
            base, pictures=_Closed(embedded=base.pictures.embedded, paths=base.pictures.paths)
        ).columns(representation)
    except FeaturesError as error:
        return error
    except _PixelsWantedError:
        return None
    return None


class _PixelsWantedError(Exception):
    pass


class _Closed(Pictures):
    """Pictures of which one can only see whether they are there."""

    def open(self, image_sha256: str) -> Image:
        raise _PixelsWantedError(image_sha256)


def _refuse_lacking(configuration: Configuration, made: Representation, base: CaseBase) -> None:
    error = lacking(base, made)
    if error is None:
        return
    error.where = f"{configuration.label} on {base.name}"
    held = [
        names_of(fingerprint)
        for fingerprint, made_by in base.representations.items()
        if made_by.name == configuration.representation.name and fingerprint != made.fingerprint
    ]
    if held:
        error.next_step = f"{error.next_step}; or {_suggestion(configuration, held[0])}"
    raise error


def _suggestion(configuration: Configuration, what: str) -> str:
    name = configuration.representation.name
    return f"let them stand for it: --substitute {name}={what} (substitute={{{name!r}: {what!r}}})"


def _stand_in(configuration: Configuration, allowed: str, base: CaseBase, registry: Registry) -> Use:
    """Return what makes the features of that name: those that the base holds, or a representation."""
    for fingerprint, use in base.representations.items():
        if names_of(fingerprint) == allowed:
            # The base may be a stranger's: it must not choose which program runs here.
            registry.create("representation", use, from_base=True)
            return use
    known = [*map(names_of, base.representations), *registry.names("representation")]
    if allowed not in known:
        raise ConfigurationError(
            f"nothing called {allowed!r} can stand for {configuration.representation.name!r}",
            where="substitute",
            allowed=", ".join(dict.fromkeys(known)),
            next_step=nearest_spelling(allowed, known),
        )
    return Use(name=allowed)
