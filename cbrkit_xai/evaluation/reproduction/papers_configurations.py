"""The paper's five configurations, each linear and clustered, as far as a case base can be described so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.configurations import Components, Configuration, configuration
from cbrkit_xai.errors import CaseBaseError, FeaturesError
from cbrkit_xai.evaluation.predicting.substitution import refuse_unknown, substituted
from cbrkit_xai.evaluation.reproduction.papers_numbers import SIMILARITIES, PapersSimilarity
from cbrkit_xai.protocols import Representation
from cbrkit_xai.registry import Registry

PROFILE = "paper2022"
LINEAR, CLUSTERED = "linear", "dbscan-prototypes"
"""The paper's "instance-based" and "clustered" organisation."""


@attrs.frozen(kw_only=True)
class PapersConfiguration:
    """One row of Table 1 on the case base at hand.

    Parameters
    ----------
    name : str
        Of the configuration, such as "hist-euc".
    linear, clustered : Configuration or None
        As they are evaluated; None where the base cannot be described so.
    components : Components or None
        Of the clustered one.
    substituted : str
        What stands in the place of what the paper used; empty if nothing does.
    missing : str
        Why the base cannot be described so; empty if it can.
    """

    name: str
    linear: Configuration | None = None
    clustered: Configuration | None = None
    components: Components | None = None
    substituted: str = ""
    missing: str = ""

    @property
    def paper(self) -> PapersSimilarity:
        """The paper's own words and numbers."""
        return SIMILARITIES[self.name]

    @property
    def is_latent(self) -> bool:
        """Whether it compares latent features."""
        return self.paper.applied_over.startswith("Latent")

    @property
    def is_histogram(self) -> bool:
        """Whether it compares colour histograms."""
        return self.paper.applied_over.startswith("Color histogram")


def papers_configurations(
    base: CaseBase, registry: Registry, substitute: Mapping[str, str]
) -> tuple[PapersConfiguration, ...]:
    """Return all five, those that are not applicable with the reason why.

    Parameters
    ----------
    substitute : mapping of str to str
        As `evaluate` takes it: what may stand for a representation that the profile promises.

    Raises
    ------
    CaseBaseError
        None of them is applicable.
    ConfigurationError
        Other features would stand for the paper's, and nothing was allowed to.
    ParameterError
        A substitute for what is no representation.
    """
    refuse_unknown(substitute, registry)
    found = tuple(_one(name, base, registry, substitute) for name in SIMILARITIES)
    if all(one.missing for one in found):
        raise CaseBaseError(
            f"none of the paper's configurations is applicable; {found[0].name}: {found[0].missing}",
            where=base.name,
            allowed="a base with histograms, latent vectors, or the pixels of its photos",
            next_step="name the folder with its photos: --images DIR",
        )
    return found


def representations_of(configurations: Iterable[PapersConfiguration]) -> list[Representation]:
    """Return the representations of those that are applicable."""
    return [one.components.representation for one in configurations if one.components is not None]


def _one(name: str, base: CaseBase, registry: Registry, substitute: Mapping[str, str]) -> PapersConfiguration:
    if name not in registry.names("configuration"):
        return PapersConfiguration(name=name, missing=f"no plugin that brings {name!r} is installed")
    linear = configuration(name, profile=PROFILE, organizer=LINEAR, registry=registry)
    clustered = configuration(name, profile=PROFILE, organizer=CLUSTERED, registry=registry)
    try:
        made = substituted(clustered, base, substitute, registry)
    except FeaturesError as error:
        reason = error.what if error.next_step is None else f"{error.what}; {error.next_step}"
        return PapersConfiguration(name=name, missing=reason)
    return PapersConfiguration(
        name=name,
        linear=linear,
        clustered=clustered,
        components=made.components,
        substituted=made.substituted,
    )
