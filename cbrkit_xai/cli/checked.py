"""What a name stands for when it is checked: checks, or the reason why there are none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from cbrkit_xai.choice import Use
    from cbrkit_xai.components import ComponentPlugin
    from cbrkit_xai.registry import Registry
    from cbrkit_xai.testing import Check, Result


@attrs.define(kw_only=True)
class Row:
    """One plugin or component: its results, or why it is skipped or cannot even be made."""

    kind: str
    name: str
    skipped: str = ""
    broken: str = ""
    results: list[Result] = attrs.field(factory=list)

    @property
    def state(self) -> str:
        """Passed, failed or skipped."""
        if self.skipped:
            return "skipped"
        return "failed" if self.reports else "passed"

    @property
    def reports(self) -> list[str]:
        """What is broken, each in a few lines."""
        if self.broken:
            return [f"{self.kind} {self.name} breaks its contract\nseen: {self.broken}"]
        return [one.report for one in self.results if one.state == "failed"]

    def count(self, state: str) -> int:
        """Return how many checks ended so."""
        return sum(one.state == state for one in self.results)

    def to_json(self) -> dict[str, Any]:
        """Return the row with each check's rule and report."""
        checks = [
            {
                "law": one.check.law.name,
                "rule": one.check.law.rule,
                "state": one.state,
                "report": one.report,
                "seconds": round(one.seconds, 3),
            }
            for one in self.results
        ]
        return {
            "kind": self.kind,
            "name": self.name,
            "state": self.state,
            "reason": self.skipped or self.broken,
            "checks": checks,
        }


def checked(
    name: str | None, kind: str | None, registry: Registry, progress: Callable[[int, int], None] | None = None
) -> list[Row]:
    """Run every check of what a name stands for, and return a row for each plugin and component.

    Parameters
    ----------
    name : str or None
        Of a distribution, a plugin or a component; or `NAME:VALUE`, a component with its one required
        parameter; None for all plugins and their components.
    kind : str or None
        Check components of this kind only.
    registry : Registry
        Where names are found.
    progress : callable, optional
        Told of the checks done and in all.

    Raises
    ------
    ConfigurationError
        Nothing is called so, or it does not take one required parameter.
    """
    from cbrkit_xai.testing import run

    rows: dict[tuple[str, str], Row] = {}
    checks: list[Check] = []
    for found in _subjects(name, kind, registry):
        if isinstance(found, Row):
            rows[found.kind, found.name] = found
        else:
            checks += found
    for result in run(checks, progress):
        subject = result.check.subject
        key = (subject.kind, subject.label)
        rows.setdefault(key, Row(kind=subject.kind, name=subject.label)).results.append(result)
    return list(rows.values())


def _subjects(name: str | None, kind: str | None, registry: Registry) -> Iterator[list[Check] | Row]:
    plugins = [one for one in registry.plugins if name in (None, one.distribution, one.name, one.owner)]
    records = [
        record
        for plugin in registry.plugins
        for record in plugin.components
        if (plugin in plugins or record.name == name) and kind in (None, record.kind)
    ]
    if name is not None and not records and not (plugins and kind is None):
        yield _with_parameter(name, kind, registry)
        return
    if kind is None:
        # By distribution: one process tells what all plugins of one load.
        names = dict.fromkeys(one.distribution or one.owner for one in plugins) if name is None else [name]
        for one in names if plugins else ():
            yield from _of_plugins(one, registry)
    for record in records:
        yield _of_record(record, registry)


def _of_plugins(name: str, registry: Registry) -> Iterator[list[Check] | Row]:
    from cbrkit_xai.testing import Check, laws_of
    from cbrkit_xai.testing.plugin_laws import subjects_of_distribution

    for subject in subjects_of_distribution(name, registry):
        if subject.plugin.state == "disabled":
            yield Row(kind="plugin", name=subject.plugin.owner, skipped=subject.plugin.reason)
        else:
            yield [Check(law=law, subject=subject) for law in laws_of("plugin") if law.applies(subject)]  # type: ignore[arg-type]


def _of_record(record: ComponentPlugin, registry: Registry) -> list[Check] | Row:
    from cbrkit_xai.errors import CbrkitXaiError, first_sentence
    from cbrkit_xai.registry import missing_needs
    from cbrkit_xai.structuring import required_parameters
    from cbrkit_xai.testing import checks_for
    from cbrkit_xai.testing.plugin_laws import asks_for_a_file

    row = Row(kind=record.kind, name=record.name)
    missing = missing_needs(record)
    if missing:
        return attrs.evolve(row, skipped=f"needs {', '.join(missing)}; pip install {' '.join(missing)}")
    try:
        if asks_for_a_file(record):
            parameter = required_parameters(record.resolve())[0]
            advice = f"cbrkit-xai check {record.name}:{parameter.upper()}"
            return attrs.evolve(row, skipped=f"needs a {parameter}; {advice}")
        return checks_for(record, registry=registry)
    except CbrkitXaiError as error:
        return attrs.evolve(row, broken=str(error))
    except Exception as error:  # a stranger's factory may raise anything
        return attrs.evolve(row, broken=f"it raises {type(error).__name__}: {first_sentence(error)}")


def _with_parameter(text: str, kind: str | None, registry: Registry) -> list[Check]:
    from cbrkit_xai.testing import checks_for

    checks = checks_for(_use(text, kind, registry), registry=registry)
    return [one for one in checks if kind in (None, one.subject.kind)]


def _use(text: str, kind: str | None, registry: Registry) -> Use:
    from cbrkit_xai.choice import use
    from cbrkit_xai.errors import ConfigurationError
    from cbrkit_xai.registry import KINDS
    from cbrkit_xai.structuring import required_parameters

    name, colon, value = text.partition(":")
    kinds = KINDS if kind is None else (kind,)
    named = [registry.find(one, name) for one in kinds if name in registry.names(one)]
    if not named or not colon:
        raise _unknown(text, kind, registry)
    required = required_parameters(named[0].resolve())
    if not value or len(required) != 1:
        asks = len(required) == 1
        raise ConfigurationError(
            f"{text!r} does not say which {required[0]}" if asks else f"{name!r} takes nothing after a colon",
            where=f"{named[0].kind} {name!r}",
            allowed=f"{name}:{required[0].upper()}" if asks else name,
        )
    return use(name, **{required[0]: value})


def _unknown(name: str, kind: str | None, registry: Registry) -> Exception:
    from cbrkit_xai.errors import ConfigurationError, nearest_spelling

    known = {one.distribution for one in registry.plugins if one.distribution and kind is None} | {
        record.name
        for plugin in registry.plugins
        for record in plugin.components
        if kind in (None, record.kind)
    }
    is_a_folder = (Path(name) / "pyproject.toml").is_file()
    return ConfigurationError(
        f"there is no {kind or 'component, plugin or distribution'} {name!r}",
        allowed="a name that `cbrkit-xai plugins` lists",
        next_step=f"install that folder first: python -m pip install -e {name}"
        if is_a_folder
        else nearest_spelling(name.replace("_", "-"), known),
    )
