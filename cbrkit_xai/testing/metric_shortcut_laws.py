"""What a metric promises of its shortcuts: prepare and embed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cbrkit_xai.features import Features, count, read_only, take
from cbrkit_xai.testing.laws import Broken, LawsOf, offers
from cbrkit_xai.testing.measured_rows import (
    as_bytes,
    as_floats,
    drawn_rows,
    large_table,
    parts_of,
    ready,
    some_rows,
    tables_differ,
)
from cbrkit_xai.testing.metric_pairwise_laws import PAIRWISE_LAWS
from cbrkit_xai.testing.subjects import Subject

SHORTCUT_LAWS = LawsOf("metric", after=PAIRWISE_LAWS)


@SHORTCUT_LAWS.law(
    "what prepare(references) gives answers as pairwise does, of few queries and of many, again and again",
    mend="prepare: what it gives must depend on the references alone, and keep nothing of the queries",
    given=some_rows(3, 5),
    applies=offers("prepare"),
    first=True,
    examples=15,
)
def prepares_what_it_measures(subject: Subject, rows: Features) -> None:
    metric = ready(subject, rows)
    references = read_only(take(rows, slice(1, None)))
    prepared = metric.prepare(references)
    for queries in (take(rows, slice(0, 1)), rows, take(rows, slice(1, 2))):
        plain, found = np.asarray(metric.pairwise(queries, references)), np.asarray(prepared(queries))
        if found.shape != plain.shape or tables_differ(found, plain):
            raise Broken(f"pairwise {plain.tolist()}, prepared {found.tolist()}")


@SHORTCUT_LAWS.law(
    "what prepare(references) gives answers queries of bytes as pairwise does, where references are averages",
    mend="prepare: convert both to float64 before subtracting",
    given=lambda subject: {"rows": drawn_rows(subject, 3, 4, "nonnegative")},
    applies=offers("prepare"),
    examples=10,
)
def prepares_float_prototypes(subject: Subject, rows: Features) -> None:
    queries = as_bytes(rows)
    averages = {name: (part[:-1] + part[1:]) / 2 for name, part in parts_of(as_floats(queries)).items()}
    references: Features = averages if isinstance(rows, Mapping) else averages["rows"]
    metric = ready(subject, as_floats(queries))
    plain = np.asarray(metric.pairwise(queries, references))
    found = np.asarray(metric.prepare(references)(queries))
    if found.shape != plain.shape or tables_differ(found, plain):
        raise Broken(f"pairwise {plain.tolist()}, prepared {found.tolist()}")


@SHORTCUT_LAWS.law(
    "what prepare(references) gives answers as pairwise does, also where there are many of both",
    mend="prepare: where it divides its work into blocks",
    applies=offers("prepare"),
)
def prepares_a_large_table(subject: Subject) -> None:
    queries, references = large_table(subject)
    metric = ready(subject, references)
    plain, found = (
        np.asarray(metric.pairwise(queries, references)),
        np.asarray(metric.prepare(references)(queries)),
    )
    if found.shape != plain.shape or not np.allclose(
        found, plain, rtol=1e-6, atol=1e-6 * plain.max(initial=0.0)
    ):
        gap = (
            f"by up to {np.abs(found - plain).max():g}"
            if found.shape == plain.shape
            else f"in shape {found.shape}"
        )
        raise Broken(f"a table of shape {plain.shape} differs from pairwise {gap}")


@SHORTCUT_LAWS.law(
    "embedded rows lie in the order of the metric: what is nearer stays nearer",
    mend="embed, or leave it out: trees and k-means rely on it",
    given=some_rows(3, 5),
    applies=lambda subject: subject.offers("embed"),
    examples=40,
)
def embeds_in_its_own_order(subject: Subject, rows: Features) -> None:
    metric = ready(subject, rows)
    found = np.asarray(metric.pairwise(rows, rows))
    places = np.asarray(metric.embed(rows), dtype=np.float64)
    if places.ndim != 2 or len(places) != count(rows):
        raise Broken(f"{count(rows)} rows are embedded as an array of shape {places.shape}")
    scale = max(1.0, float(np.abs(places).max(initial=0.0)))
    apart = np.sqrt((((places[:, None] - places[None]) / scale) ** 2).sum(axis=2))
    slack, slack_apart = 1e-7 * found.max(initial=0.0), 1e-7 * apart.max(initial=0.0)
    nearer = found[:, :, None] + slack < found[:, None, :]
    farther = apart[:, :, None] > apart[:, None, :] + slack_apart
    if (nearer & farther).any():
        query, one, other = np.argwhere(nearer & farther)[0]
        raise Broken(
            f"from row {query}, row {one} is nearer ({found[query, one]:g}) than row {other} "
            f"({found[query, other]:g}), but embedded it is farther"
        )


@SHORTCUT_LAWS.law(
    "a row is embedded alike alone and among others, and as bytes as it is as floats",
    mend="embed: let each row's place depend on that row alone; convert to float64 first",
    given=lambda subject: {"rows": drawn_rows(subject, 3, 5, "nonnegative")},
    applies=offers("embed"),
    examples=15,
)
def embeds_each_row_by_itself(subject: Subject, rows: Features) -> None:
    metric = ready(subject, rows)
    whole = np.asarray(metric.embed(rows))
    for some in (*(slice(row, row + 1) for row in range(count(rows))), slice(0, 2), slice(1, None)):
        found = np.asarray(metric.embed(take(rows, some)))
        if found.shape != whole[some].shape or tables_differ(found, whole[some]):
            raise Broken(f"among others {whole[some].tolist()}, without them {found.tolist()}")
    queries = as_bytes(rows)
    bytes_, floats = np.asarray(metric.embed(queries)), np.asarray(metric.embed(as_floats(queries)))
    if bytes_.shape != floats.shape or tables_differ(bytes_, floats):
        raise Broken(f"as bytes {bytes_.tolist()}, as floats {floats.tolist()}")
