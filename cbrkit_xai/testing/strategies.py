"""What may come to a component, as Hypothesis strategies; every array is read-only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from cbrkit_xai.case import Ballot, Case
from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.cases import Cases
from cbrkit_xai.features import Array, Features, frozen
from cbrkit_xai.images import SIDE
from cbrkit_xai.neighbours import Entries, Neighbours

FeatureKind: TypeAlias = "Literal['vectors', 'pixels'] | Mapping[str, Literal['vectors', 'pixels']]"

WIDTHS = (3, 6, 12)
"""Numbers in a vector: a component that splits them by colour channel must be able to."""

METHODS = ("anchors", "ig", "lime", "xrai")


def _whole_numbers(least: int, most: int, *, times: int) -> SearchStrategy[list[int]]:
    # One list at a time: drawing each number by itself takes longer than what is examined.
    return st.lists(st.integers(least, most), min_size=times, max_size=times)


@st.composite
def feature_matrices(
    draw: DrawFn,
    *,
    rows: tuple[int, int] = (1, 6),
    domain: Literal["any", "nonnegative"] = "any",
    widths: Sequence[int] = WIDTHS,
    extremes: bool = True,
) -> Array:
    """Draw `(n, d)` vectors: ordinary, zero, constant, equal, tiny (1e-12) and huge (1e12) rows.

    Parameters
    ----------
    rows : tuple of int
        Least and greatest n.
    domain : {"any", "nonnegative"}
        Whether there are negative numbers.
    widths : sequence of int
        The d to choose from.
    extremes : bool
        Whether there are tiny and huge rows.

    Returns
    -------
    array of shape (n, d)
        float64 or float32, read-only.
    """
    n, d = draw(st.integers(*rows)), draw(st.sampled_from(widths))
    shapes = ("ordinary", "zero", "constant", "equal", *(("tiny", "huge") if extremes else ()))
    # Eighths are exact, and a counter-example made of them can be checked by hand.
    rows_of_eighths = np.reshape(draw(_whole_numbers(-40, 40, times=n * d)), (n, d)) / 8
    found: list[Array] = []
    kinds = draw(_whole_numbers(0, len(shapes) - 1, times=n))
    for row, kind in zip(rows_of_eighths, kinds, strict=True):
        shape = shapes[kind]
        if shape == "zero":
            row = np.zeros(d)
        elif shape == "constant":
            row = np.full(d, row[0])
        elif shape == "equal" and found:
            row = found[0]
        elif shape in ("tiny", "huge"):
            row = row * (1e-12 if shape == "tiny" else 1e12)
        found.append(np.abs(row) if domain == "nonnegative" else row)
    return frozen(np.array(found, dtype=draw(st.sampled_from((np.float64, np.float32)))))


@st.composite
def images(draw: DrawFn, *, rows: tuple[int, int] = (1, 3), height: int = SIDE, width: int = SIDE) -> Array:
    """Draw `(n, height, width, 3)` uint8 images: of one colour, shaded, noise, patches, equal ones.

    An image is made from a few drawn numbers, so that a counter-example is found fast.
    """
    found: list[Array] = []
    for _ in range(draw(st.integers(*rows))):
        kind = draw(st.sampled_from(("plain", "shaded", "patches", "noise", "equal")))
        if kind == "equal" and found:
            found.append(found[0])
            continue
        colour = np.array(draw(st.tuples(*[st.integers(0, 255)] * 3)), dtype=np.float64)
        found.append(_image(kind, colour, draw(st.integers(0, 99)), height, width))
    return frozen(np.array(found))


def _image(kind: str, colour: Array, seed: int, height: int, width: int) -> Array:
    rng = np.random.default_rng(seed)
    if kind == "noise":
        return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    if kind == "patches":
        small = rng.integers(0, 256, (-(-height // 8), -(-width // 8), 3), dtype=np.uint8)
        return small.repeat(8, axis=0).repeat(8, axis=1)[:height, :width]
    plain = np.broadcast_to(colour, (height, width, 3))
    if kind == "shaded":
        plain = plain * np.linspace(0.2, 1.0, height)[:, None, None]
    return np.rint(plain).astype(np.uint8)


def features(
    kind: FeatureKind,
    *,
    rows: tuple[int, int] = (1, 4),
    domain: Literal["any", "nonnegative"] = "any",
) -> SearchStrategy[Features]:
    """Draw features of one kind, or a mapping of arrays with equally many rows for several."""
    if isinstance(kind, Mapping):
        parts: Mapping[str, FeatureKind] = kind

        def several(n: int) -> SearchStrategy[Features]:
            drawn: dict[str, SearchStrategy[Any]] = {
                name: features(part, rows=(n, n), domain=domain) for name, part in parts.items()
            }
            return st.fixed_dictionaries(drawn)

        return st.integers(*rows).flatmap(several)
    if kind == "pixels":
        return images(rows=(rows[0], max(rows[0], min(3, rows[1]))))
    return feature_matrices(rows=rows, domain=domain)


@st.composite
def votes(
    draw: DrawFn,
    *,
    rows: tuple[int, int] = (1, 6),
    methods: int = len(METHODS),
    missing: bool = True,
) -> Array:
    """Draw votes `(n, methods)`: counts from 0 to 9, NaN where nobody was asked."""
    n = draw(st.integers(*rows))
    numbers = draw(_whole_numbers(0, 12 if missing else 9, times=n * methods))
    found = np.array(numbers, dtype=np.float64).reshape(n, methods)
    found[found > 9] = np.nan
    return frozen(found)


@st.composite
def neighbours(
    draw: DrawFn, *, queries: tuple[int, int] = (1, 3), most: int = 5, missing: bool = True
) -> Neighbours:
    """Draw neighbours of a few queries: ties, prototypes, NaN votes, and queries with fewer than others."""
    n = draw(st.integers(1, most))
    kinds = draw(_whole_numbers(0, 5, times=n))  # members less 1, of cases and of prototypes
    entries = Entries(
        ids=[f"case-{place}" for place in range(n)],
        features=np.arange(n, dtype=np.float64)[:, None],
        votes=draw(votes(rows=(n, n), missing=missing)),
        members=[[f"member-{place}-{one}" for one in range(1 + kinds[place] % 3)] for place in range(n)],
        is_prototype=[kind > 2 for kind in kinds],
    )
    positions, distances = [], []
    for _ in range(draw(st.integers(*queries))):
        halves = draw(_whole_numbers(0, 8, times=n))
        # What is farther than 3 is not found, unless all are.
        far = {place: half / 2 for place, half in enumerate(halves) if half <= max(6, min(halves))}
        order = sorted(far, key=lambda place: (far[place], place))
        positions.append(np.array(order))
        distances.append(np.array([far[place] for place in order], dtype=np.float64))
    return entries.neighbours(positions, distances)


@st.composite
def cases(
    draw: DrawFn,
    *,
    kind: FeatureKind = "vectors",
    rows: tuple[int, int] = (1, 8),
    domain: Literal["any", "nonnegative"] = "any",
    missing: bool = True,
) -> Cases:
    """Draw the columns that an organizer sees: features, votes, and photos that are there twice."""
    described = draw(features(kind, rows=rows, domain=domain))
    n = len(next(iter(described.values())) if isinstance(described, Mapping) else described)
    names = draw(st.permutations([f"case-{place:02d}" for place in range(n)]))
    groups = list(names)
    if n > 1 and draw(st.booleans()):
        groups[-1] = groups[0]
    return Cases(
        ids=names,
        features=described,
        votes=draw(votes(rows=(n, n), missing=missing)),
        methods=METHODS,
        groups=groups,
    )


@st.composite
def case_bases(draw: DrawFn, *, rows: tuple[int, int] = (1, 8), missing: bool = True) -> CaseBase:
    """Draw a case base whose features are vectors named `drawn/1`."""
    columns = draw(cases(rows=rows, missing=missing))
    described = columns.features
    return CaseBase(
        name="drawn",
        cases=[
            Case(
                id=name,
                image_sha256=f"sha-{name}",
                ballots=[Ballot(votes=_asked(row), source="human")],
            )
            for name, row in zip(columns.ids, columns.votes, strict=True)
        ],
        features={
            "drawn/1": {f"sha-{name}": described[place] for place, name in enumerate(columns.ids)}  # type: ignore[index]
        },
    )


def _asked(row: Array) -> dict[str, float]:
    asked = {method: float(vote) for method, vote in zip(METHODS, row, strict=True) if not np.isnan(vote)}
    return asked or {METHODS[0]: 0.0}  # a ballot says something
