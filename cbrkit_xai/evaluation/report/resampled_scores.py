"""Each run's scores at its own k, with intervals over the cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs
import numpy as np

from cbrkit_xai.evaluation.decisions.bootstrap import Resampled, bca
from cbrkit_xai.evaluation.questions.own_k import own_k
from cbrkit_xai.evaluation.results import Evaluation, Run
from cbrkit_xai.evaluation.scoring.scores import (
    kendall_tau_b,
    ndcg,
    reciprocal_rank,
    regret,
    rmse_per_case,
    squared_error,
    squared_error_of_shares,
    top_1,
    top_2,
)
from cbrkit_xai.features import Array

DRAWS = 1999
"""Resamples of an interval; a page has hundreds of intervals."""

PerCase = Callable[[Array, Array], Array]


@attrs.frozen(kw_only=True)
class Column:
    """One score as a table shows it.

    Parameters
    ----------
    name : str
        The head of its column.
    explained : str
        What it is, and which way is better.
    per_case : callable
        `(predicted, observed)` to one number per case.
    is_root : bool
        Whether the root is taken of the mean.
    by_pairs : bool
        Whether a case counts by the number of methods asked about, as in a pooled error.
    digits : int
        Behind the point.
    """

    name: str
    explained: str
    per_case: PerCase
    is_root: bool = False
    by_pairs: bool = False
    digits: int = 3


POOLED = "pooled RMSE"

COLUMNS = (
    Column(
        name=POOLED,
        explained="root of the mean squared error over all pairs of case and method, in votes; "
        "lower is better",
        per_case=squared_error,
        is_root=True,
        by_pairs=True,
    ),
    Column(
        name="RMSE per case",
        explained="root mean square error of each case's votes (the paper's), mean over cases; "
        "lower is better",
        per_case=rmse_per_case,
    ),
    Column(
        name="RMSE of shares",
        explained="pooled over cases after each case's votes were divided by their sum; lower is better",
        per_case=squared_error_of_shares,
        is_root=True,
    ),
    Column(
        name="top-1",
        explained="chance that the method shown is the winner, ties share the win; higher is better",
        per_case=top_1,
        digits=2,
    ),
    Column(
        name="top-2",
        explained="chance that the winner is among the first two; higher is better",
        per_case=top_2,
        digits=2,
    ),
    Column(
        name="MRR",
        explained="mean of 1 / place of the winner; higher is better",
        per_case=reciprocal_rank,
        digits=2,
    ),
    Column(
        name="NDCG",
        explained="discounted votes in the predicted order, as a part of the best order's; higher is "
        "better, and a guess has .7 to .9",
        per_case=ndcg,
        digits=2,
    ),
    Column(
        name="tau-b",
        explained="Kendall's agreement of the predicted with the observed order; higher is better",
        per_case=kendall_tau_b,
        digits=2,
    ),
    Column(
        name="regret",
        explained="votes of the best method less votes of the method shown; lower is better",
        per_case=regret,
        digits=2,
    ),
)


@attrs.frozen(kw_only=True, eq=False)
class ScoredRun:
    """One row of the table.

    Parameters
    ----------
    run : Run
        What was evaluated.
    k : int
        At which it stands here; 0 for a run without neighbours.
    scores : mapping of str to Resampled
        By the columns' names.
    """

    run: Run
    k: int
    scores: Mapping[str, Resampled]


def scored_runs(evaluation: Evaluation) -> tuple[ScoredRun, ...]:
    """Return all scores of all runs, each at its own k."""
    found = []
    for run in evaluation.runs.values():
        predicted = run.at(own_k(run))
        scores = {column.name: _resampled(evaluation, column, predicted) for column in COLUMNS}
        found.append(ScoredRun(run=run, k=own_k(run), scores=scores))
    return tuple(found)


def _resampled(evaluation: Evaluation, column: Column, predicted: Array) -> Resampled:
    values = column.per_case(predicted, evaluation.votes)  # (repeats, n)
    asked = (~np.isnan(evaluation.votes)).sum(axis=1)
    weights = np.where(np.isnan(values), 0.0, asked if column.by_pairs else 1.0)
    totals = sums(values, weights)
    if not totals[:, 1].any():
        return Resampled(estimate=np.nan, level=0.95, groups=evaluation.groups.number, problem="no case")

    def statistic(means: Array) -> Array:
        mean = means[..., 0] / means[..., 1]
        return np.sqrt(mean) if column.is_root else mean

    return resampled(evaluation, totals, statistic)


def sums(values: Array, weights: Array) -> Array:
    """Return each case's sum over repeats of its weighted values, and of its weights, `(n, 2)`."""
    return np.stack([(np.nan_to_num(values) * weights).sum(axis=0), weights.sum(axis=0)], axis=1)


def resampled(evaluation: Evaluation, columns: Array, statistic: Callable[[Array], Array]) -> Resampled:
    """Return a statistic of column means with its interval over groups of cases."""
    # A ratio's numerator and denominator are drawn together, so cases without a score count as nothing.
    return bca(columns, evaluation.groups.labels, statistic, seed=evaluation.protocol.seed, draws=DRAWS)
