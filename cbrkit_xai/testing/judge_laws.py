"""What every judge promises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from cbrkit_xai.explaining.explanation import Explanation
from cbrkit_xai.features import Array
from cbrkit_xai.testing.laws import Broken, LawsOf
from cbrkit_xai.testing.small_classifier import HEIGHT, WIDTH, Redness, photo
from cbrkit_xai.testing.subjects import Subject
from cbrkit_xai.testing.writing import nothing_written

_laws = LawsOf("judge")
LAWS = _laws.laws


@st.composite
def explanations(draw: DrawFn) -> list[Explanation]:
    """Draw two to four explanations of one photo: right, wrong, noise, and a mask alone."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    right = np.exp(-((rows - 16) ** 2 + (columns - 20) ** 2) / 60.0)
    found = []
    for _ in range(draw(st.integers(2, 4))):
        kind = draw(st.sampled_from(("right", "wrong", "noise", "mask")))
        rng = np.random.default_rng(draw(st.integers(0, 99)))
        noise = 0.01 * rng.random((HEIGHT, WIDTH))
        if kind == "mask":
            found.append(Explanation(mask=right > rng.uniform(0.2, 0.8)))
        else:
            main = {"right": right, "wrong": 1 - right, "noise": rng.random((HEIGHT, WIDTH))}[kind]
            found.append(Explanation(attribution=main + noise))
    return found


def _given(subject: Subject) -> Mapping[str, SearchStrategy[Any]]:
    return {"judged": explanations(), "image": st.integers(0, 20).map(photo)}


def _reordered(subject: Subject) -> Mapping[str, SearchStrategy[Any]]:
    # Any order but the reverse alone: what turns scores round is its own mirror image.
    return {**_given(subject), "seed": st.integers(0, 99)}


def _scored(subject: Subject, judged: list[Explanation], image: Array, target: int = 0) -> Array:
    return np.asarray(subject.made.score(judged, image, Redness(), target), dtype=np.float64)


@_laws.law(
    "score leaves photo and explanations as they were",
    mend="score: copy before you change anything",
    given=_given,
    first=True,
    examples=4,
)
def writes_to_nothing(subject: Subject, judged: list[Explanation], image: Array) -> None:
    shown = [part for one in judged for part in (one.attribution, one.mask) if part is not None]
    with nothing_written([image, *shown]):
        _scored(subject, judged, image)


@_laws.law(
    "score gives one number per explanation",
    mend="score",
    given=_given,
    first=True,
    examples=4,
)
def gives_a_number_per_explanation(subject: Subject, judged: list[Explanation], image: Array) -> None:
    found = _scored(subject, judged, image)
    if found.shape != (len(judged),):
        raise Broken(f"{len(judged)} explanations have scores of shape {found.shape}")


@_laws.law(
    "a score is a finite number, or NaN to abstain; not every explanation is abstained from",
    mend="score",
    given=_given,
    first=True,
    examples=6,
)
def gives_finite_numbers_or_abstains(subject: Subject, judged: list[Explanation], image: Array) -> None:
    found = _scored(subject, judged, image)
    if np.isinf(found).any():
        raise Broken(f"the scores are {found.tolist()}")
    if all(one.attribution is not None for one in judged) and np.isnan(found).all():
        raise Broken("it abstains from every attribution")


@_laws.law(
    "the same explanations have the same scores each time",
    mend="score: give every random choice a seed",
    given=_given,
    first=True,
    examples=4,
)
def says_the_same_again(subject: Subject, judged: list[Explanation], image: Array) -> None:
    first, again = _scored(subject, judged, image), _scored(subject, judged, image)
    if not np.array_equal(first, again, equal_nan=True):
        raise Broken(f"first {first.tolist()}, then {again.tolist()}")


@_laws.law(
    "explanations in another order have their scores in that order",
    mend="score: judge each explanation by itself",
    given=_reordered,
    first=True,
)
def follows_the_order_of_explanations(
    subject: Subject, judged: list[Explanation], image: Array, seed: int
) -> None:
    order = np.random.default_rng(seed).permutation(len(judged))
    found = _scored(subject, judged, image)
    reordered = _scored(subject, [judged[place] for place in order], image)
    if not np.allclose(found[order], reordered, equal_nan=True):
        raise Broken(f"in order {found.tolist()}, as {order.tolist()} {reordered.tolist()}")


@_laws.law(
    "an explanation's score does not depend on what it is judged beside",
    mend="score: judge each explanation by itself",
    given=_given,
)
def judges_each_by_itself(subject: Subject, judged: list[Explanation], image: Array) -> None:
    together = _scored(subject, judged, image)
    alone = np.concatenate([_scored(subject, [one], image) for one in judged])
    if not np.allclose(together, alone, equal_nan=True):
        raise Broken(f"together {together.tolist()}, one by one {alone.tolist()}")


@_laws.law(
    "equal explanations have equal scores, whatever method they name",
    mend="score: look at attribution and mask, not at the method's name",
    given=_given,
)
def does_not_know_the_method(subject: Subject, judged: list[Explanation], image: Array) -> None:
    import attrs

    named = [attrs.evolve(one, method="lime", note="x", seconds=9.0, calls=9) for one in judged]
    found, renamed = _scored(subject, judged, image), _scored(subject, named, image)
    if not np.allclose(found, renamed, equal_nan=True):
        raise Broken(f"without a name {found.tolist()}, as lime {renamed.tolist()}")


@_laws.law(
    "some explanations that differ have other scores",
    mend="score",
)
def tells_some_explanations_apart(subject: Subject) -> None:
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    right = np.exp(-((rows - 16) ** 2 + (columns - 20) ** 2) / 60.0)
    judged = [Explanation(attribution=one) for one in (right, 1 - right, rng.random((HEIGHT, WIDTH)))]
    judged.append(Explanation(attribution=np.where(right > 0.99, right, 0.0)))
    found = _scored(subject, judged, photo())
    if not np.ptp(found[~np.isnan(found)]) > 0:
        raise Broken(f"right, wrong, noise and a point have the scores {found.tolist()}")
