"""Features the paper left for later: other networks', and whatever else describes the photos as vectors."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import attrs

from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.choice import Use
from cbrkit_xai.components import RepresentationPlugin
from cbrkit_xai.configurations import Configuration
from cbrkit_xai.errors import CbrkitXaiError
from cbrkit_xai.evaluation.predicting.substitution import lacking, names_of
from cbrkit_xai.registry import Registry, missing_needs

PROFILE = "future-work"
"""Of configurations that are not the paper's."""

METRIC = "cosine"
"""As LF-COS: it takes vectors of any scale."""

_NOT_VECTORS = ("several", "concatenation")
_OF_THE_PREDECESSOR = "java2021-"
_CLASSIFIERS = {"class-probabilities": {"classifier": {"use": "efficientnet-lite0"}}}
"""Parameters of a representation that needs one; the network is one that a plugin ships."""


@attrs.frozen(kw_only=True)
class OtherFeatures:
    """What else the photos could be compared by.

    Parameters
    ----------
    configurations : tuple of Configuration
        By the cosine, linear, for features that the base stores or that can be computed from its pixels.
    left_out : tuple of (name, reason)
        Each kind of features that cannot be had here.
    """

    configurations: tuple[Configuration, ...]
    left_out: tuple[tuple[str, str], ...] = ()


def other_features(base: CaseBase, registry: Registry, used: Collection[str]) -> OtherFeatures:
    """Return configurations for all vectors that the paper's five do not use.

    Parameters
    ----------
    used : collection of str
        Fingerprints of the representations that the five are evaluated with.
    """
    found: dict[str, Configuration] = {}
    left_out: list[tuple[str, str]] = []
    for name, use in _candidates(base, registry):
        try:
            made = registry.create("representation", use, from_base=name in base.features)
            if made.fingerprint in used or made.fingerprint in found:
                continue
            configuration = Configuration(
                name=_named(name, base), profile=PROFILE, representation=use, metric=Use(name=METRIC)
            )
            configuration.components(registry)
        except CbrkitXaiError as error:
            left_out.append((name, str(error)))
            continue
        reason = lacking(base, made)
        if reason is not None:
            left_out.append((name, "neither stored, nor computable without pixels: --images DIR"))
        else:
            found[made.fingerprint] = configuration
    return OtherFeatures(configurations=tuple(found.values()), left_out=tuple(left_out))


def _candidates(base: CaseBase, registry: Registry) -> Iterator[tuple[str, Use]]:
    """Yield what the base stores, by its fingerprint, and every representation that needs nothing more."""
    yield from base.representations.items()
    for name in registry.names("representation"):
        record = registry.find("representation", name)
        assert isinstance(record, RepresentationPlugin)  # noqa: S101 - find returns records of the kind
        if name in _NOT_VECTORS or name.startswith(_OF_THE_PREDECESSOR) or record.yields != "vectors":
            continue
        if not missing_needs(record):
            yield name, Use(name=name, parameters=_CLASSIFIERS.get(name, {}))


def _named(name: str, base: CaseBase) -> str:
    """Return a short name: the network of stored features, or the representation's own."""
    return names_of(name) if name in base.features else name
