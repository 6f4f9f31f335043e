"""A table as the page shows it: text only, everything that was computed is rounded already."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from cbrkit_xai.evaluation.report.figures_in_words import MISSING
from cbrkit_xai.freezing import texts


@attrs.frozen
class Cell:
    """One number.

    Parameters
    ----------
    value : str
        As it is printed.
    beneath : str
        What stands below it, such as its interval.
    """

    value: str = MISSING
    beneath: str = ""


def _cells(values: Iterable[Cell]) -> tuple[Cell, ...]:
    return tuple(values)


@attrs.frozen(kw_only=True)
class Row:
    """What one run, or one anything, has.

    Parameters
    ----------
    name : str
        Its head.
    beneath : str
        What stands with it.
    mark : str
        What must not be overlooked, such as "LEAK".
    cells : tuple of Cell
        One per head but the first.
    """

    name: str
    beneath: str = ""
    mark: str = ""
    cells: tuple[Cell, ...] = attrs.field(converter=_cells)


def _rows(values: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(values)


@attrs.frozen(kw_only=True)
class RowGroup:
    """Rows of one kind.

    Parameters
    ----------
    title : str
        Empty where all rows are of one kind.
    rows : tuple of Row
        At least one.
    """

    title: str = ""
    rows: tuple[Row, ...] = attrs.field(converter=_rows)


def _groups(values: Iterable[RowGroup]) -> tuple[RowGroup, ...]:
    return tuple(group for group in values if group.rows)


@attrs.frozen(kw_only=True)
class Table:
    """A table with all that is needed to read it.

    Parameters
    ----------
    id : str
        Its anchor on the page.
    caption : str
        What stands in it.
    heads : tuple of str
        Of the columns, the first of which names the rows.
    groups : tuple of RowGroup
        Those without rows are left out.
    """

    id: str
    caption: str
    heads: tuple[str, ...] = attrs.field(converter=texts)
    groups: tuple[RowGroup, ...] = attrs.field(converter=_groups)
