"""Claim (a): the error of the linear organisation falls with k, and levels off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cbrkit_xai.evaluation.reproduction.claims.claim import AskedClaim, ImpliedComparison
from cbrkit_xai.evaluation.reproduction.claims.tested import contrast, directed, rmse_at
from cbrkit_xai.evaluation.reproduction.organisation import short_name
from cbrkit_xai.evaluation.results import Evaluation, Run
from cbrkit_xai.evaluation.scoring.null_law import null_rmse
from cbrkit_xai.evaluation.wording import number

LEFT = 0.2
"""A curve has levelled off by the middle k if at most this part of its whole fall is left beyond it."""


def error_falls_with_k(evaluation: Evaluation, linear: Sequence[Run]) -> AskedClaim:
    """Return the claim about these runs."""
    return AskedClaim(
        letter="a",
        statement="The error of instance-based prediction falls as k grows, and levels off.",
        quote="All the similarity metrics that use individual cases to perform predictions present a high "
        "RMSE that quickly converges around a stable, lower value when increasing the k parameter of the "
        "k-NN algorithm.",
        how="Falls: mean squared error at the largest k less that at the smallest, corrected t. Levels "
        "off: what the squared error still falls beyond the middle k, less a fifth of its whole fall, by "
        "the same test.",
        comparisons=[one for run in linear if len(run.ks) > 1 for one in _of_run(evaluation, run)],
        meaning=_meaning(evaluation, linear),
    )


def _of_run(evaluation: Evaluation, run: Run) -> Iterator[ImpliedComparison]:
    first, middle, last = run.ks[0], run.ks[len(run.ks) // 2], run.ks[-1]
    beginning, half, end = (rmse_at(evaluation, run, k) for k in (first, middle, last))
    yield directed(
        f"{short_name(run)} falls from k = {first} to {last}",
        contrast(evaluation, [(1, run, last)], [(1, run, first)]),
        -1,
        numbers={"RMSE before": beginning, "RMSE after": end},
    )
    if middle not in (first, last):
        yield directed(
            f"{short_name(run)} has levelled off by k = {middle}",
            contrast(evaluation, [(1, run, middle), (LEFT, run, last)], [(1, run, last), (LEFT, run, first)]),
            -1,
            numbers={"RMSE before": half, "RMSE after": end},
        )


def _meaning(evaluation: Evaluation, linear: Sequence[Run]) -> str:
    if not linear:
        return ""
    null = null_rmse(evaluation.votes, linear[0].weight_squares)
    first, last = linear[0].ks[0], linear[0].ks[-1]
    return (
        "A falling curve is no evidence that similar photos get similar votes: it falls because the noise "
        "of more neighbours' votes is averaged away. If photos and votes had nothing to do with each other "
        f"it would fall too, from {number(float(null[0]))} at k = {first} to {number(float(null[-1]))} at k "
        f"= {last} (the null law, dashed in figure 3)."
    )
