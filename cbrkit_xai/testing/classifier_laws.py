"""What every classifier promises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from cbrkit_xai.explaining.counted_classifier import SUM_TOLERANCE, can, image_size
from cbrkit_xai.features import Array
from cbrkit_xai.testing.laws import Broken, LawsOf, offers
from cbrkit_xai.testing.strategies import images
from cbrkit_xai.testing.subjects import Subject
from cbrkit_xai.testing.writing import nothing_written

_laws = LawsOf("classifier")
LAWS = _laws.laws

_TOLERANCE = 1e-4
"""Backends of one network agree to this."""

_HILLS = 6
"""Photos on which a gradient is followed."""


def _given(subject: Subject) -> Mapping[str, SearchStrategy[Any]]:
    height, width = image_size(subject.made)
    return {"photos": images(rows=(2, 3), height=height, width=width)}


def _predicted(subject: Subject, photos: Array) -> Array:
    return np.asarray(subject.made.predict(photos))


@_laws.law(
    "predict leaves the photos as they were",
    mend="predict: copy before you change anything",
    given=_given,
    first=True,
    examples=2,
)
def writes_to_nothing(subject: Subject, photos: Array) -> None:
    with nothing_written([photos]):
        _predicted(subject, photos)


@_laws.law(
    "predict gives each photo a probability for each label",
    mend="predict, labels: (n, h, w, 3) photos give (n, classes) numbers",
    given=_given,
    first=True,
    examples=3,
)
def gives_a_probability_per_label(subject: Subject, photos: Array) -> None:
    found = _predicted(subject, photos)
    wanted = (len(photos), len(subject.made.labels))
    if found.shape != wanted or found.dtype.kind != "f":
        raise Broken(f"{found.dtype} of shape {found.shape}, not floats of shape {wanted}")


@_laws.law(
    "probabilities are finite, at least 0, and each row sums to 1",
    mend="predict: put scores through softmax",
    given=_given,
    first=True,
    examples=4,
)
def gives_rows_that_sum_to_1(subject: Subject, photos: Array) -> None:
    found = _predicted(subject, photos)
    if not np.isfinite(found).all() or found.min() < 0:
        raise Broken(f"the least is {found.min():g}")
    if (np.abs(found.sum(axis=1) - 1) > SUM_TOLERANCE).any():
        raise Broken(f"the rows sum to {found.sum(axis=1).tolist()}")


@_laws.law(
    "the same photos have the same probabilities each time",
    mend="predict: no dropout, no random numbers, nothing kept between calls",
    given=_given,
    first=True,
    examples=3,
)
def says_the_same_again(subject: Subject, photos: Array) -> None:
    first, again = _predicted(subject, photos), _predicted(subject, photos)
    if not np.array_equal(first, again):
        raise Broken(f"they differ by up to {np.abs(first - again).max():g}")


def _reordered(subject: Subject) -> Mapping[str, SearchStrategy[Any]]:
    # Any order but the reverse alone: what turns rows round is its own mirror image.
    height, width = image_size(subject.made)
    photos = images(rows=(3, 3), height=height, width=width)
    return {"photos": photos, "order": st.permutations(range(3))}


@_laws.law(
    "photos in another order have their probabilities in that order",
    mend="predict",
    given=_reordered,
    first=True,
    examples=6,
)
def follows_the_order_of_photos(subject: Subject, photos: Array, order: list[int]) -> None:
    found, reordered = _predicted(subject, photos), _predicted(subject, photos[order])
    if np.abs(found[order] - reordered).max() > _TOLERANCE:
        raise Broken(f"they differ by up to {np.abs(found[order] - reordered).max():g}")


@_laws.law(
    "a batch of photos is answered as its single photos are",
    mend="predict: no statistics over the batch",
    given=_given,
    examples=4,
)
def answers_a_batch_as_its_single_photos(subject: Subject, photos: Array) -> None:
    together = _predicted(subject, photos)
    alone = np.concatenate([_predicted(subject, photos[row : row + 1]) for row in range(len(photos))])
    if np.abs(together - alone).max() > _TOLERANCE:
        raise Broken(f"they differ by up to {np.abs(together - alone).max():g}")


@_laws.law(
    "some photos that differ have other probabilities",
    mend="predict",
)
def tells_some_photos_apart(subject: Subject) -> None:
    height, width = image_size(subject.made)
    rng = np.random.default_rng(0)
    found = _predicted(
        subject,
        np.stack(
            [
                np.zeros((height, width, 3), dtype=np.uint8),
                np.full((height, width, 3), 255, dtype=np.uint8),
                np.broadcast_to(np.array([255, 0, 0], dtype=np.uint8), (height, width, 3)),
                rng.integers(0, 256, (height, width, 3), dtype=np.uint8),
            ]
        ),
    )
    if np.ptp(found, axis=0).max() == 0:
        raise Broken("black, white, red and noise have the same probabilities")


@_laws.law(
    "labels are texts, and fingerprint is one that stays",
    mend="labels, fingerprint: name weights and preprocessing",
)
def has_labels_and_a_fingerprint(subject: Subject) -> None:
    labels, fingerprint = subject.made.labels, subject.made.fingerprint
    if not len(labels) or not all(isinstance(one, str) and one for one in labels):
        raise Broken(f"the labels are {list(labels)[:5]}")
    if not isinstance(fingerprint, str) or not fingerprint or fingerprint != subject.made.fingerprint:
        raise Broken(f"the fingerprint is {fingerprint!r}")


@_laws.law(
    "a gradient is offered where has_gradient declares it, and only there",
    mend="the fact has_gradient",
)
def offers_a_gradient_as_declared(subject: Subject) -> None:
    declared, offered = subject.fact("has_gradient"), can(subject.made, "gradient")
    if declared != offered:
        there = "there is a gradient" if offered else "there is no gradient"
        raise Broken(f"has_gradient is {declared}, and {there}")


@_laws.law(
    "the gradient points uphill: a level up its sign makes the class more probable than a level down",
    mend="gradient: derivatives of the target's probability by pixel values from 0 to 255",
    applies=offers("gradient"),
)
def points_its_gradient_uphill(subject: Subject) -> None:
    height, width = image_size(subject.made)
    uphill, slopes = 0, 0
    for seed in range(_HILLS):
        photo = _rough_photo(seed, height, width)
        target = int(_predicted(subject, photo)[0].argmax())
        found = np.asarray(subject.made.gradient(photo.astype(np.float64), target))
        if found.shape != photo.shape or not np.isfinite(found).all():
            raise Broken(f"the gradient of photos of shape {photo.shape} has shape {found.shape}")
        step = np.sign(found).astype(np.int64)
        up, down = ((photo + one * step).astype(np.uint8) for one in (1, -1))
        higher, lower = (_predicted(subject, one)[0, target] for one in (up, down))
        slopes += higher != lower  # on a plateau there is no uphill
        uphill += higher > lower
    # A whole level in every pixel may overshoot a hilltop; a gradient of the wrong sign never arrives.
    if slopes and uphill < slopes * 2 / 3:
        raise Broken(f"for {uphill} of {slopes} photos the way along the gradient leads uphill")


def _rough_photo(seed: int, height: int, width: int) -> Array:
    """Return a `(1, h, w, 3)` uint8 photo of smooth patches, with room for a step either way."""
    rng = np.random.default_rng(seed)
    patches = rng.integers(40, 216, (1, -(-height // 16), -(-width // 16), 3))
    photo = patches.repeat(16, axis=1).repeat(16, axis=2)[:, :height, :width]
    return (photo + rng.integers(-8, 9, photo.shape)).astype(np.uint8)
