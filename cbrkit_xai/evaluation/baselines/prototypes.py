"""Prototypes of as many groups as a clustering found, but formed by chance, or by k-means.

They tell whether it is the clustering that helps, or merely the averaging. How many there are is known
only inside a fold, so it is done in two steps: `prototype_baselines` names the configurations before
anything is computed, `matched` fills in the number when the fold's clusters are known.
"""

from __future__ import annotations

from collections.abc import Sequence

from cbrkit_xai.choice import use
from cbrkit_xai.configurations import Configuration
from cbrkit_xai.errors import NotOrganizableError
from cbrkit_xai.neighbours import Entries
from cbrkit_xai.registry import Registry, default_registry

RANDOM = "random-prototypes"
K_MEANS = "k-means-prototypes"


def prototype_baselines(
    configuration: Configuration, registry: Registry | None = None
) -> tuple[Configuration, ...]:
    """Return the configurations that a clustered one is to be compared with, their numbers still open.

    Random prototypes always; k-means where the metric can be embedded and it is not k-means already. They
    share everything else with the configuration and are named after its organizer, such as
    `lf-cos[like dbscan-prototypes]/random-prototypes@paper2022`.

    Parameters
    ----------
    configuration : Configuration
        One whose entries are prototypes.
    registry : Registry, optional
        By default that of everything installed.
    """
    registry = registry or default_registry()
    metric = registry.create("metric", configuration.metric)
    organizers = [RANDOM] if configuration.organizer.name != RANDOM else []
    if hasattr(metric, "embed") and configuration.organizer.name != K_MEANS:
        organizers.append(K_MEANS)
    name = f"{configuration.name}[like {configuration.organizer.name}]"
    return tuple(configuration.evolve(name=name, organizer=organizer) for organizer in organizers)


def sizes_of(entries: Entries) -> tuple[int, ...]:
    """Return how many cases each prototype of an index stands for; cases that are entries do not count."""
    return tuple(int(size) for size in entries.sizes[entries.is_prototype])


def matched(configuration: Configuration, sizes: Sequence[int], seed: int = 0) -> Configuration:
    """Return a configuration of `prototype_baselines` with the number and sizes of the clusters found.

    Random groups have the very sizes, and leave out as many cases as the clustering left as noise. k-means
    has as many clusters; their sizes are its own.

    Parameters
    ----------
    configuration : Configuration
        With random-prototypes or k-means-prototypes.
    sizes : sequence of int
        As `sizes_of` gives them for the index of the fold.
    seed : int
        Of the groups; another one in each fold and repeat, so that no single lucky draw decides.

    Raises
    ------
    NotOrganizableError
        There is no prototype to match.
    """
    if not len(sizes):
        raise NotOrganizableError(
            "there are no prototypes to form as many of",
            where=configuration.label,
            allowed="a configuration whose entries are prototypes",
        )
    if configuration.organizer.name == RANDOM:
        return configuration.evolve(organizer=use(RANDOM, sizes=[int(size) for size in sizes], seed=seed))
    return configuration.evolve(organizer=use(K_MEANS, n_clusters=len(sizes), seed=seed))
