"""What every aggregator promises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from cbrkit_xai.errors import CbrkitXaiError
from cbrkit_xai.features import Array
from cbrkit_xai.testing.laws import Broken, LawsOf, declares, shown
from cbrkit_xai.testing.strategies import feature_matrices, images, votes
from cbrkit_xai.testing.subjects import Subject
from cbrkit_xai.testing.writing import nothing_written

_laws = LawsOf("aggregator")
LAWS = _laws.laws

_RELATIVE = 1e-6
"""Iterated aggregators stop within a tolerance; float noise stays far below this."""


def _takes(subject: Subject) -> str:
    """Return which rows it reduces: any, or what a metric that it was given accepts."""
    metric = subject.choice.parameters.get("metric")
    name = getattr(metric, "name", metric)
    if name not in subject.registry.names("metric"):
        return "any"
    return str(subject.registry.find("metric", name).facts["accepts"])


def _takes_any(subject: Subject) -> bool:
    return _takes(subject) == "any"


# Of rows on a line many points may be equally good, and beside 1e12 rounding chooses among them.
def _stacks(
    least: int, most: int, *, extremes: bool = True
) -> Callable[[Subject], Mapping[str, SearchStrategy[Any]]]:
    def given(subject: Subject) -> Mapping[str, SearchStrategy[Any]]:
        rows = least, most
        numbers = st.one_of(feature_matrices(rows=rows, extremes=extremes), votes(rows=rows, missing=False))
        photos = images(rows=rows, height=8, width=8)
        drawn = {"vectors": numbers, "pixels": photos}
        return {"stack": drawn.get(_takes(subject), st.one_of(numbers, photos))}

    return given


def _reduced(subject: Subject, stack: Array, weights: Any = None) -> Array:
    given = np.asarray(stack)
    given.flags.writeable = False
    if weights is None:
        return np.asarray(subject.made.aggregate(given))
    weights = np.asarray(weights, dtype=np.float64)
    weights.flags.writeable = False
    return np.asarray(subject.made.aggregate(given, weights))


def _said(numbers: Array) -> str:
    return str(numbers.tolist()) if numbers.size <= 20 else shown(numbers)


def _same(found: Array, wanted: Array, stack: Array) -> bool:
    scale = float(np.abs(stack).max(initial=0.0))
    return found.shape == wanted.shape and np.allclose(
        found, wanted, rtol=_RELATIVE, atol=_RELATIVE * scale, equal_nan=True
    )


@_laws.law(
    "aggregate leaves its input as it was",
    mend="aggregate: copy before you change anything",
    given=_stacks(1, 4),
    first=True,
    examples=10,
)
def writes_to_nothing(subject: Subject, stack: Array) -> None:
    weights = np.ones(len(stack))
    with nothing_written([stack, weights]):
        _reduced(subject, stack)
    with nothing_written([stack, weights]):
        _reduced(subject, stack, weights)


@_laws.law(
    "aggregate maps n rows to one: votes, vectors and pixels alike",
    mend="aggregate: reduce the first axis, and that alone",
    first=True,
)
def gives_one_row(subject: Subject) -> None:
    takes = _takes(subject)
    for shape in ((3, 4), (3, 12), (2, 8, 8, 3), (1, 5)):
        if takes == ("pixels" if len(shape) == 2 else "vectors"):
            continue
        stack = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
        found = _reduced(subject, stack)
        if found.shape != shape[1:] or found.dtype.kind not in "fiu":
            raise Broken(f"a stack of shape {shape} gives {found.dtype} of shape {found.shape}")


@_laws.law(
    "the same rows give the same row each time",
    mend="aggregate: use no random numbers and keep nothing between calls",
    given=_stacks(1, 4),
    first=True,
    examples=10,
)
def says_the_same_again(subject: Subject, stack: Array) -> None:
    first, again = _reduced(subject, stack), _reduced(subject, stack)
    if not np.array_equal(first, again, equal_nan=True):
        raise Broken(f"first {_said(first)}, then {_said(again)}")


@_laws.law(
    "a single row is its own aggregate",
    mend="aggregate",
    given=_stacks(1, 1),
    first=True,
)
def gives_a_single_row_back(subject: Subject, stack: Array) -> None:
    found = _reduced(subject, stack)
    if not _same(found, stack[0], stack):
        raise Broken(f"the row {_said(stack[0])} becomes {_said(found)}")


@_laws.law(
    "bytes are reduced as the floats of the same numbers are",
    mend="aggregate: convert to float64 before adding up; 200 + 100 is 44 in bytes",
    given=lambda subject: {"stack": images(rows=(2, 5), height=8, width=8)},
    applies=lambda subject: _takes(subject) != "vectors",
    first=True,
)
def counts_bytes_as_numbers(subject: Subject, stack: Array) -> None:
    found, wanted = _reduced(subject, stack), _reduced(subject, stack.astype(np.float64))
    if not _same(found, wanted, stack):
        raise Broken(f"as bytes {_said(found)}, as floats {_said(wanted)}")


@_laws.law(
    "a photo is reduced as the row of its numbers is",
    mend="aggregate: treat stacks of any number of dimensions alike",
    given=lambda subject: {"stack": images(rows=(2, 5), height=8, width=8)},
    applies=_takes_any,
    first=True,
)
def reduces_photos_as_rows_of_numbers(subject: Subject, stack: Array) -> None:
    found = _reduced(subject, stack)
    flat = _reduced(subject, stack.reshape(len(stack), -1))
    if not _same(found.reshape(-1), flat, stack):
        raise Broken(f"a stack of shape {stack.shape} gives {_said(found)}, its rows {_said(flat)}")


@_laws.law(
    "equal rows give that row, but for float noise",
    mend="aggregate",
    given=lambda subject: {**_stacks(1, 1)(subject), "times": st.integers(2, 6)},
)
def gives_equal_rows_back(subject: Subject, stack: Array, times: int) -> None:
    found = _reduced(subject, np.repeat(stack, times, axis=0))
    if not _same(found, stack[0], stack):
        raise Broken(f"{times} rows {_said(stack[0])} become {_said(found)}")


@_laws.law(
    "the order of the rows does not matter, but for float noise",
    mend="aggregate",
    given=lambda subject: {**_stacks(2, 5)(subject), "seed": st.integers(0, 99)},
)
def does_not_mind_the_order(subject: Subject, stack: Array, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(stack))
    found, reordered = _reduced(subject, stack), _reduced(subject, stack[order])
    if not _same(reordered, found, stack):
        raise Broken(f"in order {_said(found)}, in another {_said(reordered)}")


@_laws.law(
    "each number lies between the least and the greatest of its column, as declared",
    mend="the fact bounded: declare False",
    given=_stacks(1, 5),
    applies=declares("bounded"),
)
def stays_within_its_rows(subject: Subject, stack: Array) -> None:
    found = _reduced(subject, stack)
    slack = _RELATIVE * np.abs(stack).max(initial=0.0)
    if (found < stack.min(axis=0) - slack).any() or (found > stack.max(axis=0) + slack).any():
        raise Broken(f"gives {_said(found)}")


@_laws.law(
    "A(a X + Y) = a A(X) + A(Y), as declared",
    mend="the fact linear: declare False",
    given=lambda subject: {
        "stack": st.integers(2, 4).flatmap(
            lambda n: st.tuples(*[votes(rows=(n, n), missing=False)] * 2).map(np.array)
        ),
        "factor": st.integers(-16, 16),
    },
    applies=declares("linear"),
)
def is_linear(subject: Subject, stack: Array, factor: int) -> None:
    one, other = stack
    found = _reduced(subject, factor * one + other)
    wanted = factor * _reduced(subject, one) + _reduced(subject, other)
    if not _same(found, wanted, np.array([100.0])):
        raise Broken(f"A(a X + Y) = {_said(found)}, a A(X) + A(Y) = {_said(wanted)}")


@_laws.law(
    "rows that hold NaN are refused, as nan='refuse' says",
    mend="aggregate: raise ParameterError, or declare nan='omit'",
    applies=declares("nan", "refuse"),
)
def refuses_nan(subject: Subject) -> None:
    stack = np.array([[1.0, 2.0], [np.nan, 4.0], [5.0, 6.0]])
    try:
        found = _reduced(subject, stack)
    except CbrkitXaiError:
        return
    raise Broken(f"{_said(stack)} gives {_said(found)}")


@_laws.law(
    "NaN is left out column by column, as nan='omit' says",
    mend="aggregate, or declare nan='refuse'",
    given=lambda subject: {"stack": votes(rows=(2, 5))},
    applies=declares("nan", "omit"),
)
def leaves_out_nan(subject: Subject, stack: Array) -> None:
    found = _reduced(subject, stack)
    for column in range(stack.shape[1]):
        asked = stack[~np.isnan(stack[:, column]), column]
        wanted = _reduced(subject, asked[:, None])[0] if len(asked) else np.nan
        if not _same(found[column : column + 1], np.array([wanted]), np.nan_to_num(stack)):
            raise Broken(f"column {column} gives {found[column]}, without its NaN {wanted}")


@_laws.law(
    "equal weights count as none",
    mend="aggregate: what it makes of weights",
    given=_stacks(1, 4),
    first=True,
)
def counts_equal_weights_as_none(subject: Subject, stack: Array) -> None:
    plain = _reduced(subject, stack)
    for weight in (1.0, 2.0):
        weighted = _reduced(subject, stack, np.full(len(stack), weight))
        if not _same(weighted, plain, stack):
            raise Broken(f"without weights {_said(plain)}, with {weight:g} each {_said(weighted)}")


@_laws.law(
    "weights change nothing, as weights='ignored' says",
    mend="the fact weights: declare 'repetition' if that is what a weight means",
    given=_stacks(2, 4),
    applies=declares("weights", "ignored"),
)
def ignores_weights(subject: Subject, stack: Array) -> None:
    plain = _reduced(subject, stack)
    weighted = _reduced(subject, stack, 1.0 + np.arange(len(stack)))
    if not _same(weighted, plain, stack):
        raise Broken(f"without weights {_said(plain)}, with {_said(weighted)}")


@_laws.law(
    "a row of weight 2 counts as the row twice, as weights='repetition' says",
    mend="the fact weights, or what aggregate makes of weights",
    given=lambda subject: {
        **_stacks(1, 4, extremes=False)(subject),
        "counts": st.lists(st.integers(1, 3), min_size=4, max_size=4),
    },
    applies=declares("weights", "repetition"),
    first=True,
)
def counts_a_weight_as_repetition(subject: Subject, stack: Array, counts: list[int]) -> None:
    times = counts[: len(stack)]
    found = _reduced(subject, stack, times)
    wanted = _reduced(subject, np.repeat(stack, times, axis=0))
    if not _same(found, wanted, stack):
        raise Broken(f"with weights {times} {_said(found)}, repeated {_said(wanted)}")


@_laws.law(
    "weights of halves count as the doubled weights do, as weights='repetition' says",
    mend="the fact weights, or what aggregate makes of weights: do not round them",
    given=lambda subject: {
        **_stacks(2, 4, extremes=False)(subject),
        "halves": st.lists(st.integers(1, 5), min_size=4, max_size=4),
    },
    applies=declares("weights", "repetition"),
)
def counts_half_a_weight_as_half(subject: Subject, stack: Array, halves: list[int]) -> None:
    times = halves[: len(stack)]
    found = _reduced(subject, stack, np.array(times) / 2)
    wanted = _reduced(subject, np.repeat(stack, times, axis=0))
    if not _same(found, wanted, stack):
        raise Broken(f"with half of the weights {times} {_said(found)}, repeated {_said(wanted)}")


@_laws.law(
    "a row of weight 0 counts as absent, as weights='repetition' says",
    mend="the fact weights, or what aggregate makes of weights",
    given=_stacks(2, 5, extremes=False),
    applies=declares("weights", "repetition"),
)
def leaves_out_rows_of_weight_0(subject: Subject, stack: Array) -> None:
    weights = np.ones(len(stack))
    weights[0] = 0.0
    found, wanted = _reduced(subject, stack, weights), _reduced(subject, stack[1:])
    if not _same(found, wanted, stack):
        raise Broken(f"with weight 0 {_said(found)}, without the row {_said(wanted)}")
