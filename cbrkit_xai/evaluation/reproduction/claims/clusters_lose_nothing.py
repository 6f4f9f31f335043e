"""Claim (i), the other half of the paper's headline: clustering is faster, and errs no more."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from cbrkit_xai.evaluation.questions.own_k import own_k
from cbrkit_xai.evaluation.questions.stated_margin import StatedMargin
from cbrkit_xai.evaluation.reproduction.claims.claim import AskedClaim
from cbrkit_xai.evaluation.reproduction.claims.implied_comparison import HOLDS, ImpliedComparison
from cbrkit_xai.evaluation.reproduction.claims.subject import Subject, compared
from cbrkit_xai.evaluation.reproduction.claims.tested import (
    contrast,
    directed,
    error_of,
    errors_of,
    rmse_at,
)
from cbrkit_xai.evaluation.reproduction.organisation import short_name
from cbrkit_xai.evaluation.results import GLOBAL_MEAN, Evaluation, Run
from cbrkit_xai.evaluation.wording import number

PASSED = (
    "The global mean is shown to be no worse either: this margin cannot tell case-based reasoning from none."
)


def clusters_lose_nothing(
    evaluation: Evaluation, twins: Sequence[tuple[Subject, Subject]], margin: StatedMargin
) -> AskedClaim:
    """Return the claim.

    Parameters
    ----------
    twins : sequence of (clustered, linear)
        Of one configuration each.
    margin : StatedMargin
        By how much a clustered one may be worse.
    """
    allowed = margin.problem or f"{number(margin.votes)} votes of RMSE, {margin.source}"
    return AskedClaim(
        letter="i",
        statement="Clustering does not lose accuracy against comparing with every case.",
        quote="The clustered organization of the case base obtains an improvement close to 10 times faster "
        "than the standard k-NN approach without increasing prediction error significantly.",
        how="Non-inferiority: squared error of the clustered configuration less that of the linear one at "
        f"the same k, against a margin ({allowed}); corrected t, two-sided.",
        comparisons=[
            compared(
                f"{clustered.name} no worse than {linear.name}",
                [clustered, linear],
                partial(_twin, evaluation, margin),
            )
            for clustered, linear in twins
        ],
        meaning=_meaning(evaluation),
    )


def _twin(evaluation: Evaluation, margin: StatedMargin, runs: Sequence[Run]) -> ImpliedComparison:
    clustered, linear = runs
    about = f"{short_name(clustered)} no worse than {short_name(linear)}"
    numbers = errors_of(evaluation, clustered, linear)
    if margin.problem:
        return ImpliedComparison(about=about, numbers=numbers, problem=margin.problem)
    passes = _is_passed_by_the_mean(evaluation, linear, margin)
    return directed(
        about,
        contrast(evaluation, [(1, clustered, own_k(clustered))], [(1, linear, own_k(linear))]),
        -1,
        boundary=margin.squared(error_of(evaluation, linear)),
        numbers=numbers,
        note=PASSED if passes else "",
    )


def _is_passed_by_the_mean(evaluation: Evaluation, linear: Run, margin: StatedMargin) -> bool:
    """Say whether the mean votes of all training cases are shown to be no worse either."""
    if GLOBAL_MEAN not in evaluation.runs:
        return False
    mean = evaluation.run(GLOBAL_MEAN)
    found = directed(
        "",
        contrast(evaluation, [(1, mean, own_k(mean))], [(1, linear, own_k(linear))]),
        -1,
        boundary=margin.squared(error_of(evaluation, linear)),
    )
    return found.reading == HOLDS


def _meaning(evaluation: Evaluation) -> str:
    if GLOBAL_MEAN not in evaluation.runs:
        return ""
    mean = evaluation.run(GLOBAL_MEAN)
    return (
        "The mean votes of all training cases, which look at no photo, have an RMSE of "
        f"{number(rmse_at(evaluation, mean, own_k(mean)))}. Where they are shown to be no worse than the "
        "linear configuration either, the comparison says so: there the margin cannot tell case-based "
        "reasoning from none."
    )
