"""Copy a case base, in use or not, to one plain file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from cbrkit_xai.stores.connections import connected_to_read, explained
from cbrkit_xai.stores.publishing import new_file
from cbrkit_xai.stores.writing import path_below


def export(source: str | Path, destination: str | Path) -> Path:
    """Copy a case base as it is at this moment, without a log beside it.

    A photo below the destination's folder is told from there, so that both can be moved together.
    Where any other photo lies is left out: whoever is given the copy finds it by its name and hash
    (`--images`), and learns nothing of the folders it was made in.

    Parameters
    ----------
    source : path
        A case base; others may be adding to it.
    destination : path
        Where nothing is yet; the file comes into being complete, or not at all.

    Raises
    ------
    CaseBaseError
        The source cannot be read, or the destination is taken.
    """
    source, destination = Path(source), Path(destination)
    with new_file(destination) as temporary:
        with connected_to_read(source) as connection:
            connection.execute("COMMIT")  # VACUUM takes a snapshot of its own
            connection.execute("PRAGMA query_only = OFF")  # it counts as writing, though not to the source
            connection.execute("VACUUM INTO ?", (str(temporary),))
        with explained(destination), closing(sqlite3.connect(temporary)) as copy, copy:
            copy.execute("PRAGMA synchronous = FULL")
            copy.execute("PRAGMA secure_delete = ON")  # or the old paths stay, between the new rows
            _tell_paths(copy, source.absolute().parent, destination.absolute().parent)
    return destination


def _tell_paths(copy: sqlite3.Connection, old: Path, new: Path) -> None:
    told = copy.execute("SELECT photo, path FROM photos WHERE path IS NOT NULL").fetchall()
    copy.executemany(
        "UPDATE photos SET path = ? WHERE photo = ?",
        [(path_below(old / path, new), photo) for photo, path in told],
    )
