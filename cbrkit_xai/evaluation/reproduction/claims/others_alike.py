"""Claim (d): but for latent features compared one by one, the errors do not differ."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import partial

from cbrkit_xai.evaluation.questions.own_k import own_k
from cbrkit_xai.evaluation.questions.stated_margin import StatedMargin
from cbrkit_xai.evaluation.reproduction.claims.claim import AskedClaim
from cbrkit_xai.evaluation.reproduction.claims.implied_comparison import ImpliedComparison
from cbrkit_xai.evaluation.reproduction.claims.subject import Subject, compared
from cbrkit_xai.evaluation.reproduction.claims.tested import alike, contrast, error_of, errors_of
from cbrkit_xai.evaluation.reproduction.organisation import short_name
from cbrkit_xai.evaluation.results import Evaluation, Run
from cbrkit_xai.evaluation.wording import number


def others_alike(evaluation: Evaluation, rest: Sequence[Subject], margin: StatedMargin) -> AskedClaim:
    """Return the claim about all pairs of these subjects.

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
        how="All pairs of the rest at their own k. For the claim speaks that the difference is shown to be "
        f"smaller than what would matter ({allowed}) on both sides, by two one-sided corrected t; against "
        "it, that it is shown to be larger, by the same test beyond either bound (Bonferroni). Finding no "
        "difference speaks for neither, and a difference may be there and too small to matter: the "
        "comparison then says so.",
        comparisons=[
            compared(f"{first.name} and {second.name}", [first, second], partial(_pair, evaluation, margin))
            for first, second in itertools.combinations(rest, 2)
        ],
        meaning="A linear configuration averages k photos, a clustered one with few prototypes nearly all "
        "of them. The latter has a lower error for that reason alone, signal or none.",
    )


def _pair(evaluation: Evaluation, margin: StatedMargin, runs: Sequence[Run]) -> ImpliedComparison:
    first, second = runs
    return alike(
        f"{short_name(first)} and {short_name(second)}",
        contrast(evaluation, [(1, first, own_k(first))], [(1, second, own_k(second))]),
        margin,
        error_of(evaluation, second),
        numbers=errors_of(evaluation, first, second),
    )
