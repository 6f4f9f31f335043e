"""`cbrkit-xai import`: make a case base from a file of votes and a folder of photos."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from cbrkit_xai.cli.choosing import json_option

if TYPE_CHECKING:
    from cbrkit_xai.choice import Use
    from cbrkit_xai.protocols import Representation
    from cbrkit_xai.registry import Registry


@click.command("import")
@click.argument("votes", metavar="VOTES.csv")
@click.option("--images", required=True, metavar="DIR", help="Folder with the photos that the votes name.")
@click.option("-o", "--output", required=True, metavar="FILE.cbr", help="The case base to make or add to.")
@click.option(
    "--source",
    type=click.Choice(["human", "automatic"]),
    required=True,
    help="Whether people voted or judges computed; never mixed silently.",
)
@click.option("--name", metavar="TEXT", help="The base's name for people; by default the file's.")
@click.option("--embed", is_flag=True, help="Put the photos' 224 x 224 pixels into the file.")
@click.option("--append", is_flag=True, help="Add to the base at FILE.cbr.")
@click.option("--allow-mixed", is_flag=True, help="Let votes of people and of judges stand in one base.")
@click.option(
    "--classifier",
    metavar="NAME",
    help="Whose classes the file's `target` column names, such as efficientnet-lite0.",
)
@json_option
def command(
    votes: str,
    images: str,
    output: str,
    source: str,
    name: str | None,
    embed: bool,
    append: bool,
    allow_mixed: bool,
    classifier: str | None,
    as_json: bool,
) -> int:
    """Import VOTES.csv, with a photo's name and a number of votes per method in each row.

    Everything is checked first; any mistake and nothing is imported.
    """
    from cbrkit_xai.cli.terminal import command_name, print_json, progress_bar, say
    from cbrkit_xai.registry import default_registry
    from cbrkit_xai.stores.importing import import_votes

    registry = default_registry()
    representations, uses = representations_in_use(registry)
    model = None if classifier is None else registry.create("classifier", classifier, where="--classifier")
    with progress_bar("describing photos") as progress:
        base = import_votes(
            votes,
            images,
            output,
            source="human" if source == "human" else "automatic",
            representations=representations,
            uses=uses,
            embed=embed,
            name=name,
            append=append,
            allow_mixed=allow_mixed,
            classifier=model,
            progress=progress,
        )
    if as_json:
        print_json({"output": output, "cases": len(base), "methods": list(base.methods)})
    else:
        count = "1 case" if len(base) == 1 else f"{len(base)} cases"
        say(f"{output}: {count}, methods {', '.join(base.methods)} · {base.provenance}")
        say(f"Now: {command_name()} recommend photo.jpg --base {output}")
    return 0


def representations_in_use(registry: Registry) -> tuple[dict[str, Representation], dict[str, Use]]:
    """Return the vector representations of all named configurations, by fingerprint."""
    from cbrkit_xai.components import ConfigurationPlugin

    components: dict[str, Representation] = {}
    uses: dict[str, Use] = {}
    for name in registry.names("configuration"):
        record = registry.find("configuration", name)
        profiles = record.profiles.values() if isinstance(record, ConfigurationPlugin) else ()
        for profile in profiles:
            for choice in _vectors(profile.representation, registry):
                component = registry.create("representation", choice)
                components[component.fingerprint] = component
                uses[component.fingerprint] = choice
    return components, uses


def _vectors(choice: Use, registry: Registry) -> Iterator[Use]:
    """Yield a representation that gives vectors, or of one that gives several arrays those that do."""
    from cbrkit_xai.components import RepresentationPlugin
    from cbrkit_xai.retaining import parts_of

    record = registry.find("representation", choice.name)
    if not isinstance(record, RepresentationPlugin):
        return
    if record.yields == "several":
        for part in parts_of(choice).values():
            yield from _vectors(part, registry)
    elif record.yields == "vectors":  # pixels are kept as pictures, not as features
        yield choice
