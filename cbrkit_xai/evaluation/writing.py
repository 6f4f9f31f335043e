"""Writes what an evaluation has found: a row per prediction, a summary, and times by themselves."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.cache import write_atomically
from cbrkit_xai.evaluation.questions.answer import Answer, plain
from cbrkit_xai.evaluation.results import Evaluation, Run, StatedConfidence, Timing
from cbrkit_xai.evaluation.scoring.calibration import calibration, coverage, out_of_experience
from cbrkit_xai.evaluation.scoring.scores import pooled_rmse, scored
from cbrkit_xai.evaluation.wording import leak_in_words
from cbrkit_xai.features import Array

RESULTS, COLUMNS, SUMMARY, TIMINGS = "results.csv", "results.parquet", "summary.json", "timings.csv"


def has_parquet() -> bool:
    """Say whether `results.parquet` can be written here."""
    return find_spec("pyarrow") is not None


def write_results(
    evaluation: Evaluation,
    folder: Path,
    answers: Sequence[Answer] = (),
    *,
    query_times: Sequence[Timing] = (),
    parquet: bool | None = None,
) -> list[Path]:
    """Write everything that other programs read, and return the files.

    The same evaluation gives the same bytes in all but `timings.csv`.

    Parameters
    ----------
    folder : Path
        Made if it is not there; files of these names are replaced.
    answers : sequence of Answer
        For the summary.
    query_times : sequence of Timing
        For `timings.csv`, behind the evaluation's own.
    parquet : bool, optional
        By default where pyarrow is installed.

    Raises
    ------
    OSError
        The folder cannot be written.
    """
    parquet = has_parquet() if parquet is None else parquet
    folder.mkdir(parents=True, exist_ok=True)
    _write_rows(evaluation, folder / RESULTS)
    if parquet:
        _write_columns(evaluation, folder / COLUMNS)
    found = summary_of(evaluation, answers)
    summary = json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False)
    write_atomically(folder / SUMMARY, f"{summary}\n".encode())
    write_timings((*evaluation.timings, *query_times), folder)
    return [folder / name for name in (RESULTS, *([COLUMNS] if parquet else []), SUMMARY, TIMINGS)]


def write_timings(timings: Sequence[Timing], folder: Path) -> None:
    """Write `timings.csv`.

    Raises
    ------
    OSError
        The folder cannot be written.
    """
    rows = ["configuration,repeat,stage,seconds"]
    rows += [f"{_quoted(one.label)},{one.repeat},{_quoted(one.stage)},{one.seconds!r}" for one in timings]
    write_atomically(folder / TIMINGS, ("\n".join(rows) + "\n").encode())


def summary_of(evaluation: Evaluation, answers: Sequence[Answer] = ()) -> dict[str, Any]:
    """Return all but the single predictions, as JSON values; what is not known is None."""
    groups = evaluation.groups
    return {
        "base": {
            "name": evaluation.name,
            "cases": len(evaluation.cases),
            "methods": list(evaluation.cases.methods),
            "provenance": evaluation.provenance,
            "is_automatic": evaluation.is_automatic,
            "retest": None if evaluation.retest is None else attrs.asdict(evaluation.retest),
        },
        "seed": evaluation.protocol.seed,
        "protocol": attrs.asdict(evaluation.protocol),
        "leaks": list(evaluation.leaks),
        "substituted": evaluation.substituted,
        "notes": list(evaluation.notes),
        "groups": {
            "number": groups.number,
            "rules": list(groups.rules),
            "links": [attrs.asdict(link) for link in groups.links],
        },
        "folds": {"repeats": evaluation.folds.repeats, "per_repeat": evaluation.folds.per_repeat},
        "versions": dict(evaluation.versions),
        "hashes": dict(evaluation.hashes),
        "runs": {label: _summary_of_run(run, evaluation) for label, run in evaluation.runs.items()},
        "answers": [answer.to_json() for answer in answers],
    }


def mean_scores(run: Run, votes: Array) -> dict[str, Array]:
    """Return the mean of each score over all predictions, and the pooled RMSE, each `(ks,)`."""
    means = {"pooled-rmse": pooled_rmse(run.predicted, votes[:, None], over=(0, 1))}
    for name, values in scored(run.predicted, votes).items():  # (repeats, n, ks)
        known = ~np.isnan(values)
        total = np.where(known, values, 0.0).sum(axis=(0, 1))
        number = known.sum(axis=(0, 1))
        means[name] = np.divide(total, number, out=np.full(len(total), np.nan), where=number > 0)
    return means


def _summary_of_run(run: Run, evaluation: Evaluation) -> dict[str, Any]:
    import tomllib

    entries = run.entries[run.entries > 0]
    configuration = None if run.configuration is None else tomllib.loads(run.configuration.to_toml())
    return {
        "role": run.role,
        "configuration": configuration,
        "substituted": run.substituted,
        "leaks": list(run.leaks),
        "clustered": run.clustered,
        "problems": list(run.problems),
        "entries": {"least": int(entries.min()), "most": int(entries.max())} if len(entries) else None,
        "k": list(run.ks),
        "scores": plain(
            {name: values.tolist() for name, values in mean_scores(run, evaluation.votes).items()}
        ),
        "stated": None if run.confidence is None else _summary_of_stated(run.confidence, evaluation),
    }


def _summary_of_stated(stated: StatedConfidence, evaluation: Evaluation) -> dict[str, Any]:
    votes, groups = evaluation.votes, evaluation.groups
    return {
        "k": stated.k,
        "skill": plain(stated.skill),
        "calibration": plain(attrs.asdict(calibration(stated, votes, groups))),
        "coverage": plain(attrs.asdict(coverage(stated, votes, groups))),
        "out_of_experience": plain(attrs.asdict(out_of_experience(stated, groups))),
        "problems": list(stated.problems),
    }


def _tables(evaluation: Evaluation) -> Iterator[Mapping[str, Array]]:
    """Yield the rows of each run as columns, k by k; only of cases that were held out."""
    fold_of = evaluation.folds.fold_of
    repeat, case = np.nonzero(fold_of >= 0)
    fold, ids = fold_of[repeat, case], np.array(evaluation.cases.ids, dtype=object)[case]
    for run in evaluation.runs.values():
        scores = scored(run.predicted, evaluation.votes)  # (repeats, n, ks) each
        ks = np.repeat(run.ks, len(case))
        yield {
            "configuration": np.full(len(ks), run.label, dtype=object),
            "role": np.full(len(ks), run.role, dtype=object),
            "k": ks,
            "repeat": np.tile(repeat, len(run.ks)),
            "fold": np.tile(fold, len(run.ks)),
            "case": np.tile(ids, len(run.ks)),
            "votes_from": np.full(len(ks), evaluation.votes_from, dtype=object),
            "substituted": np.full(len(ks), run.substituted, dtype=object),
            "leak": np.full(len(ks), leak_in_words(run.leaks), dtype=object),
            "entries": np.minimum(np.tile(run.entries[repeat, fold], len(run.ks)), ks),
            **{name: values[repeat, case].T.ravel() for name, values in scores.items()},
            **{
                f"predicted:{method}": run.predicted[repeat, case, :, column].T.ravel()
                for column, method in enumerate(evaluation.cases.methods)
            },
        }


def _write_rows(evaluation: Evaluation, path: Path) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            for number, table in enumerate(_tables(evaluation)):
                if number == 0:
                    file.write(",".join(map(_quoted, table)) + "\n")
                cells = [_cells(column) for column in table.values()]
                file.writelines(",".join(row) + "\n" for row in zip(*cells, strict=True))
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _cells(column: Array) -> list[str]:
    if column.dtype.kind == "f":
        # The shortest text that reads back to the same number; empty where there is none.
        return ["" if value != value else repr(value) for value in column.tolist()]
    values = column.tolist()
    # A label is there once for each of hundreds of thousands of predictions.
    quoted = {value: _quoted(str(value)) for value in set(values)}
    return [quoted[value] for value in values]


def _quoted(text: str) -> str:
    if any(one in text for one in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def _write_columns(evaluation: Evaluation, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = BytesIO()
    writer: Any = None
    for columns in _tables(evaluation):
        table = pa.table({name: pa.array(values, from_pandas=True) for name, values in columns.items()})
        if writer is None:
            writer = pq.ParquetWriter(content, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()
    write_atomically(path, content.getvalue())
