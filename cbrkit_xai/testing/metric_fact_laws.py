"""What a metric promises by the facts that it declares."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st

from cbrkit_xai.errors import CbrkitXaiError
from cbrkit_xai.features import Array, Features
from cbrkit_xai.testing.laws import Broken, LawsOf, declares
from cbrkit_xai.testing.measured_rows import RELATIVE, distances_among, kind_of_features, ready, some_rows
from cbrkit_xai.testing.metric_shortcut_laws import SHORTCUT_LAWS
from cbrkit_xai.testing.subjects import Subject

FACT_LAWS = LawsOf("metric", after=SHORTCUT_LAWS)


@FACT_LAWS.law(
    "d(x, z) <= d(x, y) + d(y, z), as declared",
    mend="the fact triangle: declare False",
    given=some_rows(3, 5),
    applies=declares("triangle"),
    examples=40,
)
def keeps_the_triangle_inequality(subject: Subject, rows: Features) -> None:
    found = distances_among(subject, rows)
    ways = found[:, :, None] + found[None, :, :]  # (from, by way of, to)
    slack = RELATIVE * found.max(initial=0.0)
    if (found[:, None, :] > ways + slack).any():
        x, y, z = np.argwhere(found[:, None, :] > ways + slack)[0]
        raise Broken(f"d(x, z) = {found[x, z]:g} > {found[x, y]:g} + {found[y, z]:g}")


@FACT_LAWS.law(
    "a zero vector is at distance 1 from every other, and at 0 from a zero vector, as declared",
    mend="the fact zero_vector, or what pairwise makes of a zero vector",
    given=some_rows(1, 3),
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


@FACT_LAWS.law(
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
    return FACT_LAWS.law(
        rule,
        mend=f"the fact invariant: leave out {change!r}",
        given=lambda subject: {**some_rows(2, 3)(subject), "factor": st.integers(1, 24)},
        applies=lambda subject: change in subject.fact("invariant"),
        examples=15,
    )


def _unchanged(subject: Subject, rows: Array, changed: Array) -> None:
    before, after = distances_among(subject, rows), distances_among(subject, changed)
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
