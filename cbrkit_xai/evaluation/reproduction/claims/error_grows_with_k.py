"""Claim (b): the error of the clustered organisation grows with k."""

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
from cbrkit_xai.evaluation.scoring.query_independence import query_independence


def error_grows_with_k(evaluation: Evaluation, clustered: Sequence[Subject]) -> AskedClaim:
    """Return the claim about these subjects."""
    return AskedClaim(
        letter="b",
        statement="The error of clustered prediction grows as k grows.",
        quote="The clustered organization presents an opposite behaviour, growing in error as k does.",
        how="Mean squared error at the largest k less that at the smallest, corrected t. From the number of "
        "prototypes on nothing changes any more, so this compares the nearest prototype with all of them.",
        comparisons=[
            compared(f"{one.name} grows with k", [one], partial(_of_run, evaluation)) for one in clustered
        ],
        meaning="With all prototypes every query gets one and the same prediction, the plain mean of the "
        "prototypes, in which a cluster of three photos counts as much as one of a hundred. That alone "
        "raises the error: “without signal” is what the null law says of the same weights if photos and "
        "votes had nothing to do with each other.",
    )


def _of_run(evaluation: Evaluation, runs: Sequence[Run]) -> ImpliedComparison:
    (run,) = runs
    if len(run.ks) < 2:
        return one_k_only(f"{short_name(run)} grows with k")
    first, last = run.ks[0], run.ks[-1]
    independence = query_independence(run, evaluation.folds)
    low, high = independence.prototypes
    prototypes = f"{low}" if low == high else f"{low} to {high}"
    note = f"{prototypes} prototypes in a fold" if high else "no prototypes"
    if independence.same_from is not None:
        note += f"; query-independent from k = {independence.same_from} on"
    null = null_rmse(evaluation.votes, run.weight_squares)
    return directed(
        f"{short_name(run)} grows from k = {first} to {last}",
        contrast(evaluation, [(1, run, last)], [(1, run, first)]),
        1,
        numbers={
            f"RMSE, k = {first}": rmse_at(evaluation, run, first),
            f"RMSE, k = {last}": rmse_at(evaluation, run, last),
            f"without signal, k = {first}": float(null[0]),
            f"without signal, k = {last}": float(null[-1]),
        },
        note=f"{note}.",
    )
