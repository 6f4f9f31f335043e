"""What every metric promises of the distances that pairwise measures."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.features import Features, count, take
from cbrkit_xai.images import SIDE
from cbrkit_xai.testing.laws import Broken, LawsOf
from cbrkit_xai.testing.measured_rows import (
    as_bytes,
    as_floats,
    distances_among,
    drawn_rows,
    large_table,
    measured,
    parts_of,
    random_rows,
    ready,
    some_rows,
    tables_differ,
)
from cbrkit_xai.testing.subjects import Subject
from cbrkit_xai.testing.writing import nothing_written

PAIRWISE_LAWS = LawsOf("metric")


@PAIRWISE_LAWS.law(
    "pairwise leaves its input as it was",
    mend="pairwise: copy before you change anything",
    given=some_rows(1, 3),
    first=True,
    examples=10,
)
def writes_to_nothing(subject: Subject, rows: Features) -> None:
    with nothing_written(parts_of(rows).values()):
        distances_among(subject, rows)


@PAIRWISE_LAWS.law(
    "pairwise maps q queries and n references to q times n floats",
    mend="pairwise: return a float array of shape (q, n)",
    given=some_rows(2, 4),
    first=True,
    examples=10,
)
def gives_one_number_per_pair(subject: Subject, rows: Features) -> None:
    queries = take(rows, slice(0, 1))
    found = measured(subject, queries, rows, rows)
    if found.shape != (1, count(rows)) or found.dtype.kind != "f":
        raise Broken(f"1 query and {count(rows)} references give {found.dtype} of shape {found.shape}")


@PAIRWISE_LAWS.law(
    "the same rows have the same distance each time",
    mend="pairwise: use no random numbers and keep nothing between calls",
    given=some_rows(1, 3),
    first=True,
    examples=10,
)
def says_the_same_again(subject: Subject, rows: Features) -> None:
    metric = ready(subject, rows)
    first, again = (np.array(metric.pairwise(rows, rows)) for _ in range(2))
    if not np.array_equal(first, again, equal_nan=True):
        raise Broken(f"first {first.tolist()}, then {again.tolist()}")


@PAIRWISE_LAWS.law(
    "a distance is a finite number of at least 0",
    mend="pairwise",
    given=some_rows(1, 4),
    first=True,
    examples=25,
)
def is_finite_and_not_negative(subject: Subject, rows: Features) -> None:
    found = distances_among(subject, rows)
    if not (np.isfinite(found) & (found >= 0)).all():
        raise Broken(f"a distance is {found[~(np.isfinite(found) & (found >= 0))][0]}")


@PAIRWISE_LAWS.law(
    "a row is at distance 0 from itself, or at most at the declared self_distance",
    mend="pairwise, or the fact self_distance",
    given=some_rows(1, 3),
    examples=15,
)
def is_nothing_from_a_row_to_itself(subject: Subject, rows: Features) -> None:
    allowed = subject.fact("self_distance")
    found = distances_among(subject, rows).diagonal()
    if (found > allowed).any():
        raise Broken(f"d(x, x) is {found.max():g}, over {allowed:g}")


@PAIRWISE_LAWS.law(
    "some rows that differ are apart",
    mend="pairwise: a distance that is always 0 finds nobody's neighbours",
)
def tells_some_rows_apart(subject: Subject) -> None:
    # Also where all numbers are small, as shares of a histogram are: there a rounded distance is 0.
    for largest in (100.0, 0.01):
        rows = random_rows(subject, 3, 12, SIDE, largest=largest)
        if not (distances_among(subject, rows) > 0).any():
            raise Broken(
                f"three rows of random numbers up to {largest:g} are all at distance 0 from each other"
            )


@PAIRWISE_LAWS.law(
    "d(x, y) = d(y, x)",
    mend="pairwise",
    given=some_rows(2, 4),
    first=True,
    examples=15,
)
def is_symmetric(subject: Subject, rows: Features) -> None:
    found = distances_among(subject, rows)
    if tables_differ(found, found.T):
        x, y = np.unravel_index(np.abs(found - found.T).argmax(), found.shape)
        raise Broken(f"d(x, y) is {found[x, y]!r} and d(y, x) is {found[y, x]!r}")


@PAIRWISE_LAWS.law(
    "a batch of queries is answered as its single queries are",
    mend="pairwise: let each query's distances depend on that query alone",
    given=some_rows(2, 4),
    first=True,
    examples=20,
)
def answers_a_batch_as_its_single_queries(subject: Subject, rows: Features) -> None:
    together = distances_among(subject, rows)
    alone = np.concatenate(
        [measured(subject, take(rows, slice(row, row + 1)), rows, rows) for row in range(count(rows))]
    )
    if tables_differ(together, alone):
        raise Broken(f"together {together.tolist()}, one by one {alone.tolist()}")


@PAIRWISE_LAWS.law(
    "references in another order have their distances in that order",
    mend="pairwise: let each distance depend on its two rows alone",
    given=some_rows(2, 4),
    first=True,
    examples=15,
)
def follows_the_order_of_references(subject: Subject, rows: Features) -> None:
    order = np.arange(count(rows))[::-1]
    found, reordered = distances_among(subject, rows), measured(subject, rows, take(rows, order), rows)
    if tables_differ(reordered, found[:, order]):
        raise Broken(f"in order {found.tolist()}, reversed {reordered.tolist()}")


@PAIRWISE_LAWS.law(
    "a large table of distances is that of its parts, and turned round where the rows change sides",
    mend="pairwise: where it divides its work into blocks, or narrows numbers to save memory",
)
def measures_a_large_table_as_its_parts(subject: Subject) -> None:
    queries, references = large_table(subject)
    metric = ready(subject, references)
    whole = np.asarray(metric.pairwise(queries, references))
    parts = np.empty_like(whole)
    height, width = len(whole) // 3 + 1, whole.shape[1] // 4 + 1
    for first in range(0, len(whole), height):
        for start in range(0, whole.shape[1], width):
            some, others = slice(first, first + height), slice(start, start + width)
            parts[some, others] = metric.pairwise(take(queries, some), take(references, others))
    turned = np.asarray(metric.pairwise(references, queries)).T
    slack = 1e-6 * float(whole.max(initial=0.0))  # a matrix product of many numbers may round as it likes
    for other, what in ((parts, "in a smaller table"), (turned, "with the two exchanged")):
        gap = np.abs(whole - other)
        if not gap.max() <= slack:
            query, reference = np.unravel_index(gap.argmax(), gap.shape)
            raise Broken(
                f"among {len(whole)} queries and {whole.shape[1]} references {query} and {reference} are "
                f"{whole[query, reference]!r} apart, and {what} {other[query, reference]!r}"
            )


@PAIRWISE_LAWS.law(
    "numbers count alike as uint8 and as float64: prototypes are floats where queries are bytes",
    mend="pairwise: convert both to float64 before subtracting",
    given=lambda subject: {"rows": drawn_rows(subject, 2, 3, "nonnegative")},
    examples=15,
)
def takes_float_prototypes(subject: Subject, rows: Features) -> None:
    queries = as_bytes(rows)
    floats = as_floats(queries)
    metric = ready(subject, floats)
    wanted = np.asarray(metric.pairwise(floats, floats))
    for references, what in ((floats, "float64"), (queries, "uint8")):
        found = np.asarray(metric.pairwise(queries, references))
        if tables_differ(found, wanted):
            raise Broken(f"uint8 with {what} gives {found.tolist()}, floats with floats {wanted.tolist()}")
