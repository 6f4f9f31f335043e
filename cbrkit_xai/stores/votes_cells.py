"""Split a votes file into rows of cells, whatever spreadsheet wrote it."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import stat
from pathlib import Path

import attrs

from cbrkit_xai.errors import VotesError
from cbrkit_xai.photo_files import opened_without_waiting, shown

MOST_BYTES = 50_000_000
"""Largest file that is read: a million rows."""

_DELIMITERS = (",", ";", "\t")


@attrs.frozen(kw_only=True)
class Cells:
    """A file's cells, stripped of spaces.

    Parameters
    ----------
    sha256 : str
        Hash of the file.
    delimiter : str
        What separates its cells.
    header : list of str
        The first row.
    rows : list of (int, list of str)
        Line number, as an editor shows it, and cells; rows without any content are left out, and so
        are blank cells beyond the header.
    problems : list of (int, str)
        Line number and what is wrong in it.
    """

    sha256: str
    delimiter: str
    header: list[str]
    rows: list[tuple[int, list[str]]]
    problems: list[tuple[int, str]] = attrs.field(factory=list)


def read_cells(path: Path) -> Cells:
    """Read a table separated by commas, semicolons or tabs.

    Raises
    ------
    VotesError
        It cannot be read, is too large, is not UTF-8, or is empty.
    """
    data = _content(path)
    text = _decoded(data, path)
    # Splitting at \r as well, which old spreadsheets on the Mac end lines with.
    lines = io.StringIO(text, newline=None).read()
    header_line = next((line for line in lines.split("\n") if line.strip(" ,;\t")), "")
    delimiter = _delimiter(header_line)
    cells = Cells(sha256=hashlib.sha256(data).hexdigest(), delimiter=delimiter, header=[], rows=[])
    reader = csv.reader(io.StringIO(lines), delimiter=delimiter, skipinitialspace=True)
    number = 1
    while True:
        try:
            row = [cell.strip() for cell in next(reader)]
        except StopIteration:
            break
        except csv.Error as error:
            cells.problems.append((number, f"row {number}: cannot be read ({error})"))
            number = reader.line_num + 1
            continue
        if any(row):
            if cells.header:
                cells.rows.append((number, row))
            else:
                cells.header.extend(row)
        number = reader.line_num + 1  # a quoted cell may span lines
    if not cells.header:
        raise VotesError(
            "is empty", where=str(path), allowed="a header such as 'image,lime,anchors,ig,xrai', and rows"
        )
    while not cells.header[-1]:
        cells.header.pop()
    for _, row in cells.rows:
        while len(row) > len(cells.header) and not row[-1]:
            row.pop()
    return cells


def _delimiter(line: str) -> str:
    outside = "".join(line.split('"')[::2])
    return max(_DELIMITERS, key=outside.count)


def _content(path: Path) -> bytes:
    """Return a regular file's bytes; never waits for a pipe, nor reads a device without end."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            kind = "a folder" if stat.S_ISDIR(found.st_mode) else "a pipe, socket or device"
            raise _unreadable(path, f"it is {kind}")
        with opened_without_waiting(path) as file:
            count = max(found.st_size, os.fstat(file.fileno()).st_size)
            data = b"" if count > MOST_BYTES else file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise _unreadable(path, (getattr(error, "strerror", None) or str(error)).lower()) from None
    if max(count, len(data)) > MOST_BYTES:
        raise VotesError(
            f"has {max(count, len(data)):,} bytes",
            where=shown(path),
            allowed=f"at most {MOST_BYTES:,} bytes",
            next_step="name a CSV file with votes, or split it",
        )
    return data


def _unreadable(path: Path, reason: str) -> VotesError:
    return VotesError(f"cannot be read ({reason})", where=shown(path), next_step="name a CSV file with votes")


def _decoded(data: bytes, path: Path) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise VotesError(
            f"row {row}: byte {data[error.start]:#04x} is not UTF-8",
            where=str(path),
            allowed="text in UTF-8",
            next_step="save it again as 'CSV UTF-8'",
        ) from None
