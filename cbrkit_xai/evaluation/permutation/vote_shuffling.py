"""Hands the votes out to the cases anew, as they might have come if the photos had no say in them.

What may be exchanged decides whether a permutation test is right. Three things are kept:

- A case's votes stay one row: methods compete for the same voters.
- The rows of a group (one photo, judged for two classes) move together, to a group of the same size; two
  votes on one photo are no independent witnesses. A group whose size no other has stays where it is.
- Where folds were dealt by winner, every fold keeps its number of winners of each method. Handing votes out
  without regard to that compares stratified folds with folds that are not, whose errors are larger by one
  part in n even where there is nothing to find: at n = 60 the training cases' mean then passed for signal
  (p <= .05) in 30 % of made-up studies without any. So labels are first exchanged within each fold, then
  rows of equal label over all folds. Given the folds, that draws evenly from all ways to hand out the votes
  under which the same deal would have been as likely.

Only one repeat's folds can be kept; a second deal would leave hardly anything to exchange.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from functools import cached_property

import attrs
import numpy as np

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.features import Array


# `slots=False`: what may be exchanged is worked out once and kept.
@attrs.frozen(kw_only=True, eq=False, slots=False)
class Shuffling:
    """Which votes may change places with which.

    Parameters
    ----------
    groups : Groups
        Of n cases.
    strata : sequence of n str, optional
        By which the folds were dealt; left out, nothing is kept but the groups.
    fold_of : array of shape (n,), optional
        The fold of each case in the one repeat that counts; needed with `strata`.
    """

    groups: Groups
    strata: Sequence[str] | None = None
    fold_of: Array | None = None

    def __attrs_post_init__(self) -> None:
        n = len(self.groups.labels)
        if (self.strata is None) != (self.fold_of is None):
            raise ParameterError(
                "strata without folds, or folds without strata", where="strata", allowed="both, or neither"
            )
        for name, values in (("strata", self.strata), ("fold_of", self.fold_of)):
            if values is not None and len(values) != n:
                raise ParameterError(f"{len(values)} of {name}", where=name, allowed=f"{n}: one per case")

    @cached_property
    def _rows(self) -> list[Array]:
        return [np.flatnonzero(self.groups.labels == group) for group in range(self.groups.number)]

    @cached_property
    def _kinds(self) -> Array:
        """What two groups have in common that may exchange their votes; the strata where dealt by them."""
        if self.strata is None:
            return _numbered(len(rows) for rows in self._rows)
        return _numbered((len(rows), *sorted(self.strata[row] for row in rows)) for rows in self._rows)

    @cached_property
    def _places(self) -> Array:
        """What two groups have in common that may exchange their strata; empty where there are none."""
        if self.fold_of is None:
            return _numbered(())
        return _numbered((len(rows), int(self.fold_of[rows[0]])) for rows in self._rows)

    def sources(self, seed: int | Sequence[int]) -> Array:
        """Return, for each case, the row whose votes it gets, int64 `(n,)`."""
        rng = np.random.default_rng(seed)
        source = np.arange(len(self._rows))  # of each group: whose votes it gets
        for groups in _alike(self._places):
            source[groups] = source[rng.permutation(groups)]
        for groups in _alike(self._kinds[source]):
            source[groups] = source[rng.permutation(groups)]
        rows = np.empty(len(self.groups.labels), dtype=np.int64)
        rows[np.concatenate(self._rows)] = np.concatenate([self._rows[giver] for giver in source.tolist()])
        return rows

    @property
    def fixed(self) -> int:
        """How many cases can never get other votes than their own."""
        together = (*_alike(self._kinds), *_alike(self._places))
        moving = {group for groups in together if len(groups) > 1 for group in groups.tolist()}
        return sum(len(rows) for group, rows in enumerate(self._rows) if group not in moving)


def _numbered(keys: Iterable[Hashable]) -> Array:
    """Return a number for each key, the same for equal ones."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


def _alike(numbers: Array) -> list[Array]:
    """Return the places of each number, numbers in the order of their first places."""
    return [np.flatnonzero(numbers == one) for one in dict.fromkeys(numbers.tolist())]
