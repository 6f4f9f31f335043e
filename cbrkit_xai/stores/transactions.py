"""One open case base file: who reads from it and who writes to it, one at a time."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import attrs

from cbrkit_xai.errors import CaseBaseError
from cbrkit_xai.stores.admission import refuse_second_import
from cbrkit_xai.stores.connections import explained
from cbrkit_xai.stores.reading import revision, sound


@attrs.frozen(kw_only=True)
class Change:
    """A transaction that writes.

    Parameters
    ----------
    connection : Connection
        In the transaction.
    revision : int
        What the file's will be.
    """

    connection: sqlite3.Connection
    revision: int


class Transactions:
    """A connection with a lock, so that the threads of one process take turns."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        *,
        clock: Callable[[], str | None],
        wait_seconds: float,
    ) -> None:
        self._connection = connection
        self._path = path
        self._clock = clock
        self._wait_seconds = wait_seconds
        self._lock = threading.RLock()
        self.is_open = True

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that sees one state of the file."""
        with self._lock, explained(self._path, self._wait_seconds), sound(self._path):
            self._check_open()
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                self._connection.execute("ROLLBACK")

    @contextmanager
    def changing(self, origin: str, origin_sha256: str | None = None) -> Iterator[Change]:
        """Hold the file's one write transaction; what changes nothing is no revision.

        Parameters
        ----------
        origin : str
            Where what is written comes from.
        origin_sha256 : str, optional
            Hash of that file.

        Raises
        ------
        CaseBaseError
            A file of this hash was imported before.
        """
        with self._lock, explained(self._path, self._wait_seconds):
            self._check_open()
            # At once, and not at the first write: a reader that turns writer may be refused.
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                refuse_second_import(self._connection, origin, origin_sha256, where=str(self._path))
                number = revision(self._connection) + 1
                self._connection.execute(
                    "INSERT INTO changes VALUES (?, ?, ?, ?)", (number, self._clock(), origin, origin_sha256)
                )
                before = self._connection.total_changes
                yield Change(connection=self._connection, revision=number)
                has_changed = self._connection.total_changes > before
                self._connection.execute("COMMIT" if has_changed else "ROLLBACK")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Merge the log into the file, if nobody else is at it, and let go of it."""
        with self._lock:
            if not self.is_open:
                return
            self.is_open = False
            with closing(self._connection), explained(self._path, self._wait_seconds):
                # Where others read or write, SQLite says so in its answer, and the last to close does it.
                self._connection.execute("PRAGMA busy_timeout = 0")
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _check_open(self) -> None:
        if not self.is_open:
            raise CaseBaseError("the store is closed", where=str(self._path), next_step="open it again")
