"""Votes as a file gives them, one row each, before they become cases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import attrs

from cbrkit_xai.case import Ballot, Target
from cbrkit_xai.errors import VotesError
from cbrkit_xai.freezing import texts

MOST_SHOWN = 20
"""How many problems of a file are told; the rest are counted."""


@attrs.frozen(kw_only=True)
class VotesRow:
    """One row: what one voter, or a sum of several, gave to one photo's explanations.

    Parameters
    ----------
    number : int
        Of its line, as an editor shows it; the header is line 1.
    id : str
        The case's, as the file wants it.
    image : str
        The photo: its path in the folder of photos, or its name without ending.
    path : Path or None
        Its file, where a folder was given.
    ballot : Ballot
        The votes.
    target : Target or None
        The class that was explained, where the file says so.
    """

    number: int
    id: str
    image: str
    path: Path | None = None
    ballot: Ballot
    target: Target | None = None


def _rows(values: Iterable[VotesRow]) -> tuple[VotesRow, ...]:
    return tuple(values)


@attrs.frozen(kw_only=True)
class VotesTable:
    """A whole file of votes.

    Parameters
    ----------
    path : Path
        The file.
    sha256 : str
        Its hash, by which it is known when it comes again.
    methods : tuple of str
        Its methods, in lower kebab-case, in the file's order.
    rows : tuple of VotesRow
        In the file's order.
    """

    path: Path
    sha256: str
    methods: tuple[str, ...] = attrs.field(converter=texts)
    rows: tuple[VotesRow, ...] = attrs.field(converter=_rows)


def refuse(path: Path, problems: Iterable[tuple[int, str]]) -> None:
    """Raise one error that tells all problems, in the order of their rows.

    Raises
    ------
    VotesError
        There are any.
    """
    told = [text for _, text in sorted(dict.fromkeys(problems), key=lambda problem: problem[0])]
    if not told:
        return
    count = "1 problem" if len(told) == 1 else f"{len(told)} problems"
    raise VotesError(
        f"{count}, nothing was imported",
        where=str(path),
        next_step="correct the file",
        problems=first_problems(told),
    )


def first_problems(told: Sequence[str]) -> list[str]:
    """Return as many as anybody reads, and how many more there are."""
    more = [f"... and {len(told) - MOST_SHOWN} more"] if len(told) > MOST_SHOWN else []
    return [*told[:MOST_SHOWN], *more]


def listed(names: Sequence[str], most: int = 8) -> str:
    """Return names for a sentence."""
    more = f", ... ({len(names)} in all)" if len(names) > most else ""
    return ", ".join(map(repr, names[:most])) + more
