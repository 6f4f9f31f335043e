"""The tables that the reproduction writes for other programs, each row with what must not be overlooked."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any

from cbrkit_xai.evaluation.reproduction.predecessor import Predecessor
from cbrkit_xai.evaluation.reproduction.reproduction import Reproduction
from cbrkit_xai.evaluation.reproduction.timing.timed_index import QueryTimes
from cbrkit_xai.evaluation.reproduction.timing.times import Times
from cbrkit_xai.evaluation.results import Evaluation
from cbrkit_xai.evaluation.wording import leak_in_words

MARKS = ("votes_from", "substituted", "leak")
"""As in `results.csv`; they stand behind the first column."""


def settings_csv(reproduction: Reproduction) -> str:
    """Return every setting of DBSCAN that was tried on the whole base, with what it finds."""
    heads = ("min_samples", "eps", "silhouette", "clusters", "clustered", "feasible")
    return _csv(("configuration", *MARKS, *heads), _settings(reproduction))


def times_csv(reproduction: Reproduction, times: Times) -> str:
    """Return every measured time of a query."""
    heads = ("cases", "entries", "k", "turn", "query", "retrieve_microseconds", "reuse_microseconds")
    return _csv(("configuration", *MARKS, *heads), _times(reproduction.evaluation, times))


def growth_csv(found: Predecessor) -> str:
    """Return the scores of growing case bases."""
    heads = ("cases", "order", "k", "top_1", "rmse")
    return _csv(("configuration", *MARKS, *heads), _growths(found))


def _csv(heads: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows(rows)
    return text.getvalue()


def _marks(evaluation: Evaluation, label: str) -> tuple[str, str, str]:
    run = evaluation.run(label)
    return evaluation.votes_from, run.substituted, leak_in_words(run.leaks)


def _settings(reproduction: Reproduction) -> Iterator[tuple[Any, ...]]:
    for row in reproduction.clusterings:
        found = row.settings
        if found is None or row.of.clustered is None:
            continue
        marks = _marks(reproduction.evaluation, row.of.clustered.label)
        for line, samples in enumerate(found.min_samples.tolist()):
            for column, eps in enumerate(found.eps.tolist()):
                yield (
                    row.of.paper.identifier,
                    *marks,
                    samples,
                    eps,
                    _number(float(found.silhouettes[line, column])),
                    int(found.clusters[line, column]),
                    int(found.clustered[line, column]),
                    str(bool(found.feasible[line, column])).lower(),
                )


def _times(evaluation: Evaluation, times: Times) -> Iterator[tuple[Any, ...]]:
    for one in times.configurations:
        timed = [(times.training, one.linear, one.clustered), *one.growth]
        for size, every, some in timed:
            label = one.linear.of.label
            yield from _rounds(every, (label, *_marks(evaluation, label)), size)
            if some is not None and one.clustered is not None:
                label = one.clustered.of.label
                yield from _rounds(some, (label, *_marks(evaluation, label)), size)


def _rounds(measured: QueryTimes, begin: tuple[str, ...], cases: int) -> Iterator[tuple[Any, ...]]:
    rounds = zip(
        measured.turns.tolist(), measured.queries.tolist(), measured.retrieve, measured.reuse, strict=True
    )
    for turn, query, retrieve, reuse in rounds:
        for column, k in enumerate(measured.ks):
            times = f"{float(retrieve[column]):.3f}", f"{float(reuse[column]):.3f}"
            yield (*begin, cases, measured.of.entries, k, turn, query, *times)


def _growths(found: Predecessor) -> Iterator[tuple[Any, ...]]:
    for one in found.growths:
        begin = (one.label, *_marks(found.evaluation, one.label))
        for draw in range(len(one.top_1)):
            for place, size in enumerate(one.sizes):
                for column, k in enumerate(one.ks):
                    hits, rmse = float(one.top_1[draw, place, column]), float(one.rmse[draw, place, column])
                    yield (*begin, size, draw, k, _number(hits), _number(rmse))


def _number(value: float) -> str:
    """Return the shortest text that reads back to the same number; empty where there is none."""
    return "" if value != value else repr(value)
