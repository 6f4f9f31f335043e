"""Writes the reference of components and of their contract from what the registry and the kit know.

`python docs/generate_components.py` says which pages differ, with `--write` it replaces them.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import attrs
from component_examples import SETUP, example_of, printed_by

from cbrkit_xai.components import ComponentPlugin, ConfigurationPlugin
from cbrkit_xai.parameter_meanings import parameter_meanings
from cbrkit_xai.registry import KINDS, RegisteredPlugin, Registry
from cbrkit_xai.structuring import known_parameters, required_parameters
from cbrkit_xai.testing import laws_of

REFERENCE = Path(__file__).parent / "reference"
OWN = (
    "cbrkit-xai",
    "cbrkit-xai-classifiers",
    "cbrkit-xai-explainers",
    "cbrkit-xai-features",
    "cbrkit-xai-histogram",
    "cbrkit-xai-latent",
    "cbrkit-xai-ssim",
)
MADE = "<!-- Made by docs/generate_components.py; change the records and docstrings instead. -->\n"

TITLES = {
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

_NONE = "None yet; a plugin can bring some.\n"

Found = Sequence[tuple[ComponentPlugin, RegisteredPlugin]]


def pages() -> dict[str, str]:
    """Return each page by its path below `reference/`."""
    plugins = [plugin for plugin in Registry(discover=True).plugins if plugin.distribution in OWN]
    found: dict[str, Found] = {
        kind: sorted(
            (
                (component, plugin)
                for plugin in plugins
                for component in plugin.components
                if component.kind == kind
            ),
            key=lambda pair: pair[0].name,
        )
        for kind in KINDS
    }
    made = {f"components/{page_of(kind)}": _page(kind, found[kind]) for kind in KINDS}
    return {"components.md": _index(found), **made, "contract.md": _contract()}


def page_of(kind: str) -> str:
    """Return the file of a kind's page."""
    return f"{TITLES[kind].lower().replace(' ', '-')}.md"


def _index(found: dict[str, Found]) -> str:
    parts = [
        "# Components\n",
        MADE,
        "What can be named in a configuration, from the core (`cbrkit-xai`) and the distributions of this\n"
        "repository. `cbrkit-xai plugins` lists what is installed with you, `--json` with all facts.\n"
        "What each kind promises is [the contract](contract.md); what each fact means stands in\n"
        "[hooks](hooks.md).\n",
    ]
    for kind in KINDS:
        page = f"components/{page_of(kind)}"
        parts.append(f"## {TITLES[kind]}\n")
        parts.append(f"Facts, parameters and an example of each: [{TITLES[kind].lower()}]({page}).\n")
        rows = [
            (f"[`{one.name}`]({page}#{one.name})", one.summary, plugin.distribution)
            for one, plugin in found[kind]
        ]
        parts.append(
            _table(("name", "what it does", "from"), rows) if rows else "None yet; a plugin can bring some.\n"
        )
    return "\n".join(parts)


def _page(kind: str, found: Found) -> str:
    parts = [f"# {TITLES[kind]}\n", MADE]
    parts.append(
        f"All kinds: [components](../components.md). What each promises: [contract](../contract.md#{kind}).\n"
    )
    shown = [one for one, _ in found if kind in SETUP and not _asks_for_a_file(one)]
    examples = [example_of(one) for one in shown]
    if shown:
        parts.append(f"The examples below begin with\n\n```python\n{SETUP[kind]}```\n")
    printed = dict(zip((one.name for one in shown), printed_by(kind, examples) if shown else [], strict=True))
    code = dict(zip((one.name for one in shown), examples, strict=True))
    for one, plugin in found:
        parts.extend(_section(one, plugin))
        if one.name in code:
            parts.append(f"```python\n{code[one.name]}```\n")
        if printed.get(one.name):
            parts.append(f"<!-- printed -->\n```text\n{printed[one.name]}```\n")
    if not found:
        parts.append(_NONE)
    return "\n".join(parts)


def _asks_for_a_file(record: ComponentPlugin) -> bool:
    return record.kind == "classifier" and bool(required_parameters(record.resolve()))


def _section(one: ComponentPlugin, plugin: RegisteredPlugin) -> Iterator[str]:
    yield f"## `{one.name}`\n"
    yield f"{one.summary}.\n"
    rows = [("source", one.source), ("from", plugin.distribution), ("needs", ", ".join(one.needs) or "-")]
    rows += [(f"`{name}`", _plain(value)) for name, value in one.facts.items()]
    yield _table(("", ""), rows)
    if isinstance(one, ConfigurationPlugin):
        yield _profiles(one)
        return
    parameters = list(_parameters(one))
    if parameters:
        yield _table(("parameter", "takes", "default", "meaning"), parameters)
    if _asks_for_a_file(one):
        page = "../../how-to/bring-your-own-classifier.md"
        yield f"Named with its file or function: `--classifier {one.name}:...` ([how]({page})).\n"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value) or "-"
    return str(value)


def _profiles(record: ConfigurationPlugin) -> str:
    parts = ("representation", "metric", "aggregator", "reuse", "retention")
    rows = [
        (
            name,
            *(f"`{getattr(profile, part)}`" for part in parts),
            ", ".join(f"`{organizer}`" for organizer in profile.organizers),
            str(profile.k),
        )
        for name, profile in record.profiles.items()
    ]
    return _table(("profile", *parts, "organizers", "k"), rows)


def _parameters(component: ComponentPlugin) -> Iterator[tuple[str, str, str, str]]:
    factory = component.resolve()
    meanings = parameter_meanings(factory)
    for name, annotation in known_parameters(factory).items():
        yield f"`{name}`", _takes(annotation), _default(factory, name), meanings.get(name, "")


def _takes(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{one!r}`" for one in get_args(annotation))
    if get_origin(annotation) in (Union, UnionType):
        return " or ".join("nothing" if one is NoneType else _takes(one) for one in get_args(annotation))
    if get_args(annotation):
        inner = [_takes(one) for one in get_args(annotation) if one is not Ellipsis]
        origin = getattr(get_origin(annotation), "__name__", str(get_origin(annotation)))
        return f"{'table' if 'apping' in origin or origin == 'dict' else 'list'} of {' and '.join(inner)}"
    return f"`{annotation.__name__}`"


def _default(factory: Any, name: str) -> str:
    if attrs.has(factory):
        default = attrs.fields_dict(factory)[name].default
        default = default.factory() if isinstance(default, attrs.Factory) else default  # type: ignore[arg-type]
        return "needed" if default is attrs.NOTHING else f"`{default!r}`"
    default = inspect.signature(factory).parameters[name].default
    return "needed" if default is inspect.Parameter.empty else f"`{default!r}`"


def _contract() -> str:
    parts = [
        "# The contract, law by law\n",
        MADE,
        "What every component of a kind promises. `cbrkit-xai check`, `check_metric` and its sisters, and\n"
        "`parametrize_components` look for counter-examples:\n"
        "[how to test a component](../how-to/test-a-component.md). A law that names a fact is examined only\n"
        "where the fact is declared; one about an optional member only where there is one.\n",
    ]
    for kind in (*KINDS, "plugin"):
        rows = [(f"`{law.name}`", law.rule, law.mend) for law in laws_of(kind)]
        parts += [f"## {kind}\n", _table(("law", "rule", "what to mend"), rows)]
    return "\n".join(parts)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or say which differ."""
    differing = 0
    for name, text in pages().items():
        path = REFERENCE / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        differing += 1
        if "--write" in arguments:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        else:
            print(f"reference/{name} differs")
    return 0 if "--write" in arguments else min(differing, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
