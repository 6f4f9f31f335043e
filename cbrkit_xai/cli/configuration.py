"""`cbrkit-xai configuration`: what can be composed, and how it is written down."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cbrkit_xai.cli.choosing import chosen_configurations, json_option, part_options

if TYPE_CHECKING:
    from cbrkit_xai.configurations import Configuration


@click.group("configuration")
def command() -> None:
    """List named configurations, show one as TOML, or write the schema of such files."""


@command.command("list")
@json_option
def list_configurations(as_json: bool) -> int:
    """List the named configurations with their profiles and organisations."""
    from cbrkit_xai.cli.terminal import print_json, print_table
    from cbrkit_xai.components import ConfigurationPlugin
    from cbrkit_xai.registry import default_registry

    registry = default_registry()
    found = [registry.find("configuration", name) for name in registry.names("configuration")]
    records = [record for record in found if isinstance(record, ConfigurationPlugin)]
    if as_json:
        print_json(
            {
                "configurations": [
                    {
                        "name": record.name,
                        "summary": record.summary,
                        "source": record.source,
                        "profiles": {
                            name: [organizer.name for organizer in profile.organizers]
                            for name, profile in record.profiles.items()
                        },
                        "substituted": {
                            name: profile.substituted
                            for name, profile in record.profiles.items()
                            if profile.substituted
                        },
                    }
                    for record in records
                ]
            }
        )
        return 0
    rows = [
        (record.name, name, str(profile.representation), str(profile.metric), organizers)
        for record in records
        for name, profile in record.profiles.items()
        for organizers in [", ".join(organizer.name for organizer in profile.organizers)]
    ]
    print_table(("name", "profile", "representation", "metric", "organizers"), rows)
    return 0


@command.command("show")
@click.argument("name", metavar="NAME|FILE.toml")
@part_options
@json_option
def show(name: str, profile: str | None, organizer: str | None, k: int | None, as_json: bool) -> int:
    """Print a configuration as a TOML file that loads back to the same; of a grid, list them all."""
    from cbrkit_xai.cli.terminal import print_json

    found, has_grid = chosen_configurations(name, profile, organizer, k)
    for one in found:
        one.components()
    if as_json:
        print_json({"grid": [_described(one) for one in found]} if has_grid else _described(found[0]))
    elif has_grid:
        _print_grid(found)
    else:
        substituted = found[0].substituted()
        note = f"# SUBSTITUTED: {substituted}\n" if substituted else ""
        print(f"# {found[0].label}\n{note}{found[0].to_toml()}", end="")
    return 0


def _described(one: Configuration) -> dict[str, Any]:
    import tomllib

    return {"label": one.label, "substituted": one.substituted(), **tomllib.loads(one.to_toml())}


def _print_grid(found: list[Configuration]) -> None:
    print(f"# {len(found)} configuration{'s' if len(found) > 1 else ''}")
    for one in found:
        print(one.label)


@command.command("schema")
@click.option("--output", "-o", metavar="FILE", type=click.Path(path_type=Path), help="Write it to a file.")
def schema(output: Path | None) -> int:
    """Print a JSON schema of configuration files, by which an editor completes and checks them."""
    import json

    from cbrkit_xai.cli.terminal import print_json
    from cbrkit_xai.configuration_schema import configuration_schema

    made = configuration_schema()
    if output is None:
        print_json(made)
        return 0
    _refuse_other_files(output)
    try:
        output.write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{output}: cannot be written: {error.strerror}") from error
    print(f"written to {output}")
    return 0


def _refuse_other_files(output: Path) -> None:
    """Replace nothing but a schema that was written before."""
    import json

    from cbrkit_xai.configuration_schema import TITLE

    if not output.exists():
        return
    try:
        held = json.loads(output.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        held = None
    if not isinstance(held, dict) or held.get("title") != TITLE:
        raise click.UsageError(f"{output}: is there already and is no such schema; name another file")
