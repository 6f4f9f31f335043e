"""From what automatic judges scored to whom each gave its vote."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from cbrkit_xai.case import Ballot
from cbrkit_xai.errors import VotesError

METHODS = ("lime", "anchors", "ig", "xrai")

VOTING_FAMILIES = ("insertion", "localisation")
"""Deletion and sparseness were computed and do not vote: there, a random map beats real methods."""

LEAD = 0.005
"""By how much a judge's best method must lead for the judge to vote."""


def read_table(path: Path) -> list[dict[str, str]]:
    """Return a CSV file's rows."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def judges_ballots(path: Path) -> dict[str, list[Ballot]]:
    """Return each photo's ballots, one for each judge that could decide.

    Such a ballot has 1 for the judge's best method, and 0 for the others.
    """
    ballots: dict[str, list[Ballot]] = {}
    for row in read_table(path):
        best = _best(row) if row["family"] in VOTING_FAMILIES else None
        if best is not None:
            votes = {method: float(method == best) for method in METHODS}
            ballot = Ballot(votes=votes, source="automatic", voter=row["judge"], family=row["family"])
            ballots.setdefault(row["image"], []).append(ballot)
    return ballots


def check_sums(ballots: Mapping[str, list[Ballot]], path: Path) -> None:
    """Hold the ballots against the sums that were published.

    Raises
    ------
    VotesError
        Some photo's ballots do not add up to them.
    """
    problems = []
    for row in read_table(path):
        published = [row[method] for method in METHODS]
        mine = ballots.get(row["image"], [])
        summed = [
            str(int(sum(ballot.votes[method] for ballot in mine))) if mine else "" for method in METHODS
        ]
        if summed != published:
            problems.append(f"{row['image']}: the judges give {summed}, the file says {published}")
    if problems:
        raise VotesError("the judges' votes are not those published", where=str(path), problems=problems)


def _best(row: Mapping[str, str]) -> str | None:
    """Return the method that leads clearly, or None."""
    if not all(row[method] for method in METHODS):
        return None  # a localisation judge abstains where the mask covers too little or too much
    scores = {method: float(row[method]) for method in METHODS}
    first, second = sorted(scores.values(), reverse=True)[:2]
    # The scores have five decimals; so has their difference, but for the error of floats.
    if round(first - second, 5) < LEAD:
        return None
    return max(scores, key=scores.__getitem__)
