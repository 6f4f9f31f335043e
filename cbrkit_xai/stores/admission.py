"""Which votes may come into a base: nobody's twice, and none of the other source unless it is meant.

All of it is asked inside the transaction that writes: whatever was checked before, another
process may have stored something since. The tables' unique indices hold the same.
"""

from __future__ import annotations

import sqlite3

import attrs

from cbrkit_xai.case import Ballot, Case, Source, refuse_mixing
from cbrkit_xai.errors import CaseBaseError, VotesError
from cbrkit_xai.stores.votes_table import first_problems


def refuse_second_import(
    connection: sqlite3.Connection, origin: str, origin_sha256: str | None, *, where: str
) -> None:
    """Refuse a file that was imported before.

    Raises
    ------
    CaseBaseError
        It was.
    """
    before = connection.execute(
        "SELECT revision FROM changes WHERE origin_sha256 = ?", (origin_sha256,)
    ).fetchone()
    if before is not None:
        raise CaseBaseError(
            f"{origin} was imported already, as revision {before[0]}",
            where=where,
            next_step="importing it again would count its votes twice",
        )


@attrs.define(kw_only=True)
class Admission:
    """What one transaction may write.

    Parameters
    ----------
    connection : Connection
        In the transaction.
    where : str
        The base, for whoever reads of an error.
    allow_mixed : bool
        Let votes of people and of judges come together.
    """

    connection: sqlite3.Connection
    where: str
    allow_mixed: bool
    _repeated: list[str] = attrs.field(factory=list, init=False)
    _sources: set[Source] = attrs.field(init=False)

    @_sources.default
    def _held(self) -> set[Source]:
        return {source for (source,) in self.connection.execute("SELECT DISTINCT source FROM ballots")}

    def admits(self, place: int, case: Case, ballot: Ballot, origin_row: int | None) -> bool:
        """Return whether the ballot is the voter's first; one that is not is told by `finish`.

        Raises
        ------
        CaseBaseError
            The base has votes of the other source.
        """
        if not self.allow_mixed:
            refuse_mixing(self._sources, ballot.source, where=self.where)
        self._sources.add(ballot.source)
        before = self._before(place, ballot) if ballot.voter else None
        if before is not None:
            row = "" if origin_row is None else f"row {origin_row}: "
            photo = case.image_name or case.id
            self._repeated.append(f"{row}voter {ballot.voter!r} voted on {photo!r} before, {before}")
        return before is None

    def finish(self) -> None:
        """Refuse the whole transaction if anybody voted twice.

        Raises
        ------
        VotesError
            With a line for each ballot that was not admitted.
        """
        if self._repeated:
            count = len(self._repeated)
            ballots = "1 ballot is" if count == 1 else f"{count} ballots are"
            raise VotesError(
                f"{ballots} by someone who has voted already, nothing was stored",
                where=self.where,
                next_step="give each voter's votes once; a sum over several people has no voter",
                problems=first_problems(self._repeated),
            )

    def _before(self, place: int, ballot: Ballot) -> str | None:
        """Return where the voter's first ballot comes from, or None."""
        row = self.connection.execute(
            "SELECT origin_row, origin, revision FROM ballots JOIN changes USING (revision)"
            " WHERE place = ? AND source = ? AND voter = ? AND voter <> ''",
            (place, ballot.source, ballot.voter),
        ).fetchone()
        if row is None:
            return None
        number, origin, revision = row
        origin = origin or f"revision {revision}"
        return f"in {origin}" if number is None else f"in row {number} of {origin}"
