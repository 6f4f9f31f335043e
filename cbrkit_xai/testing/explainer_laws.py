"""What every explainer promises."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from cbrkit_xai.errors import BudgetSpentError
from cbrkit_xai.explaining.counted_classifier import CountedClassifier
from cbrkit_xai.explaining.explanation import Explanation
from cbrkit_xai.features import Array
from cbrkit_xai.testing.laws import Broken, LawsOf, declares
from cbrkit_xai.testing.small_classifier import Redness, WithoutDerivatives, photo
from cbrkit_xai.testing.subjects import Subject
from cbrkit_xai.testing.writing import nothing_written

_laws = LawsOf("explainer")
LAWS = _laws.laws


def _given(subject: Subject) -> Mapping[str, SearchStrategy[Any]]:
    return {"image": st.integers(0, 20).map(photo)}


def _explained(subject: Subject, image: Array, classifier: Any = None, progress: Any = None) -> Any:
    # The top class: some methods explain no other.
    target = int(Redness().predict(image[None])[0].argmax())
    return subject.made.explain(image, classifier or Redness(), target, np.random.default_rng(7), progress)


def _same(one: Explanation, other: Explanation) -> bool:
    pairs = ((one.attribution, other.attribution), (one.mask, other.mask))
    return all(
        first is second if first is None or second is None else np.array_equal(first, second)
        for first, second in pairs
    )


@_laws.law(
    "explain leaves the photo as it was",
    mend="explain: copy before you change anything",
    given=_given,
    first=True,
    examples=2,
)
def writes_to_nothing(subject: Subject, image: Array) -> None:
    with nothing_written([image]):
        _explained(subject, image)


@_laws.law(
    "explain gives an Explanation with an attribution, a mask or both, of the photo's height and width",
    mend="explain: return Explanation(attribution=..., mask=...)",
    given=_given,
    first=True,
    examples=2,
)
def gives_an_explanation_of_the_photos_size(subject: Subject, image: Array) -> None:
    found = _explained(subject, image)
    if not isinstance(found, Explanation):
        raise Broken(f"gives a {type(found).__name__}")
    if found.attribution is None and found.mask is None:
        raise Broken("gives neither an attribution nor a mask")
    for what, array in (("attribution", found.attribution), ("mask", found.mask)):
        if array is not None and array.shape != image.shape[:2]:
            raise Broken(f"the {what} of a photo of shape {image.shape} has shape {array.shape}")


@_laws.law(
    "an attribution is finite, and not the same everywhere",
    mend="explain",
    given=_given,
    first=True,
    examples=2,
)
def attributes_finite_numbers(subject: Subject, image: Array) -> None:
    found = _explained(subject, image)
    shown = found.attribution if found.attribution is not None else found.mask
    if not np.isfinite(shown).all():
        raise Broken("the attribution holds NaN or infinity")
    if found.attribution is not None and np.ptp(found.attribution) == 0:
        raise Broken(f"the attribution is {found.attribution.flat[0]:g} everywhere")


@_laws.law(
    "the same photo, class and seed give the same explanation, as deterministic declares",
    mend="explain: draw from `rng` alone; or the fact deterministic: declare False",
    given=_given,
    applies=declares("deterministic"),
    first=True,
    examples=2,
)
def explains_the_same_again(subject: Subject, image: Array) -> None:
    if not _same(_explained(subject, image), _explained(subject, image)):
        raise Broken("two runs with the same seed give two explanations")


@_laws.law(
    "numpy's global random numbers are left alone",
    mend="explain: draw from `rng` alone",
    given=_given,
    examples=2,
)
def leaves_global_random_numbers_alone(subject: Subject, image: Array) -> None:
    kept = np.random.get_state()  # noqa: NPY002 - it is what is watched
    try:
        # Of its own: one who seeds it leaves the same state behind each time.
        np.random.seed(20220)  # noqa: NPY002
        before = repr(np.random.get_state())  # noqa: NPY002
        _explained(subject, image)
        if before != repr(np.random.get_state()):  # noqa: NPY002
            raise Broken("the global state has changed")
    finally:
        np.random.set_state(kept)  # noqa: NPY002


@_laws.law(
    "a classifier that offers only what is declared to be needed is enough",
    mend="the facts needs_gradients and needs_feature_maps, or what explain asks the classifier for",
    given=_given,
    first=True,
    examples=2,
)
def asks_only_for_what_it_declares(subject: Subject, image: Array) -> None:
    needed = (("needs_gradients", "gradient"), ("needs_feature_maps", "feature_maps"))
    offered = tuple(member for fact, member in needed if subject.fact(fact))
    _explained(subject, image, WithoutDerivatives(offered))


@_laws.law(
    "details and notes can be written as JSON",
    mend="explain: put plain numbers, texts and lists into details",
    given=_given,
    examples=2,
)
def tells_details_that_json_holds(subject: Subject, image: Array) -> None:
    found = _explained(subject, image)
    try:
        json.dumps(found.to_json(), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise Broken(str(error)) from error


@_laws.law(
    "the steps that progress is told of never go back, and never over their total",
    mend="explain: what it tells progress",
    given=_given,
    examples=2,
)
def tells_progress_that_only_grows(subject: Subject, image: Array) -> None:
    told: list[tuple[int, int]] = []
    _explained(subject, image, progress=lambda done, total: told.append((done, total)))
    steps = [done for done, _ in told]
    # The total may grow: some methods find out on the way that they have farther to go.
    if steps != sorted(steps) or any(not 0 <= done <= total for done, total in told):
        raise Broken(f"progress was told {told[:12]}")


@_laws.law(
    "where the budget ends early there is the best so far with the reason, or BudgetSpentError",
    mend="explain: catch BudgetSpentError, and return what there is with stopped=error.what",
)
def ends_with_the_budget(subject: Subject) -> None:
    image, whole = photo(3), CountedClassifier(Redness())
    _explained(subject, image, whole)
    for calls in (1, 20, 150):
        counted = CountedClassifier(Redness(), max_calls=calls)
        try:
            found = _explained(subject, image, counted)
        except BudgetSpentError:
            if whole.calls <= calls:
                raise Broken(f"{whole.calls} calls are enough, and {calls} were allowed") from None
            continue
        if not isinstance(found, Explanation):
            raise Broken(f"with {calls} calls it gives a {type(found).__name__}")
        if whole.calls > calls and not found.stopped:
            raise Broken(f"{calls} of {whole.calls} calls were allowed, and it does not say that it stopped")
        if whole.calls <= calls and found.stopped:
            raise Broken(
                f"{whole.calls} calls are enough, {calls} were allowed, and it says {found.stopped!r}"
            )
