"""Read a whole case base out of its tables, table by table."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cbrkit_xai.case import Ballot, Case, Target
from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.choice import Use
from cbrkit_xai.errors import CaseBaseError, CbrkitXaiError
from cbrkit_xai.features import Array
from cbrkit_xai.pictures import Pictures
from cbrkit_xai.stores.stored_pictures import StoredPictures
from cbrkit_xai.stores.vectors import Layout

# What making objects from the senseless raises.
_SENSELESS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)


def read_case_base(connection: sqlite3.Connection, path: Path, *, immutable: bool = False) -> CaseBase:
    """Return what the file holds; the connection is inside one snapshot of it.

    Raises
    ------
    CaseBaseError
        Something in the file is not as we wrote it.
    """
    with sound(path):
        meta = dict(connection.execute("SELECT key, value FROM meta"))
        hashes = dict(connection.execute("SELECT photo, sha256 FROM photos"))
        features, representations = _features(connection, path, hashes)
        embedded = [hashes[photo] for (photo,) in connection.execute("SELECT photo FROM pictures")]
        return CaseBase(
            name=meta["name"],
            about=meta["about"],
            cases=read_cases(connection),
            features=features,
            representations=representations,
            pictures=Pictures(
                embedded=StoredPictures(path=path, hashes=embedded, immutable=immutable),
                paths=_paths(connection, path.parent),
            ),
            revision=revision(connection),
            path=path,
        )


def read_cases(connection: sqlite3.Connection, place: int | None = None) -> list[Case]:
    """Return all cases in the order they came, or the one at `place`."""
    one = "" if place is None else " WHERE place = :place"
    at = {"place": place}
    seconds: dict[int, dict[str, float]] = {}
    for case, method, value in connection.execute(f"SELECT place, method, seconds FROM seconds{one}", at):  # noqa: S608
        seconds.setdefault(case, {})[method] = value
    ballots = _ballots(connection, one, at)
    rows = connection.execute(
        "SELECT place, id, sha256, image_name, classifier, class_index, class_label, probability"  # noqa: S608
        f" FROM cases JOIN photos USING (photo){one} ORDER BY place",
        at,
    )
    return [
        Case(
            id=identifier,
            image_sha256=sha256,
            image_name=name,
            ballots=ballots.get(case, ()),
            target=None
            if index < 0
            else Target(classifier=classifier, index=index, label=label, probability=probability),
            seconds=seconds.get(case, {}),
        )
        for case, identifier, sha256, name, classifier, index, label, probability in rows
    ]


def read_cases_at(connection: sqlite3.Connection, places: Sequence[int]) -> tuple[Case, ...]:
    """Return the cases at these places, one for each."""
    if len(places) == 1:
        return tuple(read_cases(connection, places[0]))
    every = [place for (place,) in connection.execute("SELECT place FROM cases ORDER BY place")]
    known = dict(zip(every, read_cases(connection), strict=True))
    return tuple(known[place] for place in places)


def revision(connection: sqlite3.Connection) -> int:
    """Return how many transactions changed the file so far."""
    return connection.execute("SELECT coalesce(max(revision), 0) FROM changes").fetchone()[0]


@contextmanager
def sound(path: Path) -> Iterator[None]:
    """Name the file where what it says cannot be: a vote of -1, a use that is no component."""
    try:
        yield
    except CaseBaseError:
        raise
    except (CbrkitXaiError, *_SENSELESS) as error:
        raise CaseBaseError(
            f"is damaged: {error!r}" if isinstance(error, KeyError) else f"is damaged: {error}",
            where=str(path),
            next_step="restore it from a copy",
        ) from error


def _ballots(connection: sqlite3.Connection, one: str, at: dict[str, Any]) -> dict[int, list[Ballot]]:
    # Many ballots are alike; each kind is made, checked and kept once.
    made: dict[tuple[str, ...], Ballot] = {}
    by_case: dict[int, list[Ballot]] = {}
    for case, *told in connection.execute(
        f"SELECT place, source, voter, family, votes FROM ballots{one} ORDER BY ballot",  # noqa: S608
        at,
    ):
        key = tuple(told)
        if key not in made:
            source, voter, family, votes = key
            made[key] = Ballot(votes=json.loads(votes), source=source, voter=voter, family=family)
        by_case.setdefault(case, []).append(made[key])
    return by_case


def _features(
    connection: sqlite3.Connection, path: Path, hashes: dict[int, str]
) -> tuple[dict[str, dict[str, Array]], dict[str, Use]]:
    features: dict[str, dict[str, Array]] = {}
    representations: dict[str, Use] = {}
    known = connection.execute(
        "SELECT representation, fingerprint, use, dtype, shape FROM representations ORDER BY representation"
    ).fetchall()
    for representation, fingerprint, use, dtype, shape in known:
        if use is not None:
            representations[fingerprint] = Use.from_mapping(json.loads(use))
        layout = Layout.told(dtype, shape, where=str(path))
        length = layout.bytes_per_row
        rows = features[fingerprint] = {}
        for photo, sha256, data in connection.execute(
            "SELECT photo, sha256, data FROM features WHERE representation = ? ORDER BY rowid",
            (representation,),
        ):
            if len(data) != length or hashlib.sha256(data).digest() != sha256:
                raise _changed(connection, path, photo, fingerprint)
            rows[hashes[photo]] = layout.decoded(data)
    return features, representations


def _changed(connection: sqlite3.Connection, path: Path, photo: int, fingerprint: str) -> CaseBaseError:
    named = connection.execute("SELECT image_name, id FROM cases WHERE photo = ?", (photo,)).fetchone()
    name = f"photo {photo}" if named is None else named[0] or named[1]
    return CaseBaseError(
        f"is damaged: the features {fingerprint!r} of {name!r} are not those that were stored",
        where=str(path),
        next_step="restore it from a copy, or store them anew: CaseStore.add_features(..., replace=True)",
    )


def _paths(connection: sqlite3.Connection, folder: Path) -> dict[str, Path]:
    return {
        sha256: folder / path
        for sha256, path in connection.execute("SELECT sha256, path FROM photos WHERE path IS NOT NULL")
    }
