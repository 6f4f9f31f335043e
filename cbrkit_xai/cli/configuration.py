"""`cbrkit-xai configuration`: what can be composed, and how it is written down."""

from __future__ import annotations

import click

from cbrkit_xai.cli.choosing import chosen_configuration, json_option, part_options


@click.group("configuration")
def command() -> None:
    """List named configurations, or show one as TOML."""


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
    """Print a configuration as a TOML file that loads back to the same."""
    from cbrkit_xai.cli.terminal import print_json

    found = chosen_configuration(name, profile, organizer, k)
    found.components()
    if as_json:
        import tomllib

        print_json(
            {"label": found.label, "substituted": found.substituted(), **tomllib.loads(found.to_toml())}
        )
    else:
        note = f"# SUBSTITUTED: {found.substituted()}\n" if found.substituted() else ""
        print(f"# {found.label}\n{note}{found.to_toml()}", end="")
    return 0
