"""Writes `reference/components.md` from what the registry knows.

`python docs/generate_components.py` prints the page, with `--write` it replaces the file.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import attrs

from cbrkit_xai.components import ComponentPlugin, ConfigurationPlugin
from cbrkit_xai.registry import KINDS, RegisteredPlugin, Registry
from cbrkit_xai.structuring import known_parameters

PAGE = Path(__file__).parent / "reference" / "components.md"
OWN = (
    "cbrkit-xai",
    "cbrkit-xai-classifiers",
    "cbrkit-xai-explainers",
    "cbrkit-xai-features",
    "cbrkit-xai-histogram",
    "cbrkit-xai-latent",
    "cbrkit-xai-ssim",
)

HEAD = """\
# Components

<!-- Made by docs/generate_components.py; change the records and docstrings instead. -->

What can be named in a configuration, from the core (`cbrkit-xai`) and the distributions of this repository.
`cbrkit-xai plugins` lists what is installed with you, and `--json` adds facts and needs. A fact is a promise
that its author makes about a component; what each means is in [hooks](hooks.md).
"""

PLURALS = {
    "representation": "Representations",
    "metric": "Metrics",
    "aggregator": "Aggregators",
    "organizer": "Organizers",
    "reuse-strategy": "Reuse strategies",
    "retention-policy": "Retention policies",
    "explainer": "Explainers",
    "classifier": "Classifiers",
    "judge": "Judges",
    "configuration": "Configurations",
}


def page() -> str:
    """Return the page."""
    registry = Registry(discover=True)
    own = [plugin for plugin in registry.plugins if plugin.distribution in OWN]
    parts = [HEAD]
    for kind in KINDS:
        found = sorted(
            (
                (component, plugin)
                for plugin in own
                for component in plugin.components
                if component.kind == kind
            ),
            key=lambda pair: pair[0].name,
        )
        parts.append(f"## {PLURALS[kind]}\n")
        parts.extend(_section(found) if found else ["None yet; a plugin can bring some.\n"])
    return "\n".join(parts)


def _section(found: Sequence[tuple[ComponentPlugin, RegisteredPlugin]]) -> Iterator[str]:
    rows = [
        (
            f"`{one.name}`",
            one.summary,
            _facts(one),
            ", ".join(one.needs) or "-",
            plugin.distribution,
            one.source,
        )
        for one, plugin in found
    ]
    yield _table(("name", "what it does", "facts", "needs", "from", "source"), rows)
    if isinstance(found[0][0], ConfigurationPlugin):
        yield _profiles([one for one, _ in found if isinstance(one, ConfigurationPlugin)])
        return
    for component, _ in found:
        parameters = list(_parameters(component))
        if parameters:
            yield f"### Parameters of `{component.name}`\n"
            yield _table(("parameter", "takes", "default", "meaning"), parameters)


def _facts(component: ComponentPlugin) -> str:
    return ", ".join(f"{name}: {_plain(value)}" for name, value in component.facts.items()) or "-"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _profiles(records: Sequence[ConfigurationPlugin]) -> str:
    parts = ("representation", "metric", "aggregator", "reuse", "retention")
    rows = [
        (
            f"{record.name}@{name}",
            *(f"`{getattr(profile, part)}`" for part in parts),
            ", ".join(f"`{organizer}`" for organizer in profile.organizers),
            str(profile.k),
        )
        for record in records
        for name, profile in record.profiles.items()
    ]
    return "### Profiles\n\n" + _table(("configuration", *parts, "organizers", "k"), rows)


def _parameters(component: ComponentPlugin) -> Iterator[tuple[str, str, str, str]]:
    factory = component.resolve()
    meanings = _meanings(inspect.getdoc(factory) or "")
    for name, annotation in known_parameters(factory).items():
        yield f"`{name}`", _takes(annotation), _default(factory, name), meanings.get(name, "")


def _takes(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{one!r}`" for one in get_args(annotation))
    if get_origin(annotation) in (Union, UnionType):
        return " or ".join("nothing" if one is NoneType else _takes(one) for one in get_args(annotation))
    return f"`{annotation if get_args(annotation) else annotation.__name__}`"


def _default(factory: Any, name: str) -> str:
    if attrs.has(factory):
        default = attrs.fields_dict(factory)[name].default
        return "needed" if default is attrs.NOTHING else f"`{default!r}`"
    default = inspect.signature(factory).parameters[name].default
    return "needed" if default is inspect.Parameter.empty else f"`{default!r}`"


def _meanings(docstring: str) -> dict[str, str]:
    """Return what a numpy docstring says of each parameter."""
    section = re.search(r"^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n-+\n|\Z)", docstring, re.MULTILINE | re.DOTALL)
    meanings: dict[str, str] = {}
    for entry in re.findall(
        r"^(\S[^\n]*) : [^\n]*\n((?:[ \t]+[^\n]*\n?|\n)*)", section[1] if section else "", re.M
    ):
        for name in entry[0].split(", "):
            meanings[name] = " ".join(entry[1].split())
    return meanings


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        sys.stdout.write(page())
