"""Rows that a metric under examination is given, and the distances that it measures between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from hypothesis.strategies import SearchStrategy

from cbrkit_xai.cases import Cases
from cbrkit_xai.features import Array, Features, count, frozen, read_only, take
from cbrkit_xai.images import SIDE
from cbrkit_xai.testing.strategies import METHODS, FeatureKind, features
from cbrkit_xai.testing.subjects import Subject

RELATIVE = 1e-9
"""Two ways to the same distance may differ by so much of the largest."""

SMALL = 48
"""Height and width of an image that most metrics of pixels take."""


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


def some_rows(least: int, most: int) -> Callable[[Subject], Mapping[str, SearchStrategy[Any]]]:
    """Return what draws so many `rows` of the metric's own domain for a law."""

    def given(subject: Subject) -> Mapping[str, SearchStrategy[Any]]:
        return {"rows": drawn_rows(subject, least, most, subject.fact("domain"))}

    return given


def drawn_rows(subject: Subject, least: int, most: int, domain: Any) -> SearchStrategy[Features]:
    """Return a strategy for rows of the kind that the metric accepts."""
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


def measured(subject: Subject, queries: Features, references: Features, fitted_to: Features) -> Array:
    """Return the distances `(q, n)` by the metric, fitted to some rows where it learns."""
    metric = ready(subject, fitted_to)
    return np.asarray(metric.pairwise(read_only(queries), read_only(references)))


def distances_among(subject: Subject, rows: Features) -> Array:
    """Return the distances of all rows from each other, `(n, n)`."""
    return measured(subject, rows, rows, rows)


def tables_differ(found: Array, wanted: Array) -> bool:
    """Say whether two tables of distances differ by more than float noise."""
    scale = float(np.abs(wanted).max(initial=0.0))
    return not np.allclose(found, wanted, rtol=RELATIVE, atol=RELATIVE * scale)


def as_floats(rows: Features) -> Features:
    """Return the same numbers as float64."""
    if isinstance(rows, Mapping):
        return {name: part.astype(np.float64) for name, part in rows.items()}
    return rows.astype(np.float64)


def parts_of(rows: Features) -> Mapping[str, Array]:
    """Return the arrays of rows by name, also where there is but one."""
    return rows if isinstance(rows, Mapping) else {"rows": rows}


def as_bytes(rows: Features) -> Features:
    """Return rows of numbers of at least 0 as uint8, eighths by their numerators."""
    if isinstance(rows, Mapping):
        return {name: as_bytes(part) for name, part in rows.items()}  # type: ignore[misc]
    return rows if rows.dtype == np.uint8 else np.clip(np.rint(rows * 8), 0, 255).astype(np.uint8)


def random_rows(subject: Subject, n: int, width: int, side: int, *, largest: float = 10.0) -> Features:
    """Return n random rows: vectors of `width` numbers up to `largest`, images of `side` times `side`."""
    rng = np.random.default_rng(0)
    lowest = 0.0 if subject.fact("domain") == "nonnegative" else -largest

    def made(kind: str) -> Array:
        if kind == "pixels":
            return rng.integers(0, 256, (n, side, side, 3), dtype=np.uint8)
        return rng.uniform(lowest, largest, (n, width)) * (rng.random((n, width)) < 0.8)

    kind = kind_of_features(subject)
    return {name: made(one) for name, one in kind.items()} if isinstance(kind, Mapping) else made(kind)


def large_table(subject: Subject) -> tuple[Features, Features]:
    """Return 40 queries and 300 references of 768 numbers, or a few images as small as the metric takes."""
    kind = kind_of_features(subject)
    has_pixels = "pixels" in (kind.values() if isinstance(kind, Mapping) else (kind,))
    queries, references = (4, 16) if has_pixels else (40, 300)
    for side in (SMALL, SIDE):
        rows = random_rows(subject, queries + references, 768, side)
        try:
            measured(subject, take(rows, slice(0, 1)), take(rows, slice(1, 2)), rows)
            break
        except Exception:  # noqa: S112 - images may be too small for it, and no others come to it
            continue
    return take(rows, slice(0, queries)), take(rows, slice(queries, None))
