"""`cbrkit-xai plugins`: what is installed, what it registers, and what is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cbrkit_xai.cli.choosing import json_option

if TYPE_CHECKING:
    from cbrkit_xai.components import ComponentPlugin

_WIDTH = 100

_SAID_BY_THEIR_VALUE = ("accepts", "domain", "yields")
"""Facts whose values read well without their names: `pixels`, `nonnegative`."""


@click.command("plugins")
@click.option("--kind", metavar="KIND", help="Show components of this kind only, such as metric.")
@json_option
def command(kind: str | None, as_json: bool) -> int:
    """List plugins and their components, kind by kind; a broken one stands with its reason."""
    from cbrkit_xai.cli.terminal import print_json, say
    from cbrkit_xai.registry import KINDS, default_registry

    if kind is not None:
        check_kind(kind)
    plugins = default_registry().plugins
    if as_json:
        print_json({"plugins": [_described(plugin, kind) for plugin in plugins]})
        return 0
    for one in KINDS:
        rows = [
            (record.name, record.summary, shown_facts(record), plugin.distribution or plugin.name, record)
            for plugin in plugins
            for record in plugin.components
            if record.kind == one
        ]
        if rows and kind in (None, one):
            _print_kind(one, sorted(rows, key=lambda row: row[0]))
    for plugin in plugins:
        if plugin.state != "ok":
            say(f"{plugin.state}: {plugin.distribution}:{plugin.name}: {plugin.reason}")
    return 0


def check_kind(kind: str) -> None:
    """Refuse what is no kind of component.

    Raises
    ------
    ParameterError
        With the kinds there are, and the nearest spelling.
    """
    from cbrkit_xai.errors import ParameterError, nearest_spelling
    from cbrkit_xai.registry import KINDS

    if kind not in KINDS:
        raise ParameterError(
            f"no kind {kind!r}",
            where="--kind",
            allowed=", ".join(KINDS),
            next_step=nearest_spelling(kind, KINDS),
        )


def shown_facts(record: ComponentPlugin) -> str:
    """Return in words the declared facts that differ from what a record of the kind says by default."""
    import attrs

    default = {field.name: field.default for field in attrs.fields(type(record))}
    return ", ".join(_in_words(name, value) for name, value in record.facts.items() if value != default[name])


def _in_words(name: str, value: Any) -> str:
    words = name.replace("_", " ")
    if isinstance(value, bool):
        return words if value else f"not {words}"
    if isinstance(value, tuple):
        return f"{words} ({', '.join(value)})"
    return str(value) if name in _SAID_BY_THEIR_VALUE else f"{words} {value}"


def _print_kind(kind: str, rows: list[tuple[str, str, str, str, ComponentPlugin]]) -> None:
    """Print one kind's components; facts and states have a column where there are any to tell."""
    import shutil
    import sys

    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from cbrkit_xai.cli.terminal import printable

    states = [_state(row[4])["state"] for row in rows]
    has_facts, has_states = any(row[2] for row in rows), set(states) != {"ready"}
    table = Table(title=kind, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("name", no_wrap=True)
    table.add_column("summary", ratio=3)
    if has_facts:
        table.add_column("facts", ratio=2)
    if has_states:
        table.add_column("state", overflow="fold")
    table.add_column("from", overflow="fold")
    for (name, summary, facts, origin, _), state in zip(rows, states, strict=True):
        cells = [name, summary, *[facts] * has_facts, *[state] * has_states, origin]
        table.add_row(*(escape(printable(cell)) for cell in cells))
    wide = shutil.get_terminal_size((_WIDTH, 24)).columns if sys.stdout.isatty() else _WIDTH
    Console(width=min(_WIDTH, wide)).print(table)


def _described(plugin: Any, kind: str | None) -> dict[str, Any]:
    from cbrkit_xai.choice import plain

    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "state": plugin.state,
        "reason": plugin.reason,
        "components": [
            {
                "kind": component.kind,
                "name": component.name,
                "summary": component.summary,
                "source": component.source,
                "facts": component.facts,
                "needs": list(component.needs),
                "examples": [plain(one) for one in component.examples],
                **_state(component),
            }
            for component in plugin.components
            if kind in (None, component.kind)
        ],
    }


def _state(component: Any) -> dict[str, Any]:
    from cbrkit_xai.registry import default_registry, missing_needs

    missing = list(missing_needs(component))
    if (component.kind, component.name) in default_registry().contested:
        return {"missing": missing, "state": "contested"}
    return {"missing": missing, "state": f"needs {', '.join(missing)}" if missing else "ready"}
