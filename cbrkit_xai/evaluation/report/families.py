"""Configurations that differ in their organizer alone, which one picture compares."""

from __future__ import annotations

import re
from collections.abc import Sequence

import attrs

from cbrkit_xai.evaluation.results import Evaluation, Run

_LIKE = re.compile(r"\[like ([^\]]+)\]$")
"""How the name of a baseline of prototypes ends: after the organizer that it has as many prototypes as."""


@attrs.frozen(kw_only=True, eq=False)
class Family:
    """One description of photos with one metric, organised in several ways.

    Parameters
    ----------
    name : str
        `name@profile`.
    runs : tuple of Run
        One per organizer, and the prototypes of equal number that it is compared with.
    """

    name: str
    runs: tuple[Run, ...]


def families(evaluation: Evaluation) -> tuple[Family, ...]:
    """Return the families of all that has neighbours, in the order of their first runs."""
    members: dict[str, list[Run]] = {}
    for run in evaluation.runs.values():
        if run.ks != (0,):
            members.setdefault(family_of(run), []).append(run)
    return tuple(Family(name=name, runs=tuple(found)) for name, found in members.items())


def family_of(run: Run) -> str:
    """Return `name@profile` of a run's configuration, and the label of a run without one."""
    if run.configuration is None:
        return run.label
    return f"{_LIKE.sub('', run.configuration.name)}@{run.configuration.profile}"


def organizer_of(run: Run) -> str:
    """Return what tells a run from the others of its family, such as "random-prototypes like k-medoids"."""
    if run.configuration is None:
        return run.label
    like = _LIKE.search(run.configuration.name)
    organizer = run.configuration.organizer.name
    return f"{organizer} like {like[1]}" if like else organizer


def names_in(runs: Sequence[Run]) -> dict[str, str]:
    """Return a name for each run of one family, by label, as short as tells them apart."""
    full = {run.label: organizer_of(run) for run in runs}
    short = {label: name.partition(" like ")[0] for label, name in full.items()}
    return short if len(set(short.values())) == len(short) else full
