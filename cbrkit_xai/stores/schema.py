"""The tables of a case base file, and the proof that a file has exactly these."""

from __future__ import annotations

import functools
import sqlite3

from cbrkit_xai.errors import CaseBaseError

APPLICATION_ID = int.from_bytes(b"CBRX", "big")
"""Stands in the file's header, so that `file` and we tell a case base from any other SQLite file."""

VERSION = 1
"""Grows when a file written from then on can no longer be read by what was released before.

Nothing was released yet, so the tables could change so far without it.
"""

OLDEST_SQLITE = (3, 37, 0)
"""The first with STRICT tables."""

STATEMENTS = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    # One row per transaction. The time is told here and nowhere else.
    """CREATE TABLE changes (
    revision INTEGER PRIMARY KEY,
    added_at TEXT,
    origin TEXT NOT NULL,
    origin_sha256 TEXT UNIQUE
) STRICT""",
    # `path` is relative to the base's folder where the photo lies in it, so that both can be moved together.
    """CREATE TABLE photos (
    photo INTEGER PRIMARY KEY,
    sha256 TEXT NOT NULL UNIQUE,
    path TEXT
) STRICT""",
    # Apart from `photos`, so that reading a base does not walk through its pixels.
    """CREATE TABLE pictures (
    photo INTEGER PRIMARY KEY REFERENCES photos,
    sha256 BLOB NOT NULL,
    png BLOB NOT NULL
) STRICT""",
    """CREATE TABLE representations (
    representation INTEGER PRIMARY KEY,
    fingerprint TEXT NOT NULL UNIQUE,
    use TEXT,
    dtype TEXT NOT NULL,
    shape TEXT NOT NULL
) STRICT""",
    """CREATE TABLE features (
    representation INTEGER NOT NULL REFERENCES representations,
    photo INTEGER NOT NULL REFERENCES photos,
    sha256 BLOB NOT NULL,
    data BLOB NOT NULL,
    UNIQUE (representation, photo)
) STRICT""",
    # No target is class_index -1: NULLs would be distinct from each other in the key.
    """CREATE TABLE cases (
    place INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    photo INTEGER NOT NULL REFERENCES photos,
    image_name TEXT NOT NULL,
    classifier TEXT NOT NULL,
    class_index INTEGER NOT NULL CHECK (class_index >= -1),
    class_label TEXT NOT NULL,
    probability REAL CHECK (probability BETWEEN 0 AND 1),
    UNIQUE (photo, classifier, class_index)
) STRICT""",
    """CREATE TABLE seconds (
    place INTEGER NOT NULL REFERENCES cases,
    method TEXT NOT NULL,
    seconds REAL NOT NULL,
    PRIMARY KEY (place, method)
) STRICT, WITHOUT ROWID""",
    # `votes` is a JSON object, method to number: a row for each vote takes three times as long to read.
    """CREATE TABLE ballots (
    ballot INTEGER PRIMARY KEY,
    place INTEGER NOT NULL REFERENCES cases,
    source TEXT NOT NULL CHECK (source IN ('human', 'automatic')),
    voter TEXT NOT NULL,
    family TEXT NOT NULL,
    votes TEXT NOT NULL,
    revision INTEGER NOT NULL REFERENCES changes,
    origin_row INTEGER
) STRICT""",
    "CREATE INDEX ballots_of_case ON ballots (place)",
    # Nobody's votes count twice; sums over several people, who have no name, may come again.
    "CREATE UNIQUE INDEX ballots_of_voter ON ballots (place, source, voter) WHERE voter <> ''",
)

_STATISTICS = ("sqlite_stat1", "sqlite_stat4")  # what ANALYZE leaves; plain tables, never read by us


def create_schema(connection: sqlite3.Connection) -> None:
    """Make the tables in an empty file."""
    for statement in STATEMENTS:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def check_schema(connection: sqlite3.Connection, where: str) -> None:
    """Refuse a file that is not ours, is newer, or holds anything but our tables.

    A trigger or a view in a file from a stranger would run on our next statement.

    Raises
    ------
    CaseBaseError
        The file is not what `create_schema` makes.
    """
    application_id = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application_id != APPLICATION_ID:
        raise CaseBaseError(
            "is an SQLite file, but not a case base",
            where=where,
            allowed="a file made by cbrkit-xai",
            next_step="check the path, or make a base from votes with `cbrkit-xai import`",
        )
    if version > VERSION:
        raise CaseBaseError(
            f"was written in version {version} of the format by a newer cbrkit-xai",
            where=where,
            allowed=f"versions up to {VERSION}",
            next_step="upgrade with `pip install --upgrade cbrkit-xai`",
        )
    found = _objects(connection)
    if version < 1 or found != _expected():
        strange = sorted(name for _, name, _ in found ^ _expected()) or [f"version {version}"]
        raise CaseBaseError(
            f"does not have the tables of a case base (see {', '.join(strange[:5])})",
            where=where,
            allowed="exactly the tables that cbrkit-xai makes, without triggers and views",
            next_step="use an unchanged copy; files from strangers may be hostile",
        )


def _objects(connection: sqlite3.Connection) -> frozenset[tuple[str, str, str]]:
    rows = connection.execute("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
    return frozenset(row for row in rows if not (row[0] == "table" and row[1] in _STATISTICS))


@functools.cache
def _expected() -> frozenset[tuple[str, str, str]]:
    connection = sqlite3.connect(":memory:")
    try:
        create_schema(connection)
        return _objects(connection)
    finally:
        connection.close()
