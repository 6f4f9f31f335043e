"""Open a case base file through SQLite: to write, to read, or where nothing may be written at all."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cbrkit_xai.errors import CaseBaseError
from cbrkit_xai.stores.schema import OLDEST_SQLITE, check_schema

# Never open a case base file but through SQLite: POSIX drops all of a process's locks on a file when
# the process closes any descriptor of it, and another process could then delete the log in use.

WAIT_SECONDS = 30.0
"""How long to wait for another process's transaction."""

_SAFETY = (
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA foreign_keys = ON",
)

_UNLOCKED = "immutable=1"

_NO_WRITING = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)


def connect_to_write(path: Path, *, wait_seconds: float = WAIT_SECONDS) -> sqlite3.Connection:
    """Open an existing case base for reading and writing.

    Raises
    ------
    CaseBaseError
        It is not there, not a case base, or may not be written.
    """
    check_file(path)
    if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        raise CaseBaseError(
            "may not be written",
            where=str(path),
            next_step="change the permissions of the file and its folder, or copy it",
        )
    with explained(path, wait_seconds):
        connection = _connect(path, "mode=rw", wait_seconds)
        try:
            check_schema(connection, str(path))
            # Where the file system cannot do WAL, SQLite keeps its rollback journal, as durable.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        except BaseException:
            connection.close()
            raise
        return connection


@contextmanager
def connected_to_read(
    path: Path, *, immutable: bool = False, wait_seconds: float = WAIT_SECONDS
) -> Iterator[sqlite3.Connection]:
    """Give a connection that cannot change the case base, inside one snapshot of it.

    Parameters
    ----------
    path : Path
        The file.
    immutable : bool
        Promise that nobody writes to it meanwhile; nothing is locked, and no file made beside it.
    wait_seconds : float
        How long to wait for another process.

    Raises
    ------
    CaseBaseError
        It cannot be read, or is not a case base.
    """
    check_file(path)
    before = path.stat()
    with explained(path, wait_seconds):
        connection, mode = _reader(path, immutable, wait_seconds)
        with closing(connection):
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                # Without locks, a writer with more rights than we have may have been at it.
                if mode == _UNLOCKED and not immutable and _stamp(path.stat()) != _stamp(before):
                    raise CaseBaseError(
                        "was changed while it was read", where=str(path), next_step="try again"
                    )


def check_file(path: Path) -> None:
    """Refuse what is no file with something in it.

    Raises
    ------
    CaseBaseError
        Nothing is there, or a folder, or an empty file.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise CaseBaseError(
            f"this Python comes with SQLite {sqlite3.sqlite_version}",
            allowed="SQLite " + ".".join(map(str, OLDEST_SQLITE)) + " or newer",
            next_step="use a newer Python",
        )
    try:
        found = path.stat()
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        what = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read ({error})"
        raise CaseBaseError(what, where=str(path), next_step="check the path") from None
    if path.is_dir():
        raise CaseBaseError(
            "is a folder, not a case base", where=str(path), next_step="name a .cbr file in it"
        )
    if not path.is_file():
        raise CaseBaseError(
            "is a pipe, socket or device, not a case base", where=str(path), next_step="name a file"
        )
    if 0 < found.st_size < 512:  # less than one page: SQLite would take it for a new file
        raise CaseBaseError(
            "is not a case base (not an SQLite file)", where=str(path), next_step="check the path"
        )
    if found.st_size == 0:
        raise CaseBaseError(
            "is an empty file, not a case base", where=str(path), next_step="restore it from a copy"
        )


@contextmanager
def explained(path: Path, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Turn what SQLite says into what the reader can act upon."""
    try:
        yield
    except (UnicodeEncodeError, OverflowError) as error:
        raise CaseBaseError(f"something cannot be stored: {error}", where=str(path)) from error
    except UnicodeDecodeError as error:  # Python reads texts that SQLite does not look into
        raise CaseBaseError(
            f"is damaged ({error})", where=str(path), next_step="restore it from a copy"
        ) from error
    except sqlite3.Error as error:
        what, next_step = _explanation(error, wait_seconds)
        raise CaseBaseError(what, where=str(path), next_step=next_step) from error


def _explanation(error: sqlite3.Error, wait_seconds: float) -> tuple[str, str]:
    match _primary_code(error):
        case sqlite3.SQLITE_NOTADB:
            return "is not a case base (not an SQLite file)", "check the path"
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return f"has been in use by another process for more than {wait_seconds:g} s", "try again later"
        case sqlite3.SQLITE_FULL:
            return "cannot grow: the disk is full", "nothing was stored; make room and try again"
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return (
                f"cannot be opened or written ({error})",
                "check the permissions of the file and its folder",
            )
        case sqlite3.SQLITE_IOERR:
            return f"the disk failed ({error})", "check the disk"
        case _:
            return f"is damaged ({error})", "restore it from a copy"


def _primary_code(error: sqlite3.Error) -> int:
    """Return the code without its details; -1 where Python itself raised, as for text not in UTF-8."""
    code: int = getattr(error, "sqlite_errorcode", -1)
    return code if code < 0 else code & 0xFF


def _stamp(found: os.stat_result) -> tuple[int, int, int]:
    return (found.st_ino, found.st_size, found.st_mtime_ns)


def _reader(path: Path, immutable: bool, wait_seconds: float) -> tuple[sqlite3.Connection, str]:
    problem: sqlite3.OperationalError | None = None
    for mode in [_UNLOCKED] if immutable else _ways_to_read(path):
        connection = _connect(path, mode, wait_seconds)
        try:
            connection.execute("PRAGMA query_only = ON")
            check_schema(connection, str(path))
        except sqlite3.OperationalError as error:
            connection.close()
            if _primary_code(error) not in _NO_WRITING:
                raise
            problem = error
        except BaseException:
            connection.close()
            raise
        else:
            return connection, mode
    if _unmerged(path):
        raise CaseBaseError(
            f"has changes not merged into it yet ({path.name}-wal), and its folder may not be written",
            where=str(path),
            next_step="open it once where it may be written, or copy both files to such a folder",
        ) from problem
    assert problem is not None  # noqa: S101 - the last way failed, or we would not be here
    raise problem


def _ways_to_read(path: Path) -> Iterator[str]:
    # A reader opened with mode=ro leaves empty -wal and -shm files behind; one that might write,
    # but is told not to, clears them away.
    if os.access(path, os.W_OK):
        yield "mode=rw"
    if path.with_name(path.name + "-wal").exists():
        yield "mode=ro"
    # Reading a WAL file needs a -shm beside it, which a read-only folder refuses.
    if not _unmerged(path):
        yield _UNLOCKED


def _unmerged(path: Path) -> bool:
    try:
        return path.with_name(path.name + "-wal").stat().st_size > 0
    except OSError:
        return False


def _connect(path: Path, mode: str, wait_seconds: float) -> sqlite3.Connection:
    # as_uri: so that ?, # and % in a file name are not taken for parts of the address.
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode}",
        uri=True,
        timeout=wait_seconds,
        isolation_level=None,  # transactions are begun where they are meant
        check_same_thread=False,  # a store holds its own lock
    )
    try:
        for pragma in _SAFETY:
            connection.execute(pragma)
    except BaseException:
        connection.close()
        raise
    return connection
