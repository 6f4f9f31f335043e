"""By what a clustering's setting is chosen inside each fold: its silhouette, or the votes it predicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

from cbrkit_xai.choice import Use, use
from cbrkit_xai.configurations import Configuration
from cbrkit_xai.errors import ParameterError

SelectBy: TypeAlias = Literal["silhouette", "votes"]
SELECT_BY: tuple[SelectBy, ...] = ("silhouette", "votes")

SEARCHING, BY_VOTES = "dbscan-prototypes", "dbscan-by-votes"


def selected_by(select_by: SelectBy, configurations: Sequence[Configuration]) -> list[Configuration]:
    """Return the configurations with their clusterings' settings chosen so.

    Parameters
    ----------
    select_by : {"silhouette", "votes"}
        With "votes", dbscan-prototypes that searches for min_samples or eps becomes dbscan-by-votes, which
        cross-validates inside the cases that it is given; it is judged with the configuration's own k.

    Raises
    ------
    ParameterError
        Something else, or nothing is searched for.
    """
    if select_by not in SELECT_BY:
        raise ParameterError(
            f"select_by is {select_by!r}", where="select_by", allowed=", ".join(map(repr, SELECT_BY))
        )
    if select_by == "silhouette":
        return list(configurations)
    if not any(_searches(one.organizer) for one in configurations):
        raise ParameterError(
            "no configuration searches for the setting of its clusters",
            where="select_by",
            allowed=f"votes where one is organised by {SEARCHING} without min_samples, eps or both",
            next_step=f"name one: NAME/{SEARCHING}; or leave select_by out",
        )
    return [_by_votes(one) if _searches(one.organizer) else one for one in configurations]


def _searches(organizer: Use) -> bool:
    given: Any = organizer.parameters
    has_both = given.get("min_samples") is not None and given.get("eps") is not None
    return organizer.name == SEARCHING and not has_both


def _by_votes(configuration: Configuration) -> Configuration:
    chosen = use(BY_VOTES, within=configuration.organizer, k=configuration.k)
    return configuration.evolve(organizer=chosen)
