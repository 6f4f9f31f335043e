"""What is chosen among, from the simplest to the least simple: the global mean, and the points of a grid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.choice import Use
from cbrkit_xai.configuration_reading import load_configurations
from cbrkit_xai.configurations import Configuration, configuration
from cbrkit_xai.errors import CaseBaseError, ConfigurationError, FeaturesError, without_place
from cbrkit_xai.evaluation.predicting.substitution import Substituted, refuse_unknown, substituted
from cbrkit_xai.evaluation.questions.contestants import named
from cbrkit_xai.evaluation.results import GLOBAL_MEAN
from cbrkit_xai.evaluation.running.planning import Planned, refuse_namesake
from cbrkit_xai.evaluation.tuning.grid import Grid
from cbrkit_xai.grids import Change, name_of
from cbrkit_xai.registry import Registry

SIMPLICITY = (
    "the global mean; then one representation before several; of these the organizer that the grid lists "
    "first; then the larger k; then the way of reuse, and last the configuration, that it lists first"
)
"""The order of the candidates, in words.

A mean of k neighbours among n photos is worth n/k free numbers (Hastie, Tibshirani & Friedman, The Elements
of Statistical Learning, 2009, section 2.3.2), the global mean one.
"""

_SEVERAL = "several"


@attrs.frozen(kw_only=True)
class Candidate:
    """What may be chosen.

    Parameters
    ----------
    label : str
        Of the configuration, or that of the global mean.
    k : int
        Number of neighbours; 0 for the global mean.
    planned : Planned, optional
        The configuration as it is evaluated; None for the global mean.
    """

    label: str
    k: int = 0
    planned: Planned | None = None

    @property
    def name(self) -> str:
        """Label and k, in words."""
        return named(self.label, self.k)

    @property
    def configuration(self) -> Configuration | None:
        """The configuration with this k; None for the global mean."""
        return None if self.planned is None else self.planned.configuration.evolve(k=self.k)


@attrs.frozen(kw_only=True)
class Candidates:
    """Everything that is chosen among.

    Parameters
    ----------
    points : tuple of Candidate
        The simplest first, which is the global mean.
    planned : tuple of Planned
        Each configuration once, in the order of the grid.
    otherwise : Configuration
        What is recommended where the global mean wins: the first, as its profile has it.
    left_out : tuple of str
        A sentence for each configuration that the base cannot be described for.
    """

    points: tuple[Candidate, ...]
    planned: tuple[Planned, ...]
    otherwise: Configuration
    left_out: tuple[str, ...]

    @property
    def ks(self) -> tuple[int, ...]:
        """All numbers of neighbours, ascending."""
        return tuple(sorted({one.k for one in self.points if one.k}))


@attrs.frozen(kw_only=True)
class _Organized:
    """A configuration with an organizer, before it is varied in reuse.

    Its own name finds the promise of its profile; that of what was varied would not.
    """

    configuration: Configuration
    changes: tuple[Change, ...]
    place: int
    organizer_place: int


@attrs.frozen(kw_only=True)
class _Variant:
    """A configuration, and its places in the grid's lists."""

    planned: Planned
    places: tuple[int, int, int]  # organizer, reuse, configuration


def candidates_of(
    grid: Grid, base: CaseBase, *, substitute: Mapping[str, str], registry: Registry
) -> Candidates:
    """Return what a grid offers a base, the simplest first.

    Raises
    ------
    CaseBaseError
        No configuration of the grid is applicable.
    ConfigurationError
        An unknown name, parts that do not fit together, or two configurations that bear one label.
    ParameterError
        A substitute for what is no representation.
    """
    refuse_unknown(substitute, registry)
    variants: dict[str, _Variant] = {}
    otherwise: list[Configuration] = []
    left_out: list[str] = []
    for one in _all_organized(grid, registry):
        one.configuration.components(registry)  # what does not fit together is an error, not a lack
        try:
            evaluated = substituted(one.configuration, base, substitute, registry)
        except (ConfigurationError, FeaturesError) as error:
            left_out.append(f"{one.configuration.name} left out: {without_place(error)}")
            continue
        otherwise.append(evaluated.configuration)
        for variant in _varied_in_reuse(one, evaluated, grid, registry):
            planned = variant.planned
            namesake = variants.setdefault(planned.label, variant).planned
            refuse_namesake(namesake.configuration, planned.configuration)
    if not variants:
        raise CaseBaseError(
            f"no configuration of the grid is applicable: {'; '.join(dict.fromkeys(left_out))}",
            where=base.name,
            allowed="a base with the features that one of them compares",
            next_step="list others in a file: --grid FILE.toml",
        )
    return Candidates(
        points=(Candidate(label=GLOBAL_MEAN), *_from_simple(variants.values(), grid.ks)),
        planned=tuple(one.planned for one in variants.values()),
        otherwise=otherwise[0],
        left_out=tuple(dict.fromkeys(left_out)),
    )


def _all_organized(grid: Grid, registry: Registry) -> Iterator[_Organized]:
    """Yield each configuration of the grid with each of its organizers."""
    for place, entry in enumerate(grid.configurations):
        for number, organizer in enumerate(grid.organizers or (None,)):
            for one in _loaded(entry, organizer, grid, registry):
                varied = organizer is not None and organizer.parameters
                changes = (Change(path="organizer", value=organizer),) if varied else ()
                yield _Organized(configuration=one, changes=changes, place=place, organizer_place=number)


def _loaded(
    entry: str | Configuration, organizer: Use | None, grid: Grid, registry: Registry
) -> list[Configuration]:
    """Return what an entry of the grid stands for, with that organizer."""
    if isinstance(entry, Configuration):
        found = [entry]
    elif entry.endswith(".toml"):
        found = load_configurations(grid.folder / entry, registry=registry)
    else:
        as_listed = organizer.name if organizer is not None and not organizer.parameters else organizer
        return [configuration(entry, profile=grid.profile, organizer=as_listed, registry=registry)]
    # Its own organizer by name is that with its own parameters.
    return [
        one
        if organizer is None or organizer == Use(name=one.organizer.name)
        else one.evolve(organizer=organizer)
        for one in found
    ]


def _varied_in_reuse(
    one: _Organized, evaluated: Substituted, grid: Grid, registry: Registry
) -> Iterator[_Variant]:
    """Yield the configuration with each way of reuse, named by what is not its own."""
    own = evaluated.configuration
    for number, reuse in enumerate(grid.reuse or (own.reuse,)):
        changes = one.changes if reuse == own.reuse else (*one.changes, Change(path="reuse", value=reuse))
        name = name_of(own.name, changes) if changes else own.name
        changed = own.evolve(name=name, reuse=reuse)
        planned = Planned(
            label=changed.label,
            configuration=changed,
            components=changed.components(registry),
            substituted=evaluated.substituted,
        )
        yield _Variant(planned=planned, places=(one.organizer_place, number, one.place))


def _from_simple(variants: Iterable[_Variant], ks: Sequence[int]) -> list[Candidate]:
    """Return a candidate for each configuration and k, the simplest first."""

    def complexity(variant: _Variant, k: int) -> tuple[bool, int, int, int, int]:
        organizer, reuse, place = variant.places
        is_several = variant.planned.configuration.representation.name == _SEVERAL
        return is_several, organizer, -k, reuse, place

    all_of_them = [(one, k) for one in variants for k in ks or (one.planned.configuration.k,)]
    return [
        Candidate(label=one.planned.label, k=k, planned=one.planned)
        for one, k in sorted(all_of_them, key=lambda pair: complexity(*pair))
    ]
