"""Writes what tuning has found: the whole log as JSON, a row per candidate, and what is recommended."""

from __future__ import annotations

import csv
import io
import json
import math
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs

from cbrkit_xai.cache import write_atomically
from cbrkit_xai.evaluation.decisions.comparison import Comparison
from cbrkit_xai.evaluation.questions.differences import fold_means
from cbrkit_xai.evaluation.tuning.candidates import SIMPLICITY
from cbrkit_xai.evaluation.tuning.one_standard_error import RULE
from cbrkit_xai.evaluation.tuning.sentences import sentences
from cbrkit_xai.evaluation.tuning.tuned import FoldChoice, Tuning
from cbrkit_xai.features import Array

LOG, TABLE, RECOMMENDED = "tuning.json", "tuning.csv", "recommended.toml"


def write_tuning(tuning: Tuning, folder: Path) -> list[Path]:
    """Write the files, and return them; the same tuning gives the same bytes.

    Parameters
    ----------
    folder : Path
        Made if it is not there; files of these names are replaced.

    Raises
    ------
    OSError
        The folder cannot be written.
    """
    log = json.dumps(log_of(tuning), indent=1, ensure_ascii=False, allow_nan=False)
    contents = {LOG: f"{log}\n", TABLE: _table(tuning), RECOMMENDED: _recommended(tuning)}
    for name, text in contents.items():
        write_atomically(folder / name, text.encode())
    return [folder / name for name in contents]


def log_of(tuning: Tuning) -> dict[str, Any]:
    """Return all that was chosen among, by what and with which result, as JSON values; None is not known."""
    overall = tuning.overall
    return {
        "base": {
            "name": tuning.name,
            "cases": tuning.outer.shape[2],
            "provenance": tuning.provenance,
            "is_automatic": tuning.is_automatic,
        },
        "sentences": list(sentences(tuning)),
        "notes": list(tuning.notes),
        "substituted": tuning.substituted,
        "winner": tuning.winner.name,
        "mean_wins": tuning.mean_wins,
        "recommended": tomllib.loads(tuning.recommended.to_toml()),
        "rule": RULE,
        "simplicity": SIMPLICITY,
        "overall": {
            "least": tuning.points[overall.least].name,
            "least_error": _number(float(overall.errors[overall.least])),
            "standard_error": _number(overall.standard_error),
            "threshold": _number(overall.threshold),
        },
        "nested": _nested(tuning),
        "times_chosen": tuning.times_chosen(),
        "protocol": attrs.asdict(tuning.protocol),
        "groups": {
            "number": tuning.groups.number,
            "rules": list(tuning.groups.rules),
            "links": [attrs.asdict(link) for link in tuning.groups.links],
        },
        "grid": tuning.grid.to_mapping(),
        "candidates": _candidates(tuning),
        "folds": [_fold(tuning, one) for one in tuning.in_folds],
        "versions": dict(tuning.versions),
        "hashes": dict(tuning.hashes),
    }


def _nested(tuning: Tuning) -> dict[str, Any]:
    estimate = tuning.estimate
    return {
        "error": _number(estimate.error),
        "error_of_mean": _number(estimate.error_of_mean),
        "error_by_least": _number(estimate.error_by_least),
        "apparent_error": _number(estimate.apparent_error),
        "difference": _comparison(estimate.difference),
        "skill": {
            "estimate": _number(estimate.skill.estimate),
            "interval": _numbers(estimate.skill.interval),
            "label": estimate.skill.label,
            "problem": estimate.skill.problem,
        },
    }


def _comparison(compared: Comparison) -> dict[str, Any]:
    return {
        "estimate": _number(compared.estimate),
        "interval": _numbers(compared.interval),
        "p": _number(compared.p),
        "degrees": _number(compared.degrees),
        "problem": compared.problem,
    }


def _candidates(tuning: Tuning) -> list[dict[str, Any]]:
    times = tuning.times_chosen()
    found = []
    for place, point in enumerate(tuning.points):
        error = float(tuning.overall.errors[place])
        found.append(
            {
                "name": point.name,
                "label": point.label,
                "k": point.k,
                "is_organised": not tuning.problems[place],
                "problem": tuning.problems[place],
                "error": _number(error),
                "is_within_one_standard_error": error <= tuning.overall.threshold,
                "times_chosen": times.get(point.name, 0),
                "inner_errors": _numbers(one.chosen.errors[place] for one in tuning.in_folds),
                "outer_errors": _numbers(fold_means(tuning.outer[place], tuning.folds).ravel()),
            }
        )
    return found


def _fold(tuning: Tuning, one: FoldChoice) -> dict[str, Any]:
    chosen, points = one.chosen, tuning.points
    return {
        "repeat": one.repeat,
        "fold": one.fold,
        "chosen": points[chosen.chosen].name,
        "inner_error": _number(float(chosen.errors[chosen.chosen])),
        "least": points[chosen.least].name,
        "least_error": _number(float(chosen.errors[chosen.least])),
        "standard_error": _number(chosen.standard_error),
        "outer_error": _outer(tuning, one, chosen.chosen),
        "outer_error_of_mean": _outer(tuning, one, 0),
    }


def _outer(tuning: Tuning, one: FoldChoice, place: int) -> float | None:
    return _number(float(fold_means(tuning.outer[place], tuning.folds)[one.repeat, one.fold]))


def _table(tuning: Tuning) -> str:
    """Return a row per candidate, the simplest first."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    shown = ("label", "k", "inner_error", "error", "is_within_one_standard_error", "times_chosen", "problem")
    rows.writerow(shown)
    for row in _candidates(tuning):
        inner = [error for error in row["inner_errors"] if error is not None]
        row["inner_error"] = sum(inner) / len(inner) if inner and not row["problem"] else None
        rows.writerow(["" if row[name] is None else row[name] for name in shown])
    return text.getvalue()


def _recommended(tuning: Tuning) -> str:
    told = [f"Chosen by tuning on {tuning.name}.", *sentences(tuning)]
    if tuning.substituted:
        told.append(f"SUBSTITUTED: {tuning.substituted}")
    comments = "".join(f"# {' '.join(sentence.split())}\n" for sentence in told)
    return f"{comments}{tuning.recommended.to_toml()}"


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _numbers(values: Iterable[float] | Array) -> list[float | None]:
    return [_number(float(value)) for value in values]
