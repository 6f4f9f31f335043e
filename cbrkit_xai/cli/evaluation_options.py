"""Options that the commands that evaluate share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import click

Decorator: TypeAlias = Callable[[Callable[..., Any]], Callable[..., Any]]

substitute_option: Decorator = click.option(
    "--substitute",
    "substitutes",
    multiple=True,
    metavar="NAME=VALUE",
    help="Let other features stand for those that a profile promises: latent=efficientnet-lite0. Every page "
    "then says so.",
)
seed_option: Decorator = click.option(
    "--seed", type=int, default=0, show_default=True, metavar="N", help="Of all that is drawn."
)
cluster_scope_option: Decorator = click.option(
    "--cluster-scope",
    type=click.Choice(["fold", "global"]),
    default="fold",
    show_default=True,
    help="global: what clusters and learns sees all photos, held-out ones too, and LEAK is printed.",
)
jobs_option: Decorator = click.option(
    "--jobs", type=click.IntRange(1), metavar="N", help="Threads; by default one for each core."
)


def output_option(what: str = "results are", *, required: bool = False) -> Decorator:
    """Return the option that names the folder.

    Parameters
    ----------
    what : str
        Is written there, with its verb.
    """
    return click.option(
        "--output",
        "-o",
        metavar="DIR",
        type=click.Path(path_type=Path),
        required=required,
        help=f"Where {what} written, and finished parts are kept.",
    )
