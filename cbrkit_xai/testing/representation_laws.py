"""What every representation promises."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from cbrkit_xai.choice import Use
from cbrkit_xai.features import Array, Features, frozen, take
from cbrkit_xai.images import SIDE
from cbrkit_xai.testing.laws import Broken, LawsOf, offers
from cbrkit_xai.testing.strategies import images
from cbrkit_xai.testing.subjects import Subject, subjects_of
from cbrkit_xai.testing.writing import nothing_written

_laws = LawsOf("representation")
LAWS = _laws.laws

_TOLERANCE = 1e-4
"""Backends that share a fingerprint agree to this."""


def _given(subject: Subject) -> Mapping[str, SearchStrategy[Any]]:
    return {"photos": images(rows=(1, 2)).map(_with_noise)}


def _with_noise(photos: Array) -> Array:
    """Add a photo of noise: of few that are tried, all might be alike."""
    noise = np.random.default_rng(0).integers(0, 256, (1, *photos.shape[1:]), dtype=np.uint8)
    return frozen(np.concatenate([photos, noise]))


def _parts(features: Features) -> Mapping[str, Array]:
    return features if isinstance(features, Mapping) else {"features": np.asarray(features)}


def _differ(one: Features, other: Features) -> str:
    """Say where two features differ, or nothing."""
    for name, part in _parts(one).items():
        same = _parts(other).get(name)
        if same is None or same.shape != part.shape:
            return f"{name} of shape {part.shape} and {None if same is None else same.shape}"
        scale = max(1.0, float(np.abs(part).max(initial=0.0)))
        gap = np.abs(part.astype(np.float64) - same).max(initial=0.0)
        if gap > _TOLERANCE * scale:
            return f"{name} by up to {gap:g}"
    return ""


@_laws.law(
    "describe leaves the photos as they were",
    mend="describe: copy before you change anything",
    given=_given,
    first=True,
    examples=2,
)
def writes_to_nothing(subject: Subject, photos: Array) -> None:
    with nothing_written([photos]):
        subject.made.describe(photos)


@_laws.law(
    "describe gives each photo a row of what yields declares: vectors, pixels, or several arrays by name",
    mend="describe, or the fact yields",
    given=_given,
    first=True,
    examples=3,
)
def gives_a_row_per_photo(subject: Subject, photos: Array) -> None:
    found = subject.made.describe(photos)
    yields = subject.fact("yields")
    if isinstance(found, Mapping) != (yields == "several"):
        raise Broken(f"gives a {type(found).__name__}, and yields is {yields!r}")
    for name, part in _parts(found).items():
        dimensions = {"vectors": (2,), "pixels": (4,), "several": (2, 4)}[yields]
        if part.ndim not in dimensions or len(part) != len(photos):
            raise Broken(f"{len(photos)} photos give {name} of shape {part.shape}, and yields is {yields!r}")
        if part.ndim == 4 and part.shape[3] != 3:
            raise Broken(f"pixels have shape {part.shape}")


@_laws.law(
    "features are finite numbers: vectors float32, pixels uint8 or float",
    mend="describe",
    given=_given,
    first=True,
    examples=4,
)
def gives_finite_numbers(subject: Subject, photos: Array) -> None:
    for name, part in _parts(subject.made.describe(photos)).items():
        if part.ndim == 2 and part.dtype != np.float32:
            raise Broken(f"{name} is {part.dtype}")
        if part.dtype.kind not in "fu" or not np.isfinite(part).all():
            raise Broken(f"{name} ({part.dtype}) holds NaN or infinity")


@_laws.law(
    "the same photos have the same features each time",
    mend="describe: no random numbers, nothing kept between calls",
    given=_given,
    first=True,
    examples=3,
)
def says_the_same_again(subject: Subject, photos: Array) -> None:
    first, again = (_parts(subject.made.describe(photos)) for _ in range(2))
    if any(not np.array_equal(part, again[name]) for name, part in first.items()):
        raise Broken(f"they differ: {_differ(first, again)}")


def _reordered(subject: Subject) -> Mapping[str, SearchStrategy[Any]]:
    # Any order but the reverse alone: what turns rows round is its own mirror image.
    return {"photos": images(rows=(2, 2)).map(_with_noise), "order": st.permutations(range(3))}


@_laws.law(
    "photos in another order have their features in that order",
    mend="describe",
    given=_reordered,
    first=True,
    examples=4,
)
def follows_the_order_of_photos(subject: Subject, photos: Array, order: list[int]) -> None:
    found, reordered = subject.made.describe(photos), subject.made.describe(photos[order])
    gap = _differ(take(found, order), reordered)
    if gap:
        raise Broken(f"they differ: {gap}")


@_laws.law(
    "a batch of photos is described as its single photos are",
    mend="describe: no statistics over the batch",
    given=_given,
    examples=5,
)
def describes_a_batch_as_its_single_photos(subject: Subject, photos: Array) -> None:
    together = subject.made.describe(photos)
    for row in range(len(photos)):
        alone = subject.made.describe(photos[row : row + 1])
        gap = _differ(take(together, slice(row, row + 1)), alone)
        if gap:
            raise Broken(f"photo {row} alone differs: {gap}")


def _four_photos() -> Array:
    rng = np.random.default_rng(0)
    shaded = np.linspace(0, 255, SIDE, dtype=np.uint8)[:, None, None]
    return np.stack(
        [
            np.broadcast_to(np.array([250, 20, 20], dtype=np.uint8), (SIDE, SIDE, 3)),
            np.broadcast_to(shaded, (SIDE, SIDE, 3)),
            rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8),
            rng.integers(0, 256, (7, 7, 3), dtype=np.uint8).repeat(32, axis=0).repeat(32, axis=1),
        ]
    )


@_laws.law(
    "some photos that differ have other features",
    mend="describe",
)
def tells_some_photos_apart(subject: Subject) -> None:
    found = _parts(subject.made.describe(_four_photos()))
    if all(np.ptp(part, axis=0).max(initial=0) == 0 for part in found.values()):
        raise Broken("plain red, a shade, noise and patches have the same features")


@_laws.law(
    "fingerprint is a text that stays, and another where a parameter changes the numbers",
    mend="fingerprint: name everything that changes the numbers",
)
def has_a_fingerprint_that_names_its_parameters(subject: Subject) -> None:
    own = subject.made.fingerprint
    if not isinstance(own, str) or not own.strip() or own != subject.made.fingerprint:
        raise Broken(f"the fingerprint is {own!r}")
    photos = _four_photos()
    described = subject.made.describe(photos)
    for other in _variants(subject):
        try:
            features = other.made.describe(photos) if other.made.fingerprint == own else described
        except Exception:  # noqa: S112 - a value that nobody promised to be allowed
            continue
        gap = _differ(described, features)
        if gap:
            raise Broken(f"{other.label} has the same fingerprint {own!r}, and other features: {gap}")


def _variants(subject: Subject) -> Iterator[Subject]:
    """Yield what the record's examples make, and the subject with another value for one of its parameters.

    One at a time: of two that differ in several, a fingerprint that names one of these is another, too.
    """
    others = [one for one in subjects_of(subject.record, subject.registry) if one.choice != subject.choice]
    yield from others
    own = dict(subject.choice.parameters)
    parameters = inspect.signature(subject.record.resolve()).parameters
    for name in parameters:
        default = parameters[name].default
        values = [one.choice.parameters.get(name) for one in others] + _near(own.get(name, default))
        for value in values:
            if value != own.get(name, default):
                choice = Use(name=subject.record.name, parameters={**own, name: value})
                yield Subject(record=subject.record, choice=choice, registry=subject.registry)


def _near(value: Any) -> list[Any]:
    """Return other values for a parameter that is a number, or yes or no."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, value * 2, value / 2 if isinstance(value, float) else value // 2]
    return []


@_laws.law(
    "features derived from those of stored_as are those of describe",
    mend="stored_as, derive",
    given=_given,
    applies=offers("stored_as"),
    examples=4,
)
def derives_what_it_describes(subject: Subject, photos: Array) -> None:
    stored = subject.made.stored_as
    gap = _differ(subject.made.derive(stored.describe(photos)), subject.made.describe(photos))
    if gap:
        raise Broken(f"they differ: {gap}")
