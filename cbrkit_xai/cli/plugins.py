"""`cbrkit-xai plugins`: what is installed, what it registers, and what is broken."""

from __future__ import annotations

from typing import Any

import click

from cbrkit_xai.cli.choosing import json_option


@click.command("plugins")
@click.option("--kind", metavar="KIND", help="Show components of this kind only, such as metric.")
@json_option
def command(kind: str | None, as_json: bool) -> int:
    """List plugins and their components; a broken one stands with its reason."""
    from cbrkit_xai.cli.terminal import print_json, print_table
    from cbrkit_xai.errors import ParameterError, nearest_spelling
    from cbrkit_xai.registry import KINDS, default_registry

    if kind is not None and kind not in KINDS:
        raise ParameterError(
            f"no kind {kind!r}",
            where="--kind",
            allowed=", ".join(KINDS),
            next_step=nearest_spelling(kind, KINDS),
        )
    plugins = [_described(plugin, kind) for plugin in default_registry().plugins]
    if as_json:
        print_json({"plugins": plugins})
        return 0
    rows = [
        (one["kind"], one["name"], one["summary"], one["state"], plugin["distribution"] or plugin["name"])
        for plugin in plugins
        for one in plugin["components"]
    ]
    order = {name: place for place, name in enumerate(KINDS)}
    print_table(
        ("kind", "name", "summary", "state", "from"), sorted(rows, key=lambda row: (order[row[0]], row[1]))
    )
    for plugin in plugins:
        if plugin["state"] != "ok":
            print(f"{plugin['state']}: {plugin['distribution']}:{plugin['name']}: {plugin['reason']}")
    return 0


def _described(plugin: Any, kind: str | None) -> dict[str, Any]:
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
