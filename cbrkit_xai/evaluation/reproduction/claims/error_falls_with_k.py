"""Claim (a): the error of the linear organisation falls with k, and levels off."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from cbrkit_xai.evaluation.reproduction.claims.claim import AskedClaim
from cbrkit_xai.evaluation.reproduction.claims.implied_comparison import ImpliedComparison
from cbrkit_xai.evaluation.reproduction.claims.subject import Subject, compared
from cbrkit_xai.evaluation.reproduction.claims.tested import contrast, directed, one_k_only, rmse_at
from cbrkit_xai.evaluation.reproduction.organisation import short_name
from cbrkit_xai.evaluation.results import Evaluation, Run
from cbrkit_xai.evaluation.scoring.null_law import null_rmse
from cbrkit_xai.evaluation.wording import number

LEFT = 0.2
"""A curve has levelled off by the middle k if at most this part of its whole fall is left beyond it."""


def error_falls_with_k(evaluation: Evaluation, linear: Sequence[Subject]) -> AskedClaim:
    """Return the claim about these subjects."""
    return AskedClaim(
        letter="a",
        statement="The error of instance-based prediction falls as k grows, and levels off.",
        quote="All the similarity metrics that use individual cases to perform predictions present a high "
        "RMSE that quickly converges around a stable, lower value when increasing the k parameter of the "
        "k-NN algorithm.",
        how="Falls: mean squared error at the largest k less that at the smallest, corrected t. Levels "
        "off: what the squared error still falls beyond the middle k, less a fifth of its whole fall, by "
        "the same test.",
        comparisons=[
            compared(f"{one.name} {what}", [one], partial(test, evaluation))
            for one in linear
            for what, test in (("falls with k", _falls), ("levels off", _levels_off))
        ],
        meaning=_meaning(evaluation, [one.run for one in linear if one.run is not None]),
    )


def _falls(evaluation: Evaluation, runs: Sequence[Run]) -> ImpliedComparison:
    (run,) = runs
    if len(run.ks) < 2:
        return one_k_only(f"{short_name(run)} falls with k")
    first, last = run.ks[0], run.ks[-1]
    return directed(
        f"{short_name(run)} falls from k = {first} to {last}",
        contrast(evaluation, [(1, run, last)], [(1, run, first)]),
        -1,
        numbers=_before_and_after(evaluation, run, first, last),
    )


def _levels_off(evaluation: Evaluation, runs: Sequence[Run]) -> ImpliedComparison:
    (run,) = runs
    if len(run.ks) < 3:
        return ImpliedComparison(
            about=f"{short_name(run)} levels off",
            problem="there is no k between the smallest and the largest",
        )
    first, middle, last = run.ks[0], run.ks[len(run.ks) // 2], run.ks[-1]
    return directed(
        f"{short_name(run)} has levelled off by k = {middle}",
        contrast(evaluation, [(1, run, middle), (LEFT, run, last)], [(1, run, last), (LEFT, run, first)]),
        -1,
        numbers=_before_and_after(evaluation, run, middle, last),
    )


def _before_and_after(evaluation: Evaluation, run: Run, before: int, after: int) -> dict[str, float]:
    return {
        "RMSE before": rmse_at(evaluation, run, before),
        "RMSE after": rmse_at(evaluation, run, after),
    }


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
