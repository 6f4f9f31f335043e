"""The wide layout of votes: a row per photo and voter, a column per method."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, TypeVar

import attrs

from cbrkit_xai.case import Ballot, Source, Target, method_name
from cbrkit_xai.stores.photo_folder import PhotoFolder
from cbrkit_xai.stores.votes_cells import Cells
from cbrkit_xai.stores.votes_table import VotesRow, listed
from cbrkit_xai.stores.votes_values import (
    class_index,
    known_index,
    labelled_target,
    number_of_votes,
    probability,
)

if TYPE_CHECKING:
    from cbrkit_xai.protocols import Classifier

Value = TypeVar("Value")

RESERVED = ("image", "id", "target", "label", "probability", "classifier", "voter", "family")
_OTHER_NAMES = {"confidence": "probability"}


def parse_wide(
    cells: Cells, *, source: Source, folder: PhotoFolder | None, classifier: Classifier | None
) -> tuple[list[str], list[VotesRow], list[tuple[int, str]]]:
    """Return the methods, the sound rows, and the problems of the others."""
    columns, problems = _columns(cells.header)
    if problems:
        return [], [], problems
    reader = _Reader(
        columns=columns, source=source, folder=folder, classifier=classifier, comma=cells.delimiter != ","
    )
    rows = [row for number, values in cells.rows if (row := reader.row(number, values)) is not None]
    problems = reader.problems + _duplicates(rows)
    return [name for name in columns if name not in RESERVED], rows, problems


def _columns(header: list[str]) -> tuple[list[str], list[tuple[int, str]]]:
    columns: list[str] = []
    problems: list[tuple[int, str]] = []
    for place, text in enumerate(header, start=1):
        name = _OTHER_NAMES.get(method_name(text), method_name(text))
        if not name or not name.isprintable():
            problems.append(
                (1, f"row 1: column {place} has no name" if not name else f"row 1: {text!r} is no name")
            )
        elif name in columns:
            problems.append((1, f"row 1: columns {columns.index(name) + 1} and {place} are both {name!r}"))
        columns.append(name)
    if "image" not in columns:
        problems.append((1, f"row 1: no column 'image' (found: {listed(header)})"))
    elif not set(columns) - set(RESERVED) and not problems:
        problems.append((1, "row 1: no column of votes (allowed: a column for each method, such as 'lime')"))
    return columns, problems


@attrs.define(kw_only=True)
class _Reader:
    """Reads row after row, and collects what is wrong."""

    columns: list[str]
    source: Source
    folder: PhotoFolder | None
    classifier: Classifier | None
    comma: bool
    problems: list[tuple[int, str]] = attrs.field(factory=list)

    def row(self, number: int, values: list[str]) -> VotesRow | None:
        """Return the row, or None if anything is wrong with it."""
        before = len(self.problems)
        if len(values) != len(self.columns):
            self._report(number, f"has {len(values)} cells, the header has {len(self.columns)}")
            return None
        cell = dict(zip(self.columns, values, strict=True))
        image = cell["image"]
        path = self._path(number, image)
        votes = self._votes(number, cell)
        target = self._target(number, cell)
        if len(self.problems) > before:
            return None
        ballot = Ballot(
            votes=votes, source=self.source, voter=cell.get("voter", ""), family=cell.get("family", "")
        )
        identifier = cell.get("id") or (path.stem if path else PurePath(image).stem)
        return VotesRow(number=number, id=identifier, image=image, path=path, ballot=ballot, target=target)

    def _path(self, number: int, image: str) -> Path | None:
        if not image:
            self._report(number, "no image is named")
            return None
        if self.folder is None:
            return None
        path, problem = self.folder.find(image)
        if problem:
            self._report(number, problem)
        return path

    def _votes(self, number: int, cell: Mapping[str, str]) -> dict[str, float]:
        given = {name: text for name, text in cell.items() if name not in RESERVED and text}
        if not given:
            self._report(number, "no votes; leave the row out where nobody was asked about any method")
        votes = {}
        for method, text in given.items():
            with self._reporting(number, f"{method}: "):
                votes[method] = number_of_votes(text, comma=self.comma)
        return votes

    def _target(self, number: int, cell: Mapping[str, str]) -> Target | None:
        known = self._value(number, "probability", lambda text: probability(text, comma=self.comma), cell)
        text, label = cell.get("target", ""), cell.get("label", "")
        whose = cell.get("classifier") or (self.classifier.fingerprint if self.classifier else "")
        judged = self.classifier if self.classifier and whose == self.classifier.fingerprint else None
        if not text:
            if not label or judged is None:
                return None
            with self._reporting(number, "label: "):
                return labelled_target(label, known, judged)
            return None
        with self._reporting(number, "target: "):
            index = class_index(text)
            if judged is not None:
                index = known_index(index, judged.labels)
                label = label or judged.labels[index]
            if not whose:
                raise ValueError(
                    "whose class this is isn't said (add a column 'classifier', or give a classifier)"
                )
            return Target(classifier=whose, index=index, label=label, probability=known)
        return None

    def _value(
        self, number: int, column: str, read: Callable[[str], Value], cell: Mapping[str, str]
    ) -> Value | None:
        with self._reporting(number, f"{column}: "):
            return read(cell.get(column, ""))
        return None

    @contextmanager
    def _reporting(self, number: int, what: str) -> Iterator[None]:
        try:
            yield
        except ValueError as error:
            self._report(number, f"{what}{error}")

    def _report(self, number: int, problem: str) -> None:
        self.problems.append((number, f"row {number}: {problem}"))


def _duplicates(rows: list[VotesRow]) -> list[tuple[int, str]]:
    """Tell rows that give one voter's votes for one explanation twice, and ids that speak of two things."""
    problems: list[tuple[int, str]] = []
    by_voter: dict[object, int] = {}
    by_id: dict[str, tuple[object, int]] = {}
    by_explanation: dict[object, tuple[str, int]] = {}
    for row in rows:
        target = row.target and (row.target.classifier, row.target.index)
        explanation = (str(row.path or row.image), target)
        voter = row.ballot.voter
        first = by_voter.setdefault((explanation, voter), row.number)
        if first != row.number:
            whose = f"voter {voter!r}" if voter else "no voter"
            problems.append(
                (row.number, f"row {row.number}: {row.image!r} with {whose} is in row {first} already")
            )
            continue
        other, first = by_id.setdefault(row.id, (explanation, row.number))
        if other != explanation and not _same_photo(other, explanation):
            problems.append(
                (row.number, f"row {row.number}: id {row.id!r} is another photo's in row {first}")
            )
        known, first = by_explanation.setdefault(explanation, (row.id, row.number))
        if known != row.id:
            problems.append(
                (row.number, f"row {row.number}: {row.image!r} has the id {known!r} in row {first}")
            )
    return problems


def _same_photo(one: object, other: object) -> bool:
    return isinstance(one, tuple) and isinstance(other, tuple) and bool(one[0] == other[0])
