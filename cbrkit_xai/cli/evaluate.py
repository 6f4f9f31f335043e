"""`cbrkit-xai evaluate`: configurations compared on held-out cases, beside what they must beat."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cbrkit_xai.cli.choosing import DEFAULT_BASE, chosen_base, chosen_names, images_option, json_option
from cbrkit_xai.cli.evaluation_choices import (
    PAPERS_KS,
    chosen_k,
    chosen_substitutes,
    named_configurations,
)
from cbrkit_xai.cli.evaluation_options import (
    cluster_scope_option,
    jobs_option,
    output_option,
    seed_option,
    substitute_option,
)

if TYPE_CHECKING:
    from cbrkit_xai.case_base import CaseBase
    from cbrkit_xai.configurations import Configuration
    from cbrkit_xai.evaluation.permutation.permutation_null import PermutationNull
    from cbrkit_xai.evaluation.results import Evaluation
    from cbrkit_xai.evaluation.running.selecting import SelectBy


@click.command("evaluate")
@click.argument("base", default=DEFAULT_BASE, metavar="[FILE|NAME]")
@click.option(
    "--configurations",
    metavar="A,B,...",
    help="Names, labels NAME/ORGANIZER@PROFILE, or TOML files (with a grid, too); "
    "by default the paper's five, linear and with dbscan-prototypes.",
)
@click.option("--profile", metavar="NAME", help="Of names that do not say theirs: recommended by default.")
@click.option("--organizers", metavar="A,B,...", help="In each of which names are evaluated.")
@click.option(
    "-k",
    "ks",
    default=PAPERS_KS,
    show_default=True,
    metavar="N|A:B|selected",
    help="Such as 5, 1,3,5 or 1:25:2, each configuration judged at its own, which is added; selected, or "
    "selected,1:10: at the best inside each fold.",
)
@click.option(
    "--select-by",
    type=click.Choice(["silhouette", "votes"]),
    default="silhouette",
    show_default=True,
    help="By what dbscan-prototypes finds its setting; votes: by a cross-validation inside each fold.",
)
@click.option(
    "--scheme",
    type=click.Choice(["k-fold", "leave-one-group-out", "hold-out"]),
    default="k-fold",
    show_default=True,
    help="How cases are held out.",
)
@click.option("--folds", type=int, default=5, show_default=True, metavar="N", help="Of k-fold.")
@click.option("--repeats", type=int, default=10, show_default=True, metavar="N", help="Dealt anew so often.")
@click.option("--held-out", type=float, default=0.2, show_default=True, metavar="X", help="Of hold-out.")
@seed_option
@cluster_scope_option
@click.option(
    "--latent-cosine",
    type=float,
    default=0.9,
    show_default=True,
    metavar="X",
    help="Photos whose latent vectors have at least this cosine are one photo.",
)
@click.option(
    "--phash-distance",
    type=int,
    default=6,
    show_default=True,
    metavar="N",
    help="Photos whose perceptual hashes differ in at most so many of 64 bits are one photo.",
)
@click.option(
    "--margin",
    type=float,
    metavar="VOTES",
    help="What a clustering may lose (RMSE) and still be no worse; by default a tenth of what the global "
    "mean gains over uniform votes.",
)
@click.option(
    "--alpha",
    type=float,
    default=0.05,
    show_default=True,
    metavar="X",
    help="Chance of any false yes or no, over all questions.",
)
@click.option(
    "--permutations",
    type=click.IntRange(0),
    show_default="999; 199 where anything is organised anew for each, as that takes long",
    metavar="N",
    help="How often votes are handed out to photos anew, to see what chance alone would give; 0 for never.",
)
@click.option("--baselines", metavar="A,B,...", help="By default all that are applicable; none for none.")
@images_option
@substitute_option
@output_option()
@jobs_option
@json_option
def command(
    base: str,
    configurations: str | None,
    profile: str | None,
    organizers: str | None,
    ks: str,
    select_by: SelectBy,
    margin: float | None,
    alpha: float,
    baselines: str | None,
    permutations: int | None,
    images: str | None,
    substitutes: tuple[str, ...],
    output: Path | None,
    jobs: int | None,
    as_json: bool,
    **plan: Any,
) -> int:
    """Predict held-out cases with each configuration, and compare it with what it must beat.

    BASE is a .cbr file or the name of a bundled one.
    """
    import attrs

    from cbrkit_xai.cli.terminal import print_json, progress_bar
    from cbrkit_xai.evaluation.experiment import evaluate
    from cbrkit_xai.evaluation.holding_out.protocol import Protocol
    from cbrkit_xai.evaluation.questions.answering import answers, check_asked
    from cbrkit_xai.evaluation.report.writing import check_can_report
    from cbrkit_xai.evaluation.running.output_folder import OutputFolder
    from cbrkit_xai.evaluation.wording import counted
    from cbrkit_xai.evaluation.writing import summary_of

    protocol, (numbers, k) = Protocol(**plan), chosen_k(ks)
    check_asked(margin=margin, alpha=alpha, k=k)
    substitute = chosen_substitutes(substitutes)
    found = chosen_base(base, images)
    chosen, left_out = _configurations(found, configurations, profile, organizers, substitute)
    folder = None if output is None else OutputFolder(path=output, command="evaluate")
    if folder is not None:
        check_can_report()
        folder.claim()
    with progress_bar(f"evaluating {counted(len(chosen), 'configuration')}") as progress:
        evaluation = evaluate(
            found,
            chosen,
            ks=numbers,
            protocol=protocol,
            baselines=_baselines(baselines),
            select_by=select_by,
            folder=output,
            substitute=substitute,
            workers=jobs,
            progress=progress,
        )
    evaluation = attrs.evolve(evaluation, notes=(*left_out, *evaluation.notes))
    found = _described(found, evaluation)
    permutation = _permutation(evaluation, found, output, permutations, jobs)
    if permutation is not None and permutation.note:
        evaluation = attrs.evolve(evaluation, notes=(*evaluation.notes, permutation.note))
    inner = {run.label: run.inner for run in evaluation.configurations if run.inner is not None}
    answered = answers(evaluation, margin=margin, alpha=alpha, k=k, permutation=permutation, inner=inner)
    written = []
    if folder is not None:
        from cbrkit_xai.cli.evaluation_writing import write_evaluation

        written = write_evaluation(
            evaluation, answered, folder, found, permutation=permutation, margin=margin
        )
    if as_json:
        print_json({**summary_of(evaluation, answered), "files": [str(path) for path in written]})
    else:
        from cbrkit_xai.cli.evaluation_page import print_evaluation

        print_evaluation(evaluation, answered, written)
    return 0


def _configurations(
    base: CaseBase,
    names: str | None,
    profile: str | None,
    organizers: str | None,
    substitute: dict[str, str],
) -> tuple[list[Configuration], tuple[str, ...]]:
    """Return what is evaluated, and a sentence for each of the paper's five that is not."""
    from cbrkit_xai.evaluation.running.default_configurations import (
        ORGANIZERS,
        PROFILE,
        default_configurations,
    )
    from cbrkit_xai.registry import default_registry

    named = chosen_names(names)
    if named is not None:
        return named_configurations(named, profile, chosen_names(organizers)), ()
    return default_configurations(
        base,
        profile=profile or PROFILE,
        organizers=chosen_names(organizers) or ORGANIZERS,
        substitute=substitute,
        registry=default_registry(),
    )


def _baselines(text: str | None) -> list[str] | None:
    names = chosen_names(text)
    return [] if names == ["none"] else names


def _described(base: CaseBase, evaluation: Evaluation) -> CaseBase:
    """Return the base with the features that the evaluation computed."""
    from cbrkit_xai.evaluation.predicting.described_once import described_once

    evaluated = [run.configuration for run in evaluation.configurations if run.configuration is not None]
    return described_once(base, [one.components().representation for one in evaluated])


def _permutation(
    evaluation: Evaluation, base: CaseBase, folder: Path | None, draws: int | None, jobs: int | None
) -> PermutationNull | None:
    from cbrkit_xai.cli.terminal import progress_bar
    from cbrkit_xai.evaluation.permutation.kept_permutation import kept_permutation

    with progress_bar("asking what chance alone would give") as progress:
        return kept_permutation(evaluation, base, folder=folder, draws=draws, workers=jobs, progress=progress)
