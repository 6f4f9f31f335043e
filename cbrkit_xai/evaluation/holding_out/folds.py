"""Which cases are held out together in which repeat and fold."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import numpy as np

from cbrkit_xai.features import Array, frozen_integers
from cbrkit_xai.freezing import texts


@attrs.frozen(kw_only=True, eq=False)
class Split:
    """One fold: what is learnt from, and what is predicted.

    Parameters
    ----------
    repeat, fold : int
        Counted from 0.
    training, held_out : array
        int64 rows of the cases, ascending.
    """

    repeat: int
    fold: int
    training: Array
    held_out: Array


@attrs.frozen(kw_only=True, eq=False)
class Folds:
    """The fold in which each case is held out, per repeat.

    Parameters
    ----------
    fold_of : array of shape (repeats, n)
        int64; -1 where a case is held out in no fold of that repeat, and is always trained on.
    notes : tuple of str
        A sentence for each thing that had to be other than the protocol asks.
    """

    fold_of: Array = attrs.field(converter=frozen_integers)
    notes: tuple[str, ...] = attrs.field(default=(), converter=texts)

    @property
    def repeats(self) -> int:
        """How often the cases are dealt."""
        return len(self.fold_of)

    @property
    def cases(self) -> int:
        """Number of cases, n."""
        return int(self.fold_of.shape[1])

    @property
    def per_repeat(self) -> int:
        """Folds of a repeat."""
        return int(self.fold_of.max(initial=-1)) + 1

    def split(self, repeat: int, fold: int) -> Split:
        """Return one fold."""
        inside = self.fold_of[repeat] == fold
        return Split(
            repeat=repeat, fold=fold, training=np.flatnonzero(~inside), held_out=np.flatnonzero(inside)
        )

    def splits(self) -> Iterator[Split]:
        """Give every fold of every repeat, in order."""
        for repeat in range(self.repeats):
            for fold in range(self.per_repeat):
                yield self.split(repeat, fold)

    @property
    def least_training(self) -> int:
        """Training cases of the fold that has the fewest."""
        return min(len(one.training) for one in self.splits())

    @property
    def test_over_training(self) -> float:
        """Mean of (held-out cases / training cases), as the corrected t test wants it."""
        return float(np.mean([len(one.held_out) / len(one.training) for one in self.splits()]))
