"""What a claim is about: one of the paper's configurations in one organisation, or why it is not there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from cbrkit_xai.evaluation.reproduction.claims.implied_comparison import ImpliedComparison
from cbrkit_xai.evaluation.reproduction.papers_configurations import PapersConfiguration
from cbrkit_xai.evaluation.results import Evaluation, Run

NOT_IN_THE_PAPER = "The paper has no clusters by {}, so its claim is not about them."


@attrs.frozen(kw_only=True, eq=False)
class Subject:
    """One configuration in one organisation.

    Parameters
    ----------
    name : str
        As the pages call it, such as "LF-COS clustered".
    run : Run or None
        Its predictions; None where the base cannot be described so.
    missing : str
        Why there is no run; empty if there is one.
    is_latent : bool
        Whether it compares latent features.
    remark : str
        Why the paper claims nothing of it; empty if it does.
    """

    name: str
    run: Run | None = None
    missing: str = ""
    is_latent: bool = False
    remark: str = ""


def linear_subjects(
    evaluation: Evaluation, configurations: Sequence[PapersConfiguration]
) -> tuple[Subject, ...]:
    """Return all five comparing with every case, those that are not applicable among them."""
    return tuple(
        Subject(
            name=f"{one.paper.identifier} linear",
            run=None if one.linear is None else evaluation.run(one.linear.label),
            missing=one.missing,
            is_latent=one.is_latent,
        )
        for one in configurations
    )


def clustered_subjects(
    evaluation: Evaluation, configurations: Sequence[PapersConfiguration]
) -> tuple[Subject, ...]:
    """Return all five with prototypes, those that have none among them."""
    return tuple(
        Subject(
            name=f"{one.paper.identifier} clustered",
            run=None if one.clustered is None else evaluation.run(one.clustered.label),
            missing=one.missing,
            is_latent=one.is_latent,
            remark=outside_of_the_paper(one),
        )
        for one in configurations
    )


def outside_of_the_paper(one: PapersConfiguration) -> str:
    """Return why the paper claims nothing of a configuration's clusters; empty if it does."""
    return NOT_IN_THE_PAPER.format(one.paper.identifier) if one.paper.clustering is None else ""


def beside_the_paper(found: ImpliedComparison, one: PapersConfiguration) -> ImpliedComparison:
    """Return a comparison of a configuration's clusters as what decides nothing where the paper has none."""
    return _with_remarks(found, [outside_of_the_paper(one)])


def compared(
    about: str, subjects: Sequence[Subject], test: Callable[[Sequence[Run]], ImpliedComparison]
) -> ImpliedComparison:
    """Return what a test finds of these subjects' runs, or why it could not be made.

    Parameters
    ----------
    about : str
        What is compared, where a run is missing.
    test : callable
        Called with the runs, if all are there.
    """
    runs = [one.run for one in subjects if one.run is not None]
    missing = dict.fromkeys(one.missing for one in subjects if one.run is None)
    found = ImpliedComparison(about=about, problem="; ".join(missing)) if missing else test(runs)
    return _with_remarks(found, [one.remark for one in subjects])


def _with_remarks(found: ImpliedComparison, given: Sequence[str]) -> ImpliedComparison:
    remarks = dict.fromkeys(one for one in given if one)
    return attrs.evolve(
        found, note=" ".join(one for one in (found.note, *remarks) if one), is_claimed=not remarks
    )
