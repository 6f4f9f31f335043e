"""Planted faulty components: each must be rejected by exactly the check that should."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

import attrs
from hypothesis import Phase, settings

from cbrkit_xai.testing.checking import laws_of
from cbrkit_xai.testing.configuration_laws import subjects_of_configuration
from cbrkit_xai.testing.laws import Check, Result, run
from cbrkit_xai.testing.plugin_laws import PluginSubject, subject_of_module
from cbrkit_xai.testing.subjects import Subject, subject_of

Faulty = TypeVar("Faulty", bound=type)


@attrs.frozen(kw_only=True, eq=False)
class Mutant:
    """A component, or a plugin, with one planted fault.

    Parameters
    ----------
    kind : str
        A kind of component, or `"plugin"`.
    name : str
        In kebab-case, unique within the kind.
    made : object
        What the kit takes for that kind: a class that is made without parameters, a component, or a record;
        for a configuration a `Configuration` or its record, for a plugin a module or an object with hooks. A
        subject, or a list of subjects, is examined as it is.
    caught_by : str
        The law that must fail, and no other.
    fault : str
        What is wrong with it, in a sentence.
    facts : mapping
        What it declares, where it comes without a record.
    """

    kind: str
    name: str
    made: Any
    caught_by: str
    fault: str
    facts: Mapping[str, Any] = attrs.field(factory=dict)

    def __repr__(self) -> str:
        return f"<Mutant {self.kind} {self.name}>"


MUTANTS: list[Mutant] = []
"""In the order in which they are written down."""


def plant(mutant: Mutant) -> Mutant:
    """Add a mutant to the list."""
    MUTANTS.append(mutant)
    return mutant


def planted(kind: str, *, caught_by: str, fault: str, **facts: Any) -> Callable[[Faulty], Faulty]:
    """Return a decorator that plants a class, named by it, which declares `facts`."""

    def plant_class(faulty: Faulty) -> Faulty:
        words = "".join(f"-{one.lower()}" if one.isupper() else one for one in faulty.__name__)
        plant(
            Mutant(
                kind=kind,
                name=words.strip("-"),
                made=faulty,
                caught_by=caught_by,
                fault=fault,
                facts=facts,
            )
        )
        return faulty

    return plant_class


def all_mutants() -> list[Mutant]:
    """Return the mutants of every `mutant_<kind>s.py` beside this module."""
    for path in sorted(Path(__file__).parent.glob("mutant_*s.py")):
        importlib.import_module(path.stem)
    return MUTANTS


def subjects(mutant: Mutant) -> list[Any]:
    """Return what the kit examines."""
    made = mutant.made
    if isinstance(made, Subject | PluginSubject):
        return [made]
    if isinstance(made, list | tuple):
        return list(made)
    if mutant.kind == "plugin":
        return [subject_of_module(made)]
    if mutant.kind == "configuration":
        return list(subjects_of_configuration(made))
    return list(subject_of(mutant.kind, made, **mutant.facts))


def results(mutant: Mutant) -> Iterator[Result]:
    """Run all that the kit would check of the mutant, without making its counter-examples small."""
    checks = [
        Check(law=law, subject=subject)
        for subject in subjects(mutant)
        for law in laws_of(mutant.kind)
        if law.applies(subject)
    ]
    # Most of the time goes into the smallest counter-example, which nobody reads here.
    with patch("hypothesis.settings", lambda **given: settings(**{**given, "phases": (Phase.generate,)})):
        yield from run(checks)


def verdict(mutant: Mutant) -> tuple[str, ...]:
    """Return the names of the laws that failed, each once, in their order."""
    return tuple(dict.fromkeys(one.check.law.name for one in results(mutant) if one.state == "failed"))
