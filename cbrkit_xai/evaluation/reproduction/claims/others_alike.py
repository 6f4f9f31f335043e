"""Claim (d): but for latent features compared one by one, the errors do not differ."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from cbrkit_xai.evaluation.questions.own_k import own_k
from cbrkit_xai.evaluation.questions.stated_margin import StatedMargin
from cbrkit_xai.evaluation.reproduction.claims.claim import AskedClaim, ImpliedComparison
from cbrkit_xai.evaluation.reproduction.claims.tested import alike, contrast, errors_of, margin_about
from cbrkit_xai.evaluation.reproduction.organisation import short_name
from cbrkit_xai.evaluation.results import Evaluation, Run
from cbrkit_xai.evaluation.wording import number


def others_alike(evaluation: Evaluation, rest: Sequence[Run], margin: StatedMargin) -> AskedClaim:
    """Return the claim about all pairs of these runs.

    Parameters
    ----------
    margin : StatedMargin
        What difference would matter.
    """
    allowed = margin.problem or f"{number(margin.votes)} votes of RMSE, {margin.source}"
    return AskedClaim(
        letter="d",
        statement="But for instance-based latent features, no configuration has an advantage.",
        quote="All the similarity metrics (except for latent features on instance-based predictions) "
        "present RMSE values that do not present any significant advantage over each other.",
        how="All pairs of the rest at their own k. A significant difference (corrected t) refutes the "
        "claim. Finding none does not show it: for it speaks only that a difference that would matter is "
        f"excluded on both sides ({allowed}; two one-sided corrected t).",
        comparisons=[
            _pair(evaluation, first, second, margin) for first, second in itertools.combinations(rest, 2)
        ],
        meaning="A linear configuration averages k photos, a clustered one with few prototypes nearly all "
        "of them. The latter has a lower error for that reason alone, signal or none.",
    )


def _pair(evaluation: Evaluation, first: Run, second: Run, margin: StatedMargin) -> ImpliedComparison:
    votes = float("nan") if margin.problem else margin.votes
    return alike(
        f"{short_name(first)} and {short_name(second)}",
        contrast(evaluation, [(1, first, own_k(first))], [(1, second, own_k(second))]),
        margin_about(evaluation, second, votes),
        numbers=errors_of(evaluation, first, second),
    )
