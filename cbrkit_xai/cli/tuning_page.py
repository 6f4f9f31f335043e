"""What tuning has found, as people read it on a terminal; the log says more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cbrkit_xai.cli.terminal import print_table, print_wrapped, say

if TYPE_CHECKING:
    from cbrkit_xai.evaluation.tuning import Tuning


def print_tuning(tuning: Tuning, written: Sequence[Path] = ()) -> None:
    """Print the error of each candidate, who wins and why."""
    from cbrkit_xai.evaluation.tuning.sentences import sentences
    from cbrkit_xai.evaluation.wording import counted

    folds, groups = tuning.folds, tuning.groups
    say(f"{tuning.name}: {tuning.outer.shape[2]} cases · {tuning.provenance}")
    dealt = f"{counted(folds.repeats, 'repeat')} of {counted(folds.per_repeat, 'fold')}"
    say(f"k-fold, {dealt}, seed {tuning.protocol.seed}; {groups.number} groups of photos")
    _print_substituted(tuning)
    _print_errors(tuning)
    for sentence in sentences(tuning):
        print_wrapped(sentence)
    for sentence in _not_organised(tuning):
        print_wrapped(sentence)
    for note in tuning.notes:
        print_wrapped(f"note: {note}")
    if tuning.is_automatic:
        print_wrapped(f"{tuning.provenance}: the errors say how well automatic judges are predicted")
    _print_substituted(tuning)
    if written:
        say(f"written to {written[0].parent}: {', '.join(path.name for path in written)}")


def _print_substituted(tuning: Tuning) -> None:
    if tuning.substituted:
        print_wrapped(f"SUBSTITUTED: {tuning.substituted}")


def _print_errors(tuning: Tuning) -> None:
    """Print a row per configuration with a column per k, and what the marks mean."""
    ks = list(dict.fromkeys(point.k for point in tuning.points if point.k))
    rows: dict[str, dict[int, str]] = {}
    for place, point in enumerate(tuning.points):
        rows.setdefault(point.label, {})[point.k] = _cell(tuning, place)
    print_table(
        ("squared error of held-out photos, votes²", *(f"k = {k}" for k in ks)),
        [
            (label, *(cells.get(k, cells.get(0, "")) for k in ks))  # the global mean's k is 0: it has none
            for label, cells in rows.items()
        ],
    )
    say("* the least of all; > chosen; blank where some fold's training cases could not be organised")


def _cell(tuning: Tuning, place: int) -> str:
    error = float(tuning.overall.errors[place])
    marks = ">" * (place == tuning.overall.chosen) + "*" * (place == tuning.overall.least)
    return "" if math.isnan(error) else f"{error:.4f}{marks}"


def _not_organised(tuning: Tuning) -> list[str]:
    """Return a sentence for all configurations that could not be chosen everywhere for the same reason."""
    labels_of: dict[str, list[str]] = {}
    for point, problem in zip(tuning.points, tuning.problems, strict=True):
        labels = labels_of.setdefault(problem, [])
        if problem and point.label not in labels:
            labels.append(point.label)
    return [f"{', '.join(labels)}: {problem}" for problem, labels in labels_of.items() if problem]
