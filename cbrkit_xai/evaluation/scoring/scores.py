"""Every score of a prediction by name: what it is, which way is better, and how it is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

import attrs
import numpy as np

from cbrkit_xai.errors import ParameterError, nearest_spelling
from cbrkit_xai.evaluation.scoring.rankings import (
    kendall_tau_b,
    ndcg,
    reciprocal_rank,
    regret,
    regret_against,
    top_1,
    top_2,
)
from cbrkit_xai.evaluation.scoring.vote_errors import (
    pooled_rmse,
    rmse_per_case,
    squared_error,
    squared_error_of_shares,
)
from cbrkit_xai.features import Array

__all__ = [
    "SCORES",
    "Score",
    "kendall_tau_b",
    "ndcg",
    "pooled_rmse",
    "reciprocal_rank",
    "regret",
    "regret_against",
    "rmse_per_case",
    "score_of",
    "scored",
    "squared_error",
    "squared_error_of_shares",
    "top_1",
    "top_2",
]

PerCase: TypeAlias = Callable[[Array, Array], Array]
"""`(predicted (..., methods), observed (..., methods)) -> (...)`; NaN where a case has no score."""


@attrs.frozen(kw_only=True)
class Score:
    """A number for one case's prediction.

    Parameters
    ----------
    name : str
        kebab-case.
    summary : str
        In words that fit a table's head.
    source : str
        Paper or equation.
    better : {"lower", "higher"}
        Which way is better.
    unit : str
        Such as "votes"; empty for a pure number.
    function : callable
        `(predicted, observed)`, each `(..., methods)`, to `(...)`.
    """

    name: str
    summary: str
    source: str
    better: Literal["lower", "higher"]
    unit: str = ""
    function: PerCase

    def __call__(self, predicted: Array, observed: Array) -> Array:
        """Return the score of each case."""
        return self.function(predicted, observed)


_PAPER = "Brito-Borges et al. 2022, section 5"

_ALL = (
    Score(
        name="squared-error",
        summary="Mean over methods of the squared error in votes",
        source=_PAPER,
        better="lower",
        unit="votes squared",
        function=squared_error,
    ),
    Score(
        name="rmse-per-case",
        summary="Root mean square error of one case's votes",
        source=_PAPER,
        better="lower",
        unit="votes",
        function=rmse_per_case,
    ),
    Score(
        name="squared-error-of-shares",
        summary="Mean over methods of the squared error in shares of the votes",
        source="Brier 1950, on shares",
        better="lower",
        unit="shares squared",
        function=squared_error_of_shares,
    ),
    Score(
        name="top-1",
        summary="The method shown is the winner; winners with equal votes share the win",
        source="hit rate with tie credit",
        better="higher",
        function=top_1,
    ),
    Score(
        name="top-2",
        summary="The winner is among the two methods predicted best",
        source="hit rate with tie credit",
        better="higher",
        function=top_2,
    ),
    Score(
        name="reciprocal-rank",
        summary="1 / place of the winner among the predicted; its mean is the MRR",
        source="Voorhees, TREC-8 (1999) 77-82",
        better="higher",
        function=reciprocal_rank,
    ),
    Score(
        name="ndcg",
        summary="Discounted votes in the predicted order, as a part of the best order's",
        source="Järvelin & Kekäläinen 2002; ties: McSherry & Najork 2008",
        better="higher",
        function=ndcg,
    ),
    Score(
        name="kendall-tau-b",
        summary="Agreement of predicted and observed order over pairs of methods",
        source="Kendall 1945",
        better="higher",
        function=kendall_tau_b,
    ),
    Score(
        name="regret",
        summary="Votes of the best method less votes of the method shown",
        source="Savage 1951",
        better="lower",
        unit="votes",
        function=regret,
    ),
)

SCORES: Mapping[str, Score] = MappingProxyType({score.name: score for score in _ALL})
"""The scores by name, in the order in which tables show them."""


def score_of(name: str) -> Score:
    """Return the score of that name.

    Raises
    ------
    ParameterError
        There is none; names the nearest spelling.
    """
    if name not in SCORES:
        raise ParameterError(
            f"there is no score {name!r}",
            where="score",
            allowed=", ".join(SCORES),
            next_step=nearest_spelling(name, SCORES),
        )
    return SCORES[name]


def scored(predicted: Array, votes: Array, names: Iterable[str] = tuple(SCORES)) -> dict[str, Array]:
    """Return the scores of a run's predictions, each `(repeats, n, ks)`.

    Parameters
    ----------
    predicted : array of shape (repeats, n, ks, methods)
        As `Run.predicted` has them; NaN where a case was not held out.
    votes : array of shape (n, methods)
        Observed; NaN where nobody was asked.
    names : iterable of str
        By default all.

    Raises
    ------
    ParameterError
        An unknown name.
    """
    observed = np.asarray(votes, dtype=np.float64)[:, None]  # (n, 1, methods)
    return {name: score_of(name)(predicted, observed) for name in names}
