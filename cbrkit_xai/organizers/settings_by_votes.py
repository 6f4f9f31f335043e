"""Which of several clusterings predicts votes best, in a cross-validation of the training cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.confidence.folds import grouped_folds
from cbrkit_xai.features import Array, take
from cbrkit_xai.organizers.prototype_index import PrototypeIndex
from cbrkit_xai.organizers.silhouette import NOISE

Labels: TypeAlias = Callable[[Array], Sequence[Array]]
"""From rows of the cases to the labels that each candidate gives these cases alone."""

Indexed: TypeAlias = Callable[[Cases, Array], PrototypeIndex]
"""From cases and their labels to their index."""


@attrs.frozen(kw_only=True, eq=False)
class _Fold:
    """Who speaks to the held-out cases of an inner fold, as each way to organise the others has it.

    Parameters
    ----------
    held_out : array of shape (h,)
        Their rows.
    way_of : list of int
        Per candidate; neighbouring settings often give the same clusters. -1 where it finds none.
    members, entry_of_member : arrays of shape (m,)
        int64 rows of the members of all entries of all ways, and the number of the entry of each.
    number : int
        How many entries that are.
    heard : array of shape (ways, h, k)
        int64 entries that speak to each held-out case; `number` where there are fewer than k.
    """

    held_out: Array
    way_of: list[int]
    members: Array
    entry_of_member: Array
    number: int
    heard: Array

    def errors(self, votes: Array) -> Array:
        """Return the squared error of each vote that was cast, `(candidates, votes)`; inf where missed."""
        observed = votes[self.held_out]
        cast = ~np.isnan(observed)
        said = self._votes_of_entries(votes)[self.heard]  # (ways, h, k, methods)
        known = ~np.isnan(said)
        total, number = np.where(known, said, 0.0).sum(axis=2), known.sum(axis=2)
        predicted = np.divide(total, number, out=np.full(total.shape, np.inf), where=number > 0)
        missed = np.full((1, int(cast.sum())), np.inf)
        by_way = np.concatenate([(predicted[:, cast] - observed[cast]) ** 2, missed])  # -1 takes the last
        return np.asarray(by_way[self.way_of])

    def _votes_of_entries(self, votes: Array) -> Array:
        """Return the mean votes of each entry (eq. 3), and a last row of NaN, `(entries + 1, methods)`."""
        asked = ~np.isnan(votes)
        found = np.full((self.number + 1, votes.shape[1]), np.nan)
        for method in range(votes.shape[1]):
            rows, of_members = np.where(asked[:, method], votes[:, method], 0.0), asked[self.members, method]
            total = np.bincount(self.entry_of_member, rows[self.members], self.number + 1)
            number = np.bincount(self.entry_of_member, of_members, self.number + 1)
            np.divide(total, number, out=found[:, method], where=number > 0)
        return found


@attrs.frozen(kw_only=True, eq=False)
class SettingsByVotes:
    """What is known of several candidates whatever the votes are, and the choice that votes make.

    Features decide who speaks to whom, so leaving out the votes of some cases takes no new clustering.

    Parameters
    ----------
    folds : list of _Fold
        None where there are too few groups.
    """

    folds: list[_Fold]

    @classmethod
    def of(
        cls, cases: Cases, labels_of: Labels, indexed: Indexed, *, k: int, folds: int, seed: int = 0
    ) -> SettingsByVotes:
        """Organise the other cases of each inner fold by each candidate.

        Parameters
        ----------
        cases : Cases
            Dealt by whole groups, and by no votes: those of a case that is to be left out would have a say.
        labels_of, indexed : callable
            The candidates.
        k : int
            Entries that speak.
        folds : int
            Fewer where there are fewer groups.
        """
        groups = np.asarray(cases.groups).tolist()
        number = min(folds, len(set(groups)))
        dealt = grouped_folds(groups, [""] * len(cases), folds=number, seed=seed) if number > 1 else []
        return cls(folds=[_fold(cases, rows, labels_of, indexed, k) for rows in dealt])

    def best(self, votes: Array) -> int | None:
        """Return the candidate with the least mean squared error; of equal ones the first.

        A vote that no candidate predicts counts for none; a candidate that leaves out one that another
        predicts is not chosen.

        Parameters
        ----------
        votes : array of shape (n, methods)
            NaN where nobody was asked, and of cases that must not speak.

        Returns
        -------
        int or None
            None where the votes can judge nothing.
        """
        if not self.folds:
            return None
        errors = np.concatenate([fold.errors(votes) for fold in self.folds], axis=1)  # (candidates, votes)
        judged = np.isfinite(errors).any(axis=0)
        if not judged.any():
            return None
        means = errors[:, judged].mean(axis=1)
        return int(means.argmin()) if np.isfinite(means.min()) else None


def _fold(cases: Cases, held_out: Array, labels_of: Labels, indexed: Indexed, k: int) -> _Fold:
    others = np.setdiff1d(np.arange(len(cases)), held_out)
    way_of: list[int] = []
    known: dict[bytes, int] = {}
    members: list[Array] = []
    heard: list[Array] = []
    for labels in labels_of(others):
        name = labels.tobytes()
        if name not in known and (labels == NOISE).all():
            known[name] = -1
        if name not in known:
            known[name] = len(heard)
            index = indexed(cases.take(others), labels)
            positions = index.nearest(take(cases.features, held_out), k).positions
            laid = np.full((len(held_out), k), -1)
            laid[:, : positions.shape[1]] = np.where(positions < 0, -1, positions + len(members))
            heard.append(laid)
            members += _rows(cases, index)
        way_of.append(known[name])
    number = len(members)
    every = np.reshape(heard, (len(heard), len(held_out), k))
    return _Fold(
        held_out=held_out,
        way_of=way_of,
        members=np.concatenate([*members, np.empty(0, dtype=np.int64)]),
        entry_of_member=np.repeat(np.arange(number), [len(rows) for rows in members]),
        number=number,
        heard=np.where(every < 0, number, every).astype(np.int64),
    )


def _rows(cases: Cases, index: PrototypeIndex) -> list[Array]:
    """Return the rows that each entry stands for."""
    row_of = cases.row_of
    return [np.array([row_of[one] for one in entry], dtype=np.int64) for entry in index.entries.members]
