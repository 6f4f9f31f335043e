"""The claims as the pages show them: in short, and each with its comparisons."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from cbrkit_xai.evaluation.report.figures_in_words import MISSING, figure, probability, signed
from cbrkit_xai.evaluation.report.table import Cell, Row, RowGroup, Table
from cbrkit_xai.evaluation.reproduction.claims.claim import Claim
from cbrkit_xai.evaluation.reproduction.claims.implied_comparison import (
    CANNOT_TELL,
    DOES_NOT_HOLD,
    HOLDS,
    READINGS,
    ImpliedComparison,
)
from cbrkit_xai.evaluation.wording import number

_HEADS = {"votes²": "difference in votes²", "correlation": "of winners"}
"""Of the column of estimates, by their unit."""

TONES = {HOLDS: "yes", DOES_NOT_HOLD: "no", CANNOT_TELL: "unsure"}


def in_short(claims: Sequence[Claim]) -> list[dict[str, str]]:
    """Return a row for each claim, by its letter."""
    return [
        {
            "letter": one.asked.letter,
            "statement": one.asked.statement,
            "verdict": _capital(one.verdict),
            "tone": TONES[one.verdict],
            "sentence": one.sentence,
            "meaning": one.asked.meaning,
        }
        for one in claims
    ]


def in_full(claims: Sequence[Claim], mark: Sequence[str]) -> list[dict[str, Any]]:
    """Return each claim with its quote, its test and the table of its comparisons.

    Parameters
    ----------
    mark : sequence of str
        What a comparison's name begins with, or contains, where the paper's network was not used.
    """
    return [
        {**row, "quote": one.asked.quote, "how": one.asked.how, "table": _table(one, mark)}
        for one, row in zip(claims, in_short(claims), strict=True)
    ]


def _table(claim: Claim, mark: Sequence[str]) -> Table | None:
    comparisons = claim.asked.comparisons
    if not comparisons:
        return None
    tested = [one for one in comparisons if not one.problem]
    units = list(dict.fromkeys(one.unit for one in tested or comparisons))
    names = list(dict.fromkeys(name for one in comparisons for name in one.numbers))
    return Table(
        id=f"claim-{claim.asked.letter}-table",
        caption="Each comparison by itself: an estimate with its 95 % interval, and what it says alone at "
        "the 5 % level. The verdict on the claim allows for their number and for the other claims.",
        heads=("", *names, *(_HEADS.get(unit, unit) for unit in units), "p for", "p against", "by itself"),
        groups=[RowGroup(rows=[_row(one, names, units, mark) for one in comparisons])],
    )


def _row(one: ImpliedComparison, names: Sequence[str], units: Sequence[str], mark: Sequence[str]) -> Row:
    beside = [Cell(_beside(one.numbers[name]) if name in one.numbers else MISSING) for name in names]
    cells = [_estimate(one) if unit == one.unit and not one.problem else Cell() for unit in units]
    notes = " ".join(text for text in (one.problem and f"{_capital(one.problem)}.", one.note) if text)
    return Row(
        name=one.about,
        beneath=notes,
        mark="SUBSTITUTED" if any(name in one.about for name in mark) else "",
        cells=[
            *beside,
            *cells,
            Cell(probability(one.p_for)),
            Cell(probability(one.p_against)),
            Cell(_alone(one), "" if one.is_claimed else "decides nothing"),
        ],
    )


def _alone(one: ImpliedComparison) -> str:
    return "not tested" if one.problem else READINGS[one.reading]


def _estimate(one: ImpliedComparison) -> Cell:
    if one.unit == "times as long":
        low, high = one.interval
        return Cell(number(one.estimate), f"{number(low)} to {number(high)}")
    low, high = one.interval
    return Cell(signed(one.estimate), f"{signed(low)} to {signed(high)}")


def _beside(value: float) -> str:
    if math.isnan(value):
        return MISSING
    if value == round(value) and abs(value) >= 2:
        return f"{value:,.0f}"
    return figure(value) if abs(value) < 100 else number(value)


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
