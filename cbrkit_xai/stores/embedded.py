"""The embedded store: a case base in one SQLite file that loses nothing it acknowledged."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from cbrkit_xai.case import Case
from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.choice import Use
from cbrkit_xai.errors import CaseBaseError
from cbrkit_xai.features import Array
from cbrkit_xai.stores.addition import Addition
from cbrkit_xai.stores.admission import Admission
from cbrkit_xai.stores.connections import WAIT_SECONDS, connect_to_write, connected_to_read, explained
from cbrkit_xai.stores.publishing import new_file
from cbrkit_xai.stores.reading import read_case_base, read_cases_at, revision
from cbrkit_xai.stores.schema import create_schema
from cbrkit_xai.stores.transactions import Transactions
from cbrkit_xai.stores.writing import find_photo, write_case, write_features


def load(path: str | Path, *, immutable: bool = False) -> CaseBase:
    """Read a case base; it may be read-only, and in use by others.

    Parameters
    ----------
    path : path
        A case base file.
    immutable : bool
        Promise that nobody writes to it meanwhile, such as to a file inside an installed package.

    Raises
    ------
    CaseBaseError
        The file is missing, not a case base, damaged, or written by a newer version.
    """
    path = Path(path)
    with connected_to_read(path, immutable=immutable) as connection:
        return read_case_base(connection, path, immutable=immutable)


def utc_now() -> str:
    """Return the time as it is kept beside each change."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class CaseStore:
    """A case base file, open for adding to it.

    Made by `CaseStore.create` or `CaseStore.open`. What a method of it returns from is on the
    disk: neither a crash of the program nor one of the machine undoes it. Several processes, and
    several threads of one, may add to the same file at once.
    """

    def __init__(self, path: Path, transactions: Transactions) -> None:
        self._path = path
        self._transactions = transactions

    @classmethod
    def create(
        cls,
        path: str | Path,
        *,
        name: str | None = None,
        about: str = "",
        clock: Callable[[], str | None] = utc_now,
        wait_seconds: float = WAIT_SECONDS,
    ) -> CaseStore:
        """Make a new, empty case base, and open it.

        Parameters
        ----------
        path : path
            Where nothing is yet.
        name : str, optional
            For people; by default the file's name without its ending.
        about : str
            What a reader must know first, such as what the votes can't tell.
        clock : callable
            Gives the time kept beside each change, or None.
        wait_seconds : float
            How long to wait for another process.

        Raises
        ------
        CaseBaseError
            Something is at `path`, or a file cannot be made there.
        """
        path = Path(path)
        with explained(path), new_file(path) as temporary:
            temporary.touch(0o666)
            with closing(sqlite3.connect(temporary, isolation_level=None)) as connection:
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("BEGIN IMMEDIATE")
                create_schema(connection)
                meta = {"name": path.stem if name is None else name, "about": about}
                connection.executemany("INSERT INTO meta VALUES (?, ?)", sorted(meta.items()))
                connection.execute("COMMIT")
        return cls.open(path, clock=clock, wait_seconds=wait_seconds)

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        clock: Callable[[], str | None] = utc_now,
        wait_seconds: float = WAIT_SECONDS,
    ) -> CaseStore:
        """Open a case base for adding to it.

        Raises
        ------
        CaseBaseError
            It is missing, not a case base, or may not be written.
        """
        path = Path(path)
        connection = connect_to_write(path, wait_seconds=wait_seconds)
        return cls(path, Transactions(connection, path, clock=clock, wait_seconds=wait_seconds))

    def close(self) -> None:
        """Merge the log into the file, if nobody else is at it, and let go of it."""
        self._transactions.close()

    def __enter__(self) -> CaseStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"CaseStore({str(self._path)!r}{'' if self._transactions.is_open else ', closed'})"

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def revision(self) -> int:
        """How many transactions, of any process, have changed the file."""
        with self._transactions.reading() as connection:
            return revision(connection)

    def load(self) -> CaseBase:
        """Return a snapshot of all that is stored now."""
        with self._transactions.reading() as connection:
            return read_case_base(connection, self._path)

    def add(
        self,
        case: Case,
        *,
        features: Mapping[str, Array] | None = None,
        representations: Mapping[str, Use] | None = None,
        pixels: bytes | None = None,
        path: str | Path | None = None,
        origin: str = "",
        allow_mixed: bool = False,
    ) -> Case:
        """Store one case; when this returns, it is safe.

        A photo judged before for the same class by the same classifier gains ballots, not a
        second case; the id is changed where it is taken.

        Parameters
        ----------
        case : Case
            The new case, or further ballots for one that is there.
        features : mapping of fingerprint to array, optional
            One row per representation.
        representations : mapping of fingerprint to Use, optional
            What made the features.
        pixels : bytes, optional
            A 224 x 224 PNG to embed.
        path : path, optional
            Where the photo's file is.
        origin : str
            Where the votes come from, such as a file's name.
        allow_mixed : bool
            Let votes of people and of judges come together in one base.

        Returns
        -------
        Case
            As it is stored now, with all its ballots.

        Raises
        ------
        VotesError
            A voter of these has voted on this explanation already; nothing is stored.
        CaseBaseError
            The base holds votes of the other source, or could not be written; nothing is stored.
        """
        addition = Addition(case=case, features=features or {}, pixels=pixels, path=path)
        return self.add_many(
            [addition], representations=representations, origin=origin, allow_mixed=allow_mixed
        )[0]

    def add_many(
        self,
        additions: Iterable[Addition],
        *,
        representations: Mapping[str, Use] | None = None,
        origin: str = "",
        origin_sha256: str | None = None,
        allow_mixed: bool = False,
    ) -> tuple[Case, ...]:
        """Store many cases in one transaction: all of them, or on any error none.

        Parameters
        ----------
        additions : iterable of Addition
            Taken one by one, so that their pixels need not all be in memory.
        representations : mapping of fingerprint to Use, optional
            What made the features.
        origin : str
            Where the votes come from, such as a file's name.
        origin_sha256 : str, optional
            Hash of that file, by which it is known when it comes again.
        allow_mixed : bool
            Let votes of people and of judges come together in one base.

        Raises
        ------
        VotesError
            Some voters have voted on the same explanation already, a line each.
        CaseBaseError
            The file was imported before, the base holds votes of the other source, or it could
            not be written.
        """
        folder = self._path.absolute().parent
        with self._transactions.changing(origin, origin_sha256) as change:
            admission = Admission(
                connection=change.connection, where=str(self._path), allow_mixed=allow_mixed
            )
            places = [
                write_case(
                    change.connection,
                    addition,
                    representations or {},
                    admission=admission,
                    revision=change.revision,
                    folder=folder,
                )
                for addition in additions
            ]
            admission.finish()
            return read_cases_at(change.connection, places)

    def add_features(
        self, fingerprint: str, use: Use | None, rows: Mapping[str, Array], *, replace: bool = False
    ) -> None:
        """Fill in features of photos that are stored; those that are there already stay.

        Parameters
        ----------
        fingerprint : str
            The representation's.
        use : Use or None
            What made them.
        rows : mapping of image hash to array
            One row per photo.
        replace : bool
            Put the rows in the place of those that are there, such as damaged ones.

        Raises
        ------
        CaseBaseError
            A photo is not in the base.
        """
        with self._transactions.changing("features") as change:
            for image_sha256, row in rows.items():
                photo = find_photo(change.connection, image_sha256)
                if photo is None:
                    raise CaseBaseError(
                        f"no case is about the photo {image_sha256[:12]}",
                        where=str(self._path),
                        next_step="add its case first",
                    )
                write_features(change.connection, photo, fingerprint, use, row, replace=replace)
