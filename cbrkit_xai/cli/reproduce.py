"""`cbrkit-xai reproduce`: the paper's tables, figures and claims on any case base."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cbrkit_xai.cli.choosing import DEFAULT_BASE, chosen_base, images_option, json_option
from cbrkit_xai.cli.evaluation_choices import chosen_substitutes
from cbrkit_xai.cli.evaluation_options import (
    cluster_scope_option,
    jobs_option,
    output_option,
    seed_option,
    substitute_option,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cbrkit_xai.case_base import CaseBase
    from cbrkit_xai.evaluation.reproduction.claims.claim import Claim
    from cbrkit_xai.evaluation.reproduction.reproduction import Reproduction
    from cbrkit_xai.evaluation.running.output_folder import OutputFolder

PAPER, PREDECESSOR = "paper2022", "java2021"


@click.command("reproduce")
@click.argument("base", default=DEFAULT_BASE, metavar="[FILE|NAME]")
@output_option("report.html and all that programs read are", required=True)
@images_option
@substitute_option
@click.option(
    "--as",
    "whose",
    type=click.Choice([PAPER, PREDECESSOR]),
    default=PAPER,
    show_default=True,
    help="java2021: the predecessor's leave-one-out and growth curve; needs the pixels (--images).",
)
@click.option(
    "--repeats",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    metavar="N",
    help="How often the paper's 5 folds are dealt anew; it dealt them once.",
)
@seed_option
@cluster_scope_option
@click.option("--no-times", is_flag=True, help="Leave figure 4 and the claims about time out.")
@jobs_option
@json_option
def command(
    base: str,
    output: Path,
    images: str | None,
    substitutes: tuple[str, ...],
    whose: str,
    repeats: int,
    seed: int,
    cluster_scope: str,
    no_times: bool,
    jobs: int | None,
    as_json: bool,
) -> int:
    """Repeat the paper's evaluation on a case base, and say for each of its claims whether it holds there.

    BASE is a .cbr file or the name of a bundled one.
    """
    from cbrkit_xai.evaluation.holding_out.protocol import Protocol
    from cbrkit_xai.evaluation.report.writing import check_can_report
    from cbrkit_xai.evaluation.running.output_folder import OutputFolder

    for option, is_given in (
        ("--substitute", substitutes),
        ("--no-times", no_times),
        ("--cluster-scope", cluster_scope != "fold"),
    ):
        if whose == PREDECESSOR and is_given:
            raise click.UsageError(f"{option} goes with --as paper2022 alone; leave it out")
    protocol = Protocol(repeats=repeats, seed=seed, cluster_scope=cluster_scope)  # type: ignore[arg-type]
    substitute = chosen_substitutes(substitutes)
    found = chosen_base(base, images)
    folder = OutputFolder(path=output, command="reproduce" + " --as java2021" * (whose == PREDECESSOR))
    check_can_report()
    folder.claim()
    said = _command(whose, images is not None, substitute, repeats, seed, cluster_scope, no_times)
    if whose == PREDECESSOR:
        return _predecessor(found, folder, seed, jobs, said, as_json=as_json)
    return _paper(found, folder, protocol, substitute, jobs, said, with_times=not no_times, as_json=as_json)


def _paper(
    base: CaseBase,
    output: OutputFolder,
    protocol: Any,
    substitute: dict[str, str],
    jobs: int | None,
    said: str,
    *,
    with_times: bool,
    as_json: bool,
) -> int:
    from cbrkit_xai.cli.terminal import progress_bar
    from cbrkit_xai.evaluation.reproduction.measuring import measured
    from cbrkit_xai.evaluation.reproduction.reproducing import reproduce
    from cbrkit_xai.evaluation.reproduction.writing import write_reproduction
    from cbrkit_xai.evaluation.running.output_folder import in_place

    with progress_bar("repeating the paper's evaluation") as progress:
        found = reproduce(
            base,
            protocol=protocol,
            folder=output.path,
            substitute=substitute,
            workers=jobs,
            progress=progress,
        )
    times = None
    if with_times:
        with progress_bar("timing queries") as progress:
            times = measured(found, base, progress=progress)
    with output.replacing() as making:
        files = [
            *write_reproduction(found, making, command=said, times=times),
            *_results(found.evaluation, making),
        ]
    written = in_place(files, making, output.path)
    clocked = () if times is None else times[1]
    if as_json:
        _print_json(found, clocked, written)
    else:
        _print(found, clocked, written)
    return 0


def _predecessor(
    base: CaseBase, output: OutputFolder, seed: int, jobs: int | None, said: str, *, as_json: bool
) -> int:
    from cbrkit_xai.cli.terminal import print_json, progress_bar, say
    from cbrkit_xai.evaluation.reproduction.predecessor import reproduce_predecessor
    from cbrkit_xai.evaluation.reproduction.writing import write_predecessor
    from cbrkit_xai.evaluation.running.output_folder import in_place
    from cbrkit_xai.evaluation.writing import summary_of

    with progress_bar("repeating the predecessor's evaluation") as progress:
        found = reproduce_predecessor(base, seed=seed, folder=output.path, workers=jobs, progress=progress)
    with output.replacing() as making:
        files = [*write_predecessor(found, making, command=said), *_results(found.evaluation, making)]
    written = in_place(files, making, output.path)
    if as_json:
        summary = summary_of(found.evaluation)
        print_json({**summary, "missing": list(found.missing), "files": [str(one) for one in written]})
        return 0
    from cbrkit_xai.cli.evaluation_page import print_evaluation

    print_evaluation(found.evaluation)
    for one in found.missing:
        say(f"not applicable: {one}")
    say(f"written to {output.path}: {', '.join(path.name for path in written)}")
    return 0


def _results(evaluation: Any, folder: Path) -> list[Path]:
    from cbrkit_xai.cli.terminal import warn
    from cbrkit_xai.evaluation.writing import has_parquet, write_results

    if not has_parquet():
        warn('results.parquet is left out; for it: pip install "cbrkit-xai[evaluation]"')
    return write_results(evaluation, folder)


def _print_json(found: Reproduction, clocked: Sequence[Claim], written: Sequence[Path]) -> None:
    from cbrkit_xai.cli.terminal import print_json
    from cbrkit_xai.evaluation.reproduction.writing import to_json

    content = to_json(found)
    claims = [*content["claims"], *(one.to_json() for one in clocked)]
    print_json(
        {
            **content,
            "claims": sorted(claims, key=lambda one: one["letter"]),
            "files": [str(path) for path in written],
        }
    )


def _print(found: Reproduction, clocked: Sequence[Claim], written: Sequence[Path]) -> None:
    """Print Table 2, the claims, and what must be known to read them."""
    from cbrkit_xai.cli.evaluation_page import print_warnings
    from cbrkit_xai.cli.terminal import print_table, print_wrapped, say

    evaluation = found.evaluation
    say(f"{evaluation.name}: {len(evaluation.cases)} cases · {evaluation.provenance}")
    print_warnings(evaluation)
    columns = ("Table 2", "m", "eps", "silhouette", "clusters", "clustered", "the paper's: m, eps, ...")
    print_table(columns, [_row(one) for one in found.clusterings])
    for one in found.clusterings:
        if one.clustering is None:
            print_wrapped(f"{one.of.paper.identifier}: {one.reason}")
    claims = sorted([*found.claims, *clocked], key=lambda one: one.asked.letter)
    print_table(
        ("", "claim", "here", "because"),
        [(one.asked.letter, one.asked.statement, one.verdict, _because(one)) for one in claims],
    )
    if evaluation.is_automatic:
        print_wrapped("The paper's procedure on automatic votes: what holds, holds of programs' votes.")
    say(f"written to {written[0].parent}: {', '.join(path.name for path in written)}")


def _row(row: Any) -> tuple[str, ...]:
    from cbrkit_xai.evaluation.wording import number

    found, paper = row.clustering, row.of.paper.clustering
    mark = " SUBSTITUTED" if row.of.substituted else ""
    theirs = "none"
    if paper is not None:
        values = (
            paper.min_samples,
            f"{paper.eps:g}",
            f"{paper.silhouette:.2f}",
            paper.clusters,
            paper.clustered,
        )
        theirs = ", ".join(map(str, values))
    if found is None:
        return (f"{row.of.paper.identifier}{mark}", *[""] * 5, theirs)
    silhouette = "" if found.silhouette is None else f"{found.silhouette:.2f}"
    return (
        f"{row.of.paper.identifier}{mark}",
        str(found.min_samples),
        number(found.eps),
        silhouette,
        str(found.clusters),
        f"{found.clustered} of {found.n}",
        theirs,
    )


def _because(claim: Claim) -> str:
    """Return the sentence without the verdict it begins with."""
    return claim.sentence.partition(": ")[2]


def _command(
    whose: str,
    has_images: bool,
    substitute: dict[str, str],
    repeats: int,
    seed: int,
    cluster_scope: str,
    no_times: bool,
) -> str:
    """Return the command line that repeats this, without the paths of this machine."""
    words = ["cbrkit-xai", "reproduce", "BASE", "-o", "DIR", "--as", whose]
    if has_images:
        words += ["--images", "PHOTOS"]
    if whose == PAPER:
        for name, value in sorted(substitute.items()):
            words += ["--substitute", f"{name}={value}"]
        words += ["--repeats", str(repeats), "--cluster-scope", cluster_scope]
    words += ["--seed", str(seed)]
    if no_times:
        words.append("--no-times")
    return shlex.join(words)
