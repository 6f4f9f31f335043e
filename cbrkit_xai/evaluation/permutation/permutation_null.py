"""The errors that every configuration would have at every k if photos had no say in the votes.

What never looks at votes, as `ignores_votes` knows of some, is organised once, and a
draw costs no more than adding up other votes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import attrs
import numpy as np

from cbrkit_xai.errors import ParameterError, nearest_spelling
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.permutation.drawing import Drawing, Rerun, row_of
from cbrkit_xai.evaluation.results import Evaluation
from cbrkit_xai.evaluation.scoring.vote_errors import pooled_rmse
from cbrkit_xai.features import Array, frozen_floats
from cbrkit_xai.freezing import texts
from cbrkit_xai.protocols import Progress

DRAWS = 999
"""By default where everything is organised once: no p is below .001."""

DRAWS_ANEW = 199
"""By default where something is organised anew for each, which takes seconds or more: no p is below .005."""

Predict: TypeAlias = Callable[[Array], Array]
"""`votes (n, methods) -> predicted (repeats, n, ks, methods)` in the same folds, learnt from those votes."""

_ROUNDING = 1e-12  # a draw that repeats the observed order must count as equal to it


def _columns(values: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    return tuple((label, int(k)) for label, k in values)


@attrs.frozen(kw_only=True, eq=False)
class PermutationNull:
    """Pooled mean squared errors, observed and with votes handed out anew.

    Parameters
    ----------
    columns : tuple of (str, int)
        Label and k of each statistic.
    observed : array of shape (columns,)
        Over the folds that the draws use.
    draws : array of shape (draws, columns)
        Each row is one way to hand out the votes, the same for all columns: what depends on each other in
        the observed errors does so in these, as a maximum over all columns needs it.
    fixed_cases : int
        Cases whose votes no draw could move.
    kept : str
        What the draws left as it is, in words.
    organized_anew : tuple of str
        Labels of what was organised anew for each draw, as votes may have a say in it.
    """

    columns: tuple[tuple[str, int], ...] = attrs.field(converter=_columns)
    observed: Array = attrs.field(converter=frozen_floats)
    draws: Array = attrs.field(converter=frozen_floats)
    fixed_cases: int
    kept: str
    organized_anew: tuple[str, ...] = attrs.field(default=(), converter=texts)

    @property
    def labels(self) -> tuple[str, ...]:
        """Which runs there are draws of."""
        return tuple(dict.fromkeys(label for label, _ in self.columns))

    def of(self, label: str) -> tuple[tuple[int, ...], Array, Array]:
        """Return ks, observed `(ks,)` and draws `(draws, ks)` of one run.

        Raises
        ------
        ParameterError
            There are none; names the nearest spelling.
        """
        places = [place for place, (one, _) in enumerate(self.columns) if one == label]
        if not places:
            raise ParameterError(
                f"nothing called {label!r} was permuted",
                where="label",
                allowed=", ".join(self.labels),
                next_step=nearest_spelling(label, self.labels),
            )
        ks = tuple(self.columns[place][1] for place in places)
        return ks, self.observed[places], self.draws[:, places]

    @property
    def p_values(self) -> Array:
        """Each column's own p, `(columns,)`: (1 + draws that err as little) / (1 + draws).

        Not adjusted for looking at so many; the maximum statistic is.
        """
        as_good = self.draws <= self.observed * (1 + _ROUNDING)
        p = (1 + as_good.sum(axis=0)) / (1 + len(self.draws))
        return np.where(np.isnan(self.observed) | np.isnan(self.draws).any(axis=0), np.nan, p)

    @property
    def least_p(self) -> float:
        """What no p is below: that of an observed error smaller than all draws."""
        return 1 / (1 + len(self.draws))

    @property
    def note(self) -> str:
        """Why there are so many draws and not more, where each had to organise anew; empty otherwise."""
        if not self.organized_anew:
            return ""
        return (
            f"{', '.join(self.organized_anew)}: organised anew for each of {len(self.draws)} shuffles of the "
            "votes, as votes may have a say in who is whose neighbour. That takes long, and so there are "
            f"{DRAWS_ANEW} by default instead of {DRAWS}; with {len(self.draws)} no p is below "
            f"{self.least_p:.2g}."
        )

    @property
    def evidence(self) -> tuple[Array, Array]:
        """The observed statistics and the draws with the sign turned: the larger, the more signal."""
        return -self.observed, -self.draws


def permutation_null(
    evaluation: Evaluation,
    rerun: Rerun,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    progress: Progress | None = None,
) -> PermutationNull:
    """Hand out the votes anew, again and again, and predict them as before.

    Parameters
    ----------
    evaluation : Evaluation
        Its votes, groups, folds and protocol; of its runs the ks.
    rerun : callable
        Predicts from other votes in the folds of `folds_that_count(evaluation)`, and gives the pooled mean
        squared error per label and k; `rerun_of` makes one.
    draws : int
        How many; no p is below 1 / (1 + draws).
    seed : int
        Of the draws.
    progress : callable, optional
        Called with (draws done, draws).

    Raises
    ------
    ParameterError
        `rerun` gives another number of errors than the run has ks.
    """
    drawing = Drawing.of(evaluation, seed)
    errors = rerun(evaluation.votes)
    columns = [(label, k) for label in errors for k in evaluation.run(label).ks]
    observed = row_of(errors, columns)
    found = np.empty((draws, len(columns)))
    for draw in range(draws):
        found[draw] = row_of(drawing.errors(draw, rerun), columns)
        if progress is not None:
            progress(draw + 1, draws)
    return PermutationNull(
        columns=columns,
        observed=observed,
        draws=found,
        fixed_cases=drawing.shuffling.fixed,
        kept=drawing.kept,
    )


def folds_that_count(evaluation: Evaluation) -> Folds:
    """Return the folds in which a permutation null may predict: those of the first repeat.

    Folds of further repeats were dealt by the observed winners, and a draw cannot keep that for several
    deals at once.
    """
    return attrs.evolve(evaluation.folds, fold_of=evaluation.folds.fold_of[:1])


def rerun_of(predictors: Mapping[str, Predict]) -> Rerun:
    """Return the rerun that lets each predictor predict, and takes the pooled mean squared error.

    Parameters
    ----------
    predictors : mapping of str to callable
        From labels to what predicts every held-out case of `folds_that_count` from given votes.
    """

    def rerun(votes: Array) -> dict[str, Array]:
        return {
            label: pooled_rmse(predict(votes), votes[:, None], over=(0, 1)) ** 2
            for label, predict in predictors.items()
        }

    return rerun
