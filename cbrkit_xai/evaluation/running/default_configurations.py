"""What is evaluated where nothing was named: the paper's five, as far as a base can be described so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.configurations import Configuration, configuration
from cbrkit_xai.errors import CaseBaseError, CbrkitXaiError, ConfigurationError, FeaturesError, without_place
from cbrkit_xai.evaluation.predicting.substitution import substituted
from cbrkit_xai.registry import Registry

NAMES = ("hist-euc", "hist-cos", "lf-euc", "lf-cos", "ssim")
"""The paper's configurations, in the order of its Table 1."""

ORGANIZERS = ("linear", "dbscan-prototypes")
"""Its two organisations."""

PROFILE = "recommended"


def default_configurations(
    base: CaseBase,
    *,
    profile: str = PROFILE,
    organizers: Sequence[str] = ORGANIZERS,
    substitute: Mapping[str, str],
    registry: Registry,
) -> tuple[list[Configuration], tuple[str, ...]]:
    """Return the configurations that are applicable, and a sentence for each that is not.

    Parameters
    ----------
    profile : str
        In which all are evaluated.
    organizers : sequence of str
        In each of which all are evaluated.
    substitute : mapping of str to str
        As `evaluate` takes it.

    Raises
    ------
    CaseBaseError
        None is applicable.
    ConfigurationError
        An unknown profile or organizer.
    """
    found: list[Configuration] = []
    left_out: list[str] = []
    for name in NAMES:
        if name not in registry.names("configuration"):
            left_out.append(f"{name} left out: no plugin that brings it is installed")
            continue
        some = [
            configuration(name, profile=profile, organizer=organizer, registry=registry)
            for organizer in organizers
        ]
        reason = _reason_against(some[0], base, substitute, registry)
        if reason is None:
            found += some
        else:
            left_out.append(f"{name} left out: {without_place(reason)}")
    if not found:
        raise CaseBaseError(
            f"none of the paper's configurations is applicable: {'; '.join(left_out)}",
            where=base.name,
            allowed="a base with histograms, latent vectors, or the pixels of its photos",
            next_step="name what can be evaluated: --configurations NAME,...",
        )
    return found, tuple(left_out)


def _reason_against(
    one: Configuration, base: CaseBase, substitute: Mapping[str, str], registry: Registry
) -> CbrkitXaiError | None:
    one.components(registry)  # what does not fit together is an error, not a lack
    try:
        substituted(one, base, substitute, registry)
    except (ConfigurationError, FeaturesError) as error:
        return error
    return None
