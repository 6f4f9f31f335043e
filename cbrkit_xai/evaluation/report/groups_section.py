"""Which photos were held out together, why, and how the folds were dealt."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from cbrkit_xai.evaluation.holding_out.dealing import MIXED, strata_of
from cbrkit_xai.evaluation.report.table import Cell, Row, RowGroup, Table
from cbrkit_xai.evaluation.results import Evaluation
from cbrkit_xai.evaluation.wording import counted
from cbrkit_xai.features import Array

_SHOWN = 500  # links; more are in summary.json


def groups_section(evaluation: Evaluation) -> dict[str, Any]:
    """Return what the section shows."""
    groups = evaluation.groups
    together = len(groups.labels) - groups.number
    if together:
        sizes = Counter(Counter(groups.labels.tolist()).values())
        shared = sum(number for size, number in sizes.items() if size > 1)
        largest = max(sizes)
        summary = (
            f"{len(groups.labels)} cases are {counted(groups.number, 'group')}: "
            f"{counted(shared, 'group has', 'groups have')} more than one case, the largest {largest}."
        )
    else:
        summary = "No two cases are of one photo, as far as these rules can tell: each is a group by itself."
    left = len(groups.links) - _SHOWN
    if left > 0:
        summary += f" {counted(left, 'link')} beyond the first {_SHOWN} stand in summary.json alone."
    return {
        "folds": _folds(evaluation),
        "notes": list(evaluation.folds.notes),
        "rules": list(groups.rules),
        "summary": summary,
        "how_many": f"{counted(len(groups.links[:_SHOWN]), 'link')}, and why",
        "links": list(groups.links[:_SHOWN]),
        "strata": _strata_table(evaluation),
    }


def _folds(evaluation: Evaluation) -> str:
    folds, protocol = evaluation.folds, evaluation.protocol
    sizes = [len(one.held_out) for one in folds.splits()]
    training = [len(one.training) for one in folds.splits()]
    size = f"{min(sizes)}" if min(sizes) == max(sizes) else f"{min(sizes)} to {max(sizes)}"
    learnt = f"{min(training)}" if min(training) == max(training) else f"{min(training)} to {max(training)}"
    return (
        f"Scheme {protocol.scheme}, {counted(folds.repeats, 'repeat')} of "
        f"{counted(folds.per_repeat, 'fold')}, seed {protocol.seed}: {size} cases are held out at a time, "
        f"and predicted from {learnt}. Photos that count as the same photo are held out together, whatever "
        "links them, transitively."
    )


def _strata_table(evaluation: Evaluation) -> Table:
    """Say how evenly each winner is spread over the folds."""
    scheme = evaluation.protocol.scheme
    strata = np.array(strata_of(evaluation.cases, evaluation.protocol.folds))
    names = [*sorted(set(strata.tolist()) - {MIXED}), *([MIXED] if MIXED in strata else [])]
    rows = []
    for name in names:
        low, high = _spread(evaluation.folds.fold_of, strata == name)
        held_out = f"{low}" if low == high else f"{low} to {high}"
        rows.append(
            Row(
                name=name or "tie, or a winner rarer than the folds",
                cells=[Cell(str(int((strata == name).sum()))), Cell(held_out)],
            )
        )
    dealt = (
        "Folds are dealt evenly by the method with most votes."
        if scheme == "k-fold"
        else "Nothing is dealt by the winner in this scheme."
    )
    return Table(
        id="strata-table",
        caption=f"{dealt} Cases per winner, and how many of them are held out at a time.",
        heads=["Winner", "cases", "held out at a time"],
        groups=[RowGroup(rows=rows)],
    )


def _spread(fold_of: Array, inside: Array) -> tuple[int, int]:
    folds = int(fold_of.max(initial=-1)) + 1
    held_out = [int(((row == fold) & inside).sum()) for row in fold_of for fold in range(folds)]
    return (min(held_out), max(held_out)) if held_out else (0, 0)
