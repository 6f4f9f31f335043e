"""The predecessor's layout of votes: a row for each single vote."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from cbrkit_xai.case import Ballot, Source, Target, method_name
from cbrkit_xai.stores.photo_folder import PhotoFolder
from cbrkit_xai.stores.votes_cells import Cells
from cbrkit_xai.stores.votes_table import VotesRow
from cbrkit_xai.stores.votes_values import labelled_target, probability

if TYPE_CHECKING:
    from cbrkit_xai.protocols import Classifier

HEADER = ["id", "classification", "confidence", "method"]


def parse_single(
    cells: Cells, *, source: Source, folder: PhotoFolder | None, classifier: Classifier | None
) -> tuple[list[str], list[VotesRow], list[tuple[int, str]]]:
    """Return the methods, the sound rows, and the problems of the others."""
    methods = sorted({method_name(row[3]) for _, row in cells.rows if len(row) == len(HEADER) and row[3]})
    rows: list[VotesRow] = []
    problems: list[tuple[int, str]] = []
    for number, values in cells.rows:
        wrong: list[str] = []
        row = _row(number, values, methods, source, folder, classifier, wrong)
        problems.extend((number, f"row {number}: {problem}") for problem in wrong)
        if row is not None:
            rows.append(row)
    return methods, rows, problems


def _row(
    number: int,
    values: list[str],
    methods: list[str],
    source: Source,
    folder: PhotoFolder | None,
    classifier: Classifier | None,
    wrong: list[str],
) -> VotesRow | None:
    if len(values) != len(HEADER):
        wrong.append(f"has {len(values)} cells, the header has {len(HEADER)}")
        return None
    image, label, confidence, method = values
    path = None
    target: Target | None = None
    if not image:
        wrong.append("no photo is named")
    elif folder is not None:
        path, problem = folder.find(image)
        wrong.extend([problem] if problem else [])
    if not method:
        wrong.append("no method is named")
    try:
        known = probability(confidence, comma=True)
    except ValueError as error:
        wrong.append(f"confidence: {error}")
        known = None
    if label and classifier is not None:
        try:
            target = labelled_target(label, known, classifier)
        except ValueError as error:
            wrong.append(f"classification: {error}")
    if wrong:
        return None
    votes = {name: float(name == method_name(method)) for name in methods}
    return VotesRow(
        number=number,
        id=path.stem if path else PurePath(image).stem,
        image=image,
        path=path,
        ballot=Ballot(votes=votes, source=source),
        target=target,
    )
