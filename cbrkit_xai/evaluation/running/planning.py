"""Checks all that can be wrong with an evaluation before an hour of work depends on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.configuration_parts import KIND_OF_PART
from cbrkit_xai.configurations import Components, Configuration
from cbrkit_xai.errors import CaseBaseError, ConfigurationError, ParameterError, nearest_spelling
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.predicting.substitution import refuse_unknown, substituted
from cbrkit_xai.evaluation.wording import short_list
from cbrkit_xai.neighbours import check_k
from cbrkit_xai.registry import Registry


@attrs.frozen(kw_only=True)
class Planned:
    """A configuration that can be evaluated.

    Parameters
    ----------
    label : str
        What its results are found by.
    configuration : Configuration
        As it is evaluated.
    components : Components
        As composed; nothing has been fitted.
    substituted : str
        What stands in the place of what its name promises.
    """

    label: str
    configuration: Configuration
    components: Components
    substituted: str


def checked_configurations(
    base: CaseBase,
    configurations: Sequence[Configuration],
    *,
    substitute: Mapping[str, str],
    registry: Registry,
) -> tuple[Planned, ...]:
    """Return the configurations with their components, each once.

    Raises
    ------
    CaseBaseError
        Too few cases, or nobody voted.
    ConfigurationError
        Parts that do not fit together, or two configurations that bear one label.
    FeaturesError
        The base lacks what a configuration needs, and nothing may stand for it.
    ParameterError
        There is nothing to evaluate, or a substitute for what is no representation.
    """
    _refuse_too_little(base)
    if not configurations:
        raise ParameterError(
            "there is nothing to evaluate", where="configurations", allowed="at least one configuration"
        )
    refuse_unknown(substitute, registry)
    found: dict[str, Planned] = {}
    for configuration in configurations:
        one = substituted(configuration, base, substitute, registry)
        label = configuration.label
        if label in found:
            refuse_namesake(found[label].configuration, one.configuration)
            continue
        found[label] = Planned(
            label=label,
            configuration=one.configuration,
            components=one.components,
            substituted=one.substituted,
        )
    return tuple(found.values())


def checked_ks(ks: Iterable[int]) -> tuple[int, ...]:
    """Return numbers of neighbours, each once and ascending.

    Raises
    ------
    ParameterError
        There is none, or one is no whole number >= 1.
    """
    found = tuple(sorted({check_k(k) for k in ks}))
    if not found:
        raise ParameterError("there is no k", where="ks", allowed="whole numbers of at least 1")
    return found


def with_own_ks(ks: Sequence[int], planned: Iterable[Planned]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return the ks with each configuration's own among them, and a sentence for each that was added.

    What is judged at another k than its own, the nearest that happens to be there, was not chosen before.
    """
    missing: dict[int, list[str]] = {}
    for one in planned:
        if one.configuration.k not in ks:
            missing.setdefault(one.configuration.k, []).append(one.label)
    notes = (
        f"k = {k} is evaluated too: it is the own k of {short_list(labels)}"
        for k, labels in sorted(missing.items())
    )
    return tuple(sorted({*ks, *missing})), tuple(notes)


def checked_baselines(names: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """Return the names of baselines, each once.

    Raises
    ------
    ParameterError
        One that does not exist, with the nearest spelling.
    """
    known = tuple(known)
    wanted = tuple(dict.fromkeys(names))
    for name in wanted:
        if name not in known:
            raise ParameterError(
                f"there is no baseline {name!r}",
                where="baselines",
                allowed=", ".join(known),
                next_step=nearest_spelling(name, known),
            )
    return wanted


def _refuse_too_little(base: CaseBase) -> None:
    if len(base) < 2:
        raise CaseBaseError(
            f"has {len(base)} case{'s' * (len(base) != 1)}",
            where=base.name,
            allowed="at least 2: one to hold out, and one to learn from",
            next_step="import votes, or retain photos",
        )
    if not base.methods:
        raise CaseBaseError("nobody voted", where=base.name, next_step="import votes")


def refuse_namesake(one: Configuration, other: Configuration) -> None:
    """Refuse two configurations of one label that differ.

    Raises
    ------
    ConfigurationError
        With what they differ in.
    """
    different = [part for part in (*KIND_OF_PART, "k") if getattr(one, part) != getattr(other, part)]
    if different:
        part = different[0]
        raise ConfigurationError(
            f"two configurations are called {one.label!r}, and differ in {', '.join(different)} "
            f"({getattr(one, part)} and {getattr(other, part)})",
            where="configurations",
            allowed="one configuration of each label",
            next_step="name one of them otherwise, such as by name = ... in its file",
        )


def beyond_training(ks: Sequence[int], folds: Folds) -> tuple[str, ...]:
    """Return the sentence that says from which k on there are no more neighbours to ask."""
    least = folds.least_training
    if max(ks) <= least:
        return ()
    return (
        f"k up to {max(ks)} were asked for, and a fold has as few as {least} training cases: from there on "
        "every prediction rests on all of them, whatever the photo",
    )
