"""Claim (i), the other half of the paper's headline: clustering is faster, and errs no more."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cbrkit_xai.evaluation.questions.own_k import own_k
from cbrkit_xai.evaluation.questions.stated_margin import StatedMargin
from cbrkit_xai.evaluation.reproduction.claims.claim import AskedClaim, ImpliedComparison
from cbrkit_xai.evaluation.reproduction.claims.tested import (
    contrast,
    directed,
    errors_of,
    margin_about,
    rmse_at,
)
from cbrkit_xai.evaluation.reproduction.organisation import short_name
from cbrkit_xai.evaluation.results import GLOBAL_MEAN, Evaluation, Run
from cbrkit_xai.evaluation.wording import number


def clusters_lose_nothing(
    evaluation: Evaluation, twins: Sequence[tuple[Run, Run]], margin: StatedMargin
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
        comparisons=[_twin(evaluation, clustered, linear, margin) for clustered, linear in twins],
        meaning=_meaning(evaluation, [linear for _, linear in twins], margin),
    )


def _twin(evaluation: Evaluation, clustered: Run, linear: Run, margin: StatedMargin) -> ImpliedComparison:
    about = f"{short_name(clustered)} no worse than {short_name(linear)}"
    numbers = errors_of(evaluation, clustered, linear)
    if margin.problem:
        return ImpliedComparison(about=about, numbers=numbers, problem=margin.problem)
    return directed(
        about,
        contrast(evaluation, [(1, clustered, own_k(clustered))], [(1, linear, own_k(linear))]),
        -1,
        boundary=_boundary(evaluation, linear, margin),
        numbers=numbers,
    )


def _boundary(evaluation: Evaluation, linear: Run, margin: StatedMargin) -> float:
    found = margin_about(evaluation, linear, margin.votes)
    return 0.0 if math.isnan(found) else found


def _meaning(evaluation: Evaluation, linear: Sequence[Run], margin: StatedMargin) -> str:
    if GLOBAL_MEAN not in evaluation.runs:
        return ""
    mean = evaluation.run(GLOBAL_MEAN)
    said = (
        "The mean votes of all training cases, which look at no photo, have an RMSE of "
        f"{number(rmse_at(evaluation, mean, own_k(mean)))}."
    )
    passes = not margin.problem and all(_shown_no_worse(evaluation, mean, one, margin) for one in linear)
    if linear and passes:
        said += (
            " They too are shown to be no worse than every linear configuration here: this margin cannot "
            "tell case-based reasoning from none."
        )
    return said


def _shown_no_worse(evaluation: Evaluation, mean: Run, linear: Run, margin: StatedMargin) -> bool:
    found = directed(
        "",
        contrast(evaluation, [(1, mean, own_k(mean))], [(1, linear, own_k(linear))]),
        -1,
        boundary=_boundary(evaluation, linear, margin),
    )
    return found.reading == "holds"
