"""What every metric promises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from cbrkit_xai.cases import Cases
from cbrkit_xai.errors import CbrkitXaiError
from cbrkit_xai.features import Array, Features, count, frozen, read_only, take
from cbrkit_xai.testing.laws import Broken, LawsOf, declares
from cbrkit_xai.testing.strategies import METHODS, FeatureKind, features
from cbrkit_xai.testing.subjects import Subject
from cbrkit_xai.testing.writing import nothing_written

_laws = LawsOf("metric")
LAWS = _laws.laws

_RELATIVE = 1e-9
"""Two ways to the same distance may differ by so much of the largest."""


def kind_of_features(subject: Subject) -> FeatureKind:
    """Return what a metric is given: vectors, pixels, or several of these by name."""
    accepts = subject.fact("accepts")
    if accepts == "several":
        parts = subject.choice.parameters.get("parts", {})
        records = {
            name: subject.registry.find("metric", one if isinstance(one, str) else one.name)
            for name, one in parts.items()
        }
        return {
            name: "pixels" if getattr(record, "accepts", "") == "pixels" else "vectors"
            for name, record in records.items()
        }
    return "pixels" if accepts == "pixels" else "vectors"


def _rows(least: int, most: int) -> Callable[[Subject], Mapping[str, SearchStrategy[Any]]]:
    def given(subject: Subject) -> Mapping[str, SearchStrategy[Any]]:
        return {"rows": _drawn(subject, least, most, subject.fact("domain"))}

    return given


def _drawn(subject: Subject, least: int, most: int, domain: Any) -> SearchStrategy[Features]:
    return features(kind_of_features(subject), rows=(least, most), domain=domain).map(_with_texture)


def _with_texture(rows: Features) -> Features:
    """Make the last of several images one of noise: of few that are tried, all might be plain."""
    if isinstance(rows, Mapping):
        return {name: _with_texture(part) for name, part in rows.items()}  # type: ignore[misc]
    if rows.ndim != 4 or len(rows) < 2:
        return rows
    noise = np.random.default_rng(0).integers(0, 256, (1, *rows.shape[1:]), dtype=np.uint8)
    return frozen(np.concatenate([rows[:-1], noise]))


def ready(subject: Subject, rows: Features) -> Any:
    """Return the metric, fitted to the rows and made-up votes where it learns."""
    metric = subject.made
    if not hasattr(metric, "fitted"):
        return metric
    n = count(rows)
    votes = np.arange(n * len(METHODS), dtype=np.float64).reshape(n, -1) % 7
    ids = [f"case-{place:02d}" for place in range(n)]
    return metric.fitted(Cases(ids=ids, features=rows, votes=votes, methods=METHODS))


def _measured(subject: Subject, queries: Features, references: Features, fitted_to: Features) -> Array:
    metric = ready(subject, fitted_to)
    return np.asarray(metric.pairwise(read_only(queries), read_only(references)))


def _own(subject: Subject, rows: Features) -> Array:
    """Distances of all rows from each other, (n, n)."""
    return _measured(subject, rows, rows, rows)


def _differ(found: Array, wanted: Array) -> bool:
    scale = float(np.abs(wanted).max(initial=0.0))
    return not np.allclose(found, wanted, rtol=_RELATIVE, atol=_RELATIVE * scale)


def _floats(rows: Features) -> Features:
    if isinstance(rows, Mapping):
        return {name: part.astype(np.float64) for name, part in rows.items()}
    return rows.astype(np.float64)


@_laws.law(
    "pairwise leaves its input as it was",
    mend="pairwise: copy before you change anything",
    given=_rows(1, 3),
    first=True,
    examples=10,
)
def writes_to_nothing(subject: Subject, rows: Features) -> None:
    with nothing_written(_parts(rows).values()):
        _own(subject, rows)


@_laws.law(
    "pairwise maps q queries and n references to q times n numbers",
    mend="pairwise: return an array of shape (q, n)",
    given=_rows(2, 4),
    first=True,
    examples=10,
)
def gives_one_number_per_pair(subject: Subject, rows: Features) -> None:
    queries = take(rows, slice(0, 1))
    found = _measured(subject, queries, rows, rows)
    if found.shape != (1, count(rows)) or found.dtype.kind not in "fiu":
        raise Broken(f"1 query and {count(rows)} references give {found.dtype} of shape {found.shape}")


def _parts(rows: Features) -> Mapping[str, Array]:
    return rows if isinstance(rows, Mapping) else {"rows": rows}


@_laws.law(
    "the same rows have the same distance each time",
    mend="pairwise: use no random numbers and keep nothing between calls",
    given=_rows(1, 3),
    first=True,
    examples=10,
)
def says_the_same_again(subject: Subject, rows: Features) -> None:
    metric = ready(subject, rows)
    first, again = (np.array(metric.pairwise(rows, rows)) for _ in range(2))
    if not np.array_equal(first, again, equal_nan=True):
        raise Broken(f"first {first.tolist()}, then {again.tolist()}")


@_laws.law(
    "a distance is a finite number of at least 0",
    mend="pairwise",
    given=_rows(1, 4),
    first=True,
    examples=15,
)
def is_finite_and_not_negative(subject: Subject, rows: Features) -> None:
    found = _own(subject, rows)
    if not (np.isfinite(found) & (found >= 0)).all():
        raise Broken(f"a distance is {found[~(np.isfinite(found) & (found >= 0))][0]}")


@_laws.law(
    "a row is at distance 0 from itself, or at most at the declared self_distance",
    mend="pairwise, or the fact self_distance",
    given=_rows(1, 3),
    examples=15,
)
def is_nothing_from_a_row_to_itself(subject: Subject, rows: Features) -> None:
    allowed = subject.fact("self_distance")
    found = _own(subject, rows).diagonal()
    if (found > allowed).any():
        raise Broken(f"d(x, x) is {found.max():g}, over {allowed:g}")


@_laws.law(
    "some rows that differ are apart",
    mend="pairwise: a distance that is always 0 finds nobody's neighbours",
)
def tells_some_rows_apart(subject: Subject) -> None:
    rng = np.random.default_rng(0)
    kind = kind_of_features(subject)

    def made(one: str) -> Array:
        if one == "pixels":
            return rng.integers(0, 256, (3, 224, 224, 3), dtype=np.uint8)
        return rng.integers(1, 100, (3, 12)).astype(np.float64)

    rows = {name: made(one) for name, one in kind.items()} if isinstance(kind, Mapping) else made(kind)
    if not (_own(subject, rows) > 0).any():
        raise Broken("three rows of random numbers are all at distance 0 from each other")


@_laws.law(
    "d(x, y) = d(y, x)",
    mend="pairwise",
    given=_rows(2, 4),
    examples=15,
)
def is_symmetric(subject: Subject, rows: Features) -> None:
    found = _own(subject, rows)
    if _differ(found, found.T):
        x, y = np.unravel_index(np.abs(found - found.T).argmax(), found.shape)
        raise Broken(f"d(x, y) is {found[x, y]!r} and d(y, x) is {found[y, x]!r}")


@_laws.law(
    "a batch of queries is answered as its single queries are",
    mend="pairwise: let each query's distances depend on that query alone",
    given=_rows(2, 4),
    examples=15,
)
def answers_a_batch_as_its_single_queries(subject: Subject, rows: Features) -> None:
    together = _own(subject, rows)
    alone = np.concatenate(
        [_measured(subject, take(rows, slice(row, row + 1)), rows, rows) for row in range(count(rows))]
    )
    if _differ(together, alone):
        raise Broken(f"together {together.tolist()}, one by one {alone.tolist()}")


@_laws.law(
    "references in another order have their distances in that order",
    mend="pairwise: let each distance depend on its two rows alone",
    given=_rows(2, 4),
    examples=15,
)
def follows_the_order_of_references(subject: Subject, rows: Features) -> None:
    order = np.arange(count(rows))[::-1]
    found, reordered = _own(subject, rows), _measured(subject, rows, take(rows, order), rows)
    if _differ(reordered, found[:, order]):
        raise Broken(f"in order {found.tolist()}, reversed {reordered.tolist()}")


@_laws.law(
    "numbers count alike as uint8 and as float64: prototypes are floats where queries are bytes",
    mend="pairwise: convert both to float64 before subtracting",
    given=lambda subject: {"rows": _drawn(subject, 2, 3, "nonnegative")},
    examples=15,
)
def takes_float_prototypes(subject: Subject, rows: Features) -> None:
    whole = {name: _bytes(part) for name, part in _parts(rows).items()}
    queries: Features = whole if isinstance(rows, Mapping) else whole["rows"]
    metric = ready(subject, _floats(queries))
    wanted = np.asarray(metric.pairwise(_floats(queries), _floats(queries)))
    for references, what in ((_floats(queries), "float64"), (queries, "uint8")):
        found = np.asarray(metric.pairwise(queries, references))
        if _differ(found, wanted):
            raise Broken(f"uint8 with {what} gives {found.tolist()}, floats with floats {wanted.tolist()}")


def _bytes(part: Array) -> Array:
    return part if part.dtype == np.uint8 else np.clip(np.rint(part * 8), 0, 255).astype(np.uint8)


@_laws.law(
    "what prepare(references) gives answers as pairwise does",
    mend="prepare",
    given=_rows(2, 4),
    applies=lambda subject: subject.offers("prepare"),
    examples=15,
)
def prepares_what_it_measures(subject: Subject, rows: Features) -> None:
    metric = ready(subject, rows)
    plain, prepared = np.asarray(metric.pairwise(rows, rows)), np.asarray(metric.prepare(rows)(rows))
    if prepared.shape != plain.shape or _differ(prepared, plain):
        raise Broken(f"pairwise {plain.tolist()}, prepared {prepared.tolist()}")


@_laws.law(
    "embedded rows lie in the order of the metric: what is nearer stays nearer",
    mend="embed, or leave it out: trees and k-means rely on it",
    given=_rows(3, 5),
    applies=lambda subject: subject.offers("embed"),
    examples=15,
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


@_laws.law(
    "d(x, z) <= d(x, y) + d(y, z), as declared",
    mend="the fact triangle: declare False",
    given=_rows(3, 5),
    applies=declares("triangle"),
    examples=40,
)
def keeps_the_triangle_inequality(subject: Subject, rows: Features) -> None:
    found = _own(subject, rows)
    ways = found[:, :, None] + found[None, :, :]  # (from, by way of, to)
    slack = _RELATIVE * found.max(initial=0.0)
    if (found[:, None, :] > ways + slack).any():
        x, y, z = np.argwhere(found[:, None, :] > ways + slack)[0]
        raise Broken(f"d(x, z) = {found[x, z]:g} > {found[x, y]:g} + {found[y, z]:g}")


@_laws.law(
    "a zero vector is at distance 1 from every other, and at 0 from a zero vector, as declared",
    mend="the fact zero_vector, or what pairwise makes of a zero vector",
    given=_rows(1, 3),
    applies=declares("zero_vector", "one"),
    examples=15,
)
def treats_the_zero_vector_as_declared(subject: Subject, rows: Array) -> None:
    zero = np.zeros((1, rows.shape[1]), dtype=rows.dtype)
    others = rows[rows.any(axis=1)]
    both = np.concatenate([zero, others])
    found = np.asarray(ready(subject, both).pairwise(zero, both))[0]
    if found[0] != 0 or (found[1:] != 1).any():
        raise Broken(f"from the zero vector to itself and the others: {found.tolist()}")


@_laws.law(
    "negative numbers are refused, as the declared domain says",
    mend="the fact domain, or a check in pairwise that raises ParameterError",
    applies=declares("domain", "nonnegative"),
)
def refuses_negative_numbers(subject: Subject) -> None:
    if kind_of_features(subject) != "vectors":
        return
    rows = np.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, -2.0, 3.0, 4.0, 5.0, 6.0]])
    try:
        found = subject.made.pairwise(rows, rows)
    except CbrkitXaiError:
        return
    raise Broken(f"a vector with -2 gives {np.asarray(found).tolist()}")


def _invariance(change: str, rule: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return _laws.law(
        rule,
        mend=f"the fact invariant: leave out {change!r}",
        given=lambda subject: {**_rows(2, 3)(subject), "factor": st.integers(1, 24)},
        applies=lambda subject: change in subject.fact("invariant"),
        examples=15,
    )


def _unchanged(subject: Subject, rows: Array, changed: Array) -> None:
    before, after = _own(subject, rows), _own(subject, changed)
    # The change itself rounds: what it loses of a small difference beside a large number may be seen.
    if not np.allclose(before, after, rtol=1e-5, atol=1e-5 * max(1.0, float(before.max(initial=0.0)))):
        raise Broken(f"before {before.tolist()}, afterwards {after.tolist()}")


def _moderate(rows: Array) -> Array:
    """Without the tiny and the huge, beside which a change would be lost in rounding."""
    whole = np.asarray(rows, dtype=np.float64)
    return whole / np.maximum(np.abs(whole).max(axis=1, initial=0.0, keepdims=True), 1e-300)


@_invariance("scale", "multiplying each vector by a positive number of its own changes nothing")
def is_unchanged_by_scale(subject: Subject, rows: Array, factor: int) -> None:
    factors = 1.0 + factor * np.arange(len(rows))
    _unchanged(subject, rows.astype(np.float64), rows * factors[:, None])


@_invariance("offset", "adding a number to all of one vector changes nothing")
def is_unchanged_by_offset(subject: Subject, rows: Array, factor: int) -> None:
    calm = _moderate(rows)
    _unchanged(subject, calm, calm + (np.arange(len(rows)) * factor / 8)[:, None])


@_invariance("translation", "adding the same vector to both changes nothing")
def is_unchanged_by_translation(subject: Subject, rows: Array, factor: int) -> None:
    calm = _moderate(rows)
    _unchanged(subject, calm, calm + factor * np.arange(rows.shape[1]) / 8)


@_invariance("order", "reordering the numbers of both vectors alike changes nothing")
def is_unchanged_by_order(subject: Subject, rows: Array, factor: int) -> None:
    order = np.random.default_rng(factor).permutation(rows.shape[1])
    _unchanged(subject, rows, rows[:, order])


@_invariance("mirroring", "mirroring both images left to right changes nothing")
def is_unchanged_by_mirroring(subject: Subject, rows: Array, factor: int) -> None:
    _unchanged(subject, rows, np.ascontiguousarray(rows[:, :, ::-1]))
