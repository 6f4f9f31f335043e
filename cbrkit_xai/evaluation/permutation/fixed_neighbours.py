"""Neighbours that were found once, and speak again with other votes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import attrs
import numpy as np

from cbrkit_xai.features import Array
from cbrkit_xai.neighbours import Neighbours, mean_votes


@attrs.frozen(kw_only=True, eq=False)
class FixedNeighbours:
    """Neighbours, and the cases of which each one's votes are the mean.

    Parameters
    ----------
    neighbours : Neighbours
        As an index found them, of q queries.
    speaker : array of shape (q, k)
        int64 number of who speaks there: an entry, or what is left of it where members are hidden from the
        query; -1 for nobody.
    rows : array of shape (members,)
        int64 rows in the table of votes, one speaker's after the other's.
    starts : array of shape (speakers,)
        int64 place in `rows` where each speaker's begin.
    members : sequence of arrays
        int64 rows of each entry's members, hidden or not.
    """

    neighbours: Neighbours
    speaker: Array
    rows: Array
    starts: Array
    members: Sequence[Array]

    @classmethod
    def of(
        cls, neighbours: Neighbours, row_of: Mapping[str, int], exclude: Sequence[Sequence[str]] | None
    ) -> Self:
        """Note who speaks to which query.

        Parameters
        ----------
        neighbours : Neighbours
        row_of : mapping of str to int
            Of each case the row of its votes.
        exclude : sequence of sequences of str, optional
            What was hidden from each query when the index was asked.
        """
        members = neighbours.entries.members
        numbers: dict[tuple[int, frozenset[str]], int] = {}
        speaker = np.full(neighbours.positions.shape, -1, dtype=np.int64)
        for query, positions in enumerate(neighbours.positions):
            hidden = frozenset(() if exclude is None else exclude[query])
            for place in np.flatnonzero(positions >= 0):
                entry = int(positions[place])
                key = (entry, hidden.intersection(members[entry]) if hidden else hidden)
                speaker[query, place] = numbers.setdefault(key, len(numbers))
        rows = [[row_of[one] for one in members[entry] if one not in gone] for entry, gone in numbers]
        sizes = np.array([len(some) for some in rows], dtype=np.int64)
        return cls(
            neighbours=neighbours,
            speaker=speaker,
            rows=np.array([row for some in rows for row in some], dtype=np.int64),
            starts=np.cumsum(sizes) - sizes,
            members=[np.array([row_of[one] for one in some], dtype=np.int64) for some in members],
        )

    def votes(self, votes: Array) -> Array:
        """Return what the neighbours say, `(q, k, methods)`, if the cases had got these `(n, methods)`."""
        said = votes[self.rows]
        if len(self.starts) < len(self.rows):
            said = self._means(said)
        if self.speaker.min(initial=0) >= 0:
            return said[self.speaker]
        nobody = np.full((1, votes.shape[1]), np.nan)  # where `speaker` is -1
        return np.concatenate([said, nobody])[self.speaker]

    def _means(self, said: Array) -> Array:
        asked = ~np.isnan(said)
        if asked.all():
            sizes = np.diff(self.starts, append=len(said))
            return np.add.reduceat(said, self.starts, axis=0) / sizes[:, None]
        total = np.add.reduceat(np.where(asked, said, 0.0), self.starts, axis=0)
        number = np.add.reduceat(asked.astype(np.int64), self.starts, axis=0)
        return np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)

    def with_votes(self, votes: Array) -> Neighbours:
        """Return the neighbours as they would have been found if the cases had got other votes."""
        entries = attrs.evolve(
            self.neighbours.entries,
            votes=[mean_votes(votes[rows]) for rows in self.members],
        )
        return attrs.evolve(self.neighbours, entries=entries, votes=self.votes(votes))
