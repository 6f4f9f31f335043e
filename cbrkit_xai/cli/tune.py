"""`cbrkit-xai tune`: what a case base should be used with, chosen by a fixed procedure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cbrkit_xai.cli.choosing import DEFAULT_BASE, chosen_base, images_option, json_option
from cbrkit_xai.cli.evaluation_choices import chosen_substitutes
from cbrkit_xai.cli.evaluation_options import jobs_option, output_option, seed_option, substitute_option


@click.command("tune")
@click.argument("base", default=DEFAULT_BASE, metavar="[FILE|NAME]")
@click.option("--grid", metavar="FILE.toml", help="What is chosen from; by default the grid that is shipped.")
@click.option("--folds", type=int, default=5, show_default=True, metavar="N", help="Outer folds of a repeat.")
@click.option("--repeats", type=int, default=10, show_default=True, metavar="N", help="Dealt anew so often.")
@seed_option
@images_option
@substitute_option
@output_option()
@jobs_option
@json_option
def command(
    base: str,
    grid: str | None,
    images: str | None,
    substitutes: tuple[str, ...],
    output: Path | None,
    jobs: int | None,
    as_json: bool,
    **plan: Any,
) -> int:
    """Choose configuration and k by nested cross-validation; the global mean may win."""
    from cbrkit_xai.cli.terminal import print_json, progress_bar
    from cbrkit_xai.evaluation.holding_out.protocol import Protocol
    from cbrkit_xai.evaluation.running.output_folder import OutputFolder, in_place
    from cbrkit_xai.evaluation.tuning import default_grid, read_grid, tune
    from cbrkit_xai.evaluation.tuning.writing import log_of, write_tuning

    protocol = Protocol(**plan)
    chosen = default_grid() if grid is None else read_grid(grid)
    substitute = chosen_substitutes(substitutes)
    found = chosen_base(base, images)
    folder = None if output is None else OutputFolder(path=output, command="tune")
    if folder is not None:
        folder.claim()
    with progress_bar("tuning") as progress:
        tuning = tune(
            found,
            chosen,
            protocol=protocol,
            folder=output,
            substitute=substitute,
            workers=jobs,
            progress=progress,
        )
    written: list[Path] = []
    if folder is not None:
        with folder.replacing() as making:
            written = in_place(write_tuning(tuning, making), making, folder.path)
    if as_json:
        print_json({**log_of(tuning), "files": [str(path) for path in written]})
    else:
        from cbrkit_xai.cli.tuning_page import print_tuning

        print_tuning(tuning, written)
    return 0
