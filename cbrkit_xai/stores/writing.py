"""Write cases and features into the tables; always inside a transaction that `embedded` holds."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path

from cbrkit_xai.case import Ballot, Case
from cbrkit_xai.case_base import unique_id
from cbrkit_xai.choice import Use
from cbrkit_xai.errors import FeaturesError, InternalError
from cbrkit_xai.features import Array
from cbrkit_xai.stores.addition import Addition
from cbrkit_xai.stores.admission import Admission
from cbrkit_xai.stores.vectors import Layout, encoded


def write_case(
    connection: sqlite3.Connection,
    addition: Addition,
    representations: Mapping[str, Use],
    *,
    admission: Admission,
    revision: int,
    folder: Path,
) -> int:
    """Store a case, or further ballots for one of the same key; return its place.

    Parameters
    ----------
    connection : Connection
        In a transaction.
    addition : Addition
        The case and what belongs to it.
    representations : mapping of fingerprint to Use
        What made the features.
    admission : Admission
        Of this transaction; tells in the end which ballots were left out.
    revision : int
        Of this transaction.
    folder : Path
        The base's, from which photos' paths are told.
    """
    photo = _photo(connection, addition.case.image_sha256)
    if addition.path is not None:
        connection.execute(
            "UPDATE photos SET path = ?1 WHERE photo = ?2 AND path IS NOT ?1",
            (path_below(addition.path, folder) or os.path.abspath(addition.path), photo),
        )
    if addition.pixels is not None:
        connection.execute(
            "INSERT OR IGNORE INTO pictures VALUES (?, ?, ?)",
            (photo, hashlib.sha256(addition.pixels).digest(), addition.pixels),
        )
    for fingerprint, row in addition.features.items():
        write_features(connection, photo, fingerprint, representations.get(fingerprint), row)
    place = _place(connection, photo, addition.case)
    for ballot, origin_row in zip_longest(
        addition.case.ballots, addition.origin_rows[: len(addition.case.ballots)]
    ):
        if admission.admits(place, addition.case, ballot, origin_row):
            _write_ballot(connection, place, ballot, revision, origin_row)
    return place


def write_features(
    connection: sqlite3.Connection,
    photo: int,
    fingerprint: str,
    use: Use | None,
    row: Array,
    *,
    replace: bool = False,
) -> None:
    """Store one row of features; one that is there already stays, unless it is to be replaced.

    Raises
    ------
    FeaturesError
        The row is not like the others of its representation.
    """
    layout = Layout.of(row)
    representation, known = _representation(connection, fingerprint, use, layout)
    if layout != known:
        raise FeaturesError(
            f"a row of {layout} does not fit the others of {fingerprint!r}",
            allowed=str(known),
            where="features",
        )
    # Backends that share a fingerprint agree to 1e-4 only: what was stored first goes on to be used.
    verb = "REPLACE" if replace else "IGNORE"
    connection.execute(
        f"INSERT OR {verb} INTO features (representation, photo, sha256, data) VALUES (?, ?, ?, ?)",  # noqa: S608
        (representation, photo, *encoded(row)),
    )


def path_below(path: Path, folder: Path) -> str | None:
    """Return `path` as told from `folder`, or None where it lies outside."""
    absolute, folder = Path(os.path.abspath(path)), Path(os.path.abspath(folder))
    return absolute.relative_to(folder).as_posix() if absolute.is_relative_to(folder) else None


def find_photo(connection: sqlite3.Connection, image_sha256: str) -> int | None:
    """Return the number of a photo, or None."""
    row = connection.execute("SELECT photo FROM photos WHERE sha256 = ?", (image_sha256,)).fetchone()
    return None if row is None else row[0]


def _photo(connection: sqlite3.Connection, image_sha256: str) -> int:
    known = find_photo(connection, image_sha256)
    if known is not None:
        return known
    return _number(connection.execute("INSERT INTO photos (sha256) VALUES (?)", (image_sha256,)))


def _representation(
    connection: sqlite3.Connection, fingerprint: str, use: Use | None, layout: Layout
) -> tuple[int, Layout]:
    text = None if use is None else json.dumps(use.to_mapping(), sort_keys=True)
    row = connection.execute(
        "SELECT representation, use, dtype, shape FROM representations WHERE fingerprint = ?", (fingerprint,)
    ).fetchone()
    if row is None:
        cursor = connection.execute(
            "INSERT INTO representations (fingerprint, use, dtype, shape) VALUES (?, ?, ?, ?)",
            (fingerprint, text, layout.dtype, json.dumps(layout.shape)),
        )
        return _number(cursor), layout
    if row[1] is None and text is not None:
        connection.execute("UPDATE representations SET use = ? WHERE representation = ?", (text, row[0]))
    return row[0], Layout.told(row[2], row[3], where="representations")


def _place(connection: sqlite3.Connection, photo: int, case: Case) -> int:
    """Return where the case of this key is; a new one gets an id of its own."""
    _, classifier, index = case.key
    row = connection.execute(
        "SELECT place FROM cases WHERE photo = ? AND classifier = ? AND class_index = ?",
        (photo, classifier, index),
    ).fetchone()
    if row is None:
        label = "" if case.target is None else case.target.label
        probability = None if case.target is None else case.target.probability
        cursor = connection.execute(
            "INSERT INTO cases (id, photo, image_name, classifier, class_index, class_label, probability)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (_free_id(connection, case.id), photo, case.image_name, classifier, index, label, probability),
        )
        row = (_number(cursor),)
    place: int = row[0]
    # A method measured before keeps its time; one that was not measured gets it.
    connection.executemany(
        "INSERT OR IGNORE INTO seconds VALUES (?, ?, ?)",
        [(place, method, seconds) for method, seconds in case.seconds.items()],
    )
    return place


def _free_id(connection: sqlite3.Connection, wanted: str) -> str:
    if connection.execute("SELECT 1 FROM cases WHERE id = ?", (wanted,)).fetchone() is None:
        return wanted
    like_it = connection.execute("SELECT id FROM cases WHERE substr(id, 1, ?) = ?", (len(wanted), wanted))
    return unique_id(wanted, (identifier for (identifier,) in like_it))


def _write_ballot(
    connection: sqlite3.Connection, place: int, ballot: Ballot, revision: int, origin_row: int | None
) -> None:
    connection.execute(
        "INSERT INTO ballots (place, source, voter, family, votes, revision, origin_row)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            place,
            ballot.source,
            ballot.voter,
            ballot.family,
            json.dumps(dict(ballot.votes)),
            revision,
            origin_row,
        ),
    )


def _number(cursor: sqlite3.Cursor) -> int:
    number = cursor.lastrowid
    if number is None:
        raise InternalError("SQLite stored nothing and said nothing", next_step="report this as a bug")
    return number
