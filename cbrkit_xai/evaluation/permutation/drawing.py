"""One way after the other to hand out the votes anew, and the errors with each.

Every draw has a seed of its own, the whole's and its number, so that any of them can be made anywhere, in any
order and in blocks of any size, with the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Self, TypeAlias

import attrs
import numpy as np

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.holding_out.dealing import strata_of
from cbrkit_xai.evaluation.permutation.vote_shuffling import Shuffling
from cbrkit_xai.evaluation.results import Evaluation
from cbrkit_xai.evaluation.working import Stop, leave_if
from cbrkit_xai.features import Array

Rerun: TypeAlias = Callable[[Array], Mapping[str, Array]]
"""`votes (n, methods) -> label -> pooled mean squared error (ks,)` over the held-out cases."""


@attrs.frozen(kw_only=True, eq=False)
class Drawing:
    """Hands out an evaluation's votes anew.

    Parameters
    ----------
    votes : array of shape (n, methods)
        As observed.
    shuffling : Shuffling
        Which may change places.
    seed : int
        Of all draws.
    """

    votes: Array
    shuffling: Shuffling
    seed: int

    @classmethod
    def of(cls, evaluation: Evaluation, seed: int) -> Self:
        """Take what the evaluation's folds allow to be exchanged."""
        return cls(votes=evaluation.votes, shuffling=_shuffling(evaluation), seed=seed)

    def errors(self, number: int, rerun: Rerun) -> Mapping[str, Array]:
        """Return the errors of a draw, by its number from 0."""
        return rerun(self.votes[self.shuffling.sources([self.seed, number])])

    def block(self, numbers: range, rerun: Rerun, columns: list[tuple[str, int]], stop: Stop) -> Array:
        """Return the errors of a block of draws, `(draws, columns)`; see `row_of`.

        Raises
        ------
        ParameterError
            `rerun` gives another number of errors than there are columns.
        StoppedError
            Nobody waits for it any more.
        """
        found = np.empty((len(numbers), len(columns)))
        for place, number in enumerate(numbers):
            leave_if(stop)
            found[place] = row_of(self.errors(number, rerun), columns)
        return found

    @property
    def kept(self) -> str:
        """What a draw leaves as it is, in words."""
        kept = "each case's votes as one row; the rows of a group together"
        has_strata = self.shuffling.strata is not None
        return f"{kept}; each fold's number of winners per method" if has_strata else kept


def row_of(errors: Mapping[str, Array], columns: list[tuple[str, int]]) -> Array:
    """Return errors in the order of pairs of label and k, `(columns,)`.

    Raises
    ------
    ParameterError
        There is another number of errors.
    """
    labels = dict.fromkeys(label for label, _ in columns)
    row = np.concatenate([np.empty(0), *(np.atleast_1d(errors[label]) for label in labels)])
    if len(row) != len(columns):
        raise ParameterError(
            f"{len(row)} errors for {len(columns)} pairs of label and k",
            where="rerun",
            allowed="one error for each k that its run was evaluated with",
        )
    return row


def _shuffling(evaluation: Evaluation) -> Shuffling:
    if evaluation.protocol.scheme == "leave-one-group-out":  # nothing was dealt by winner
        return Shuffling(groups=evaluation.groups)
    # Also winners too rare to be a stratum of their own are kept apart, whatever deal put them together:
    # a finer partition leaves the test exact.
    return Shuffling(
        groups=evaluation.groups,
        strata=strata_of(evaluation.cases, 1),
        fold_of=evaluation.folds.fold_of[0],
    )
