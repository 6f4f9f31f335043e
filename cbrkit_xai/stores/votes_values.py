"""Make sense of single cells of a votes file; each raises a ValueError that says what is wrong."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cbrkit_xai.case import Target
from cbrkit_xai.errors import nearest_spelling

if TYPE_CHECKING:
    from cbrkit_xai.protocols import Classifier

_NUMBER = re.compile(r"[0-9]+(\.[0-9]*)?|\.[0-9]+")


def number_of_votes(text: str, *, comma: bool) -> float:
    """Return a finite number of at least 0; with `comma`, 2,5 is two and a half."""
    plain = text.replace(",", ".") if comma else text
    if _NUMBER.fullmatch(plain) and math.isfinite(float(plain)):
        return float(plain)
    raise ValueError(
        f"{_short(text)} is not a number of votes (allowed: 0 or more, or blank where nobody was asked)"
    )


def probability(text: str, *, comma: bool) -> float | None:
    """Return a probability; None for a blank cell."""
    if not text:
        return None
    plain = text.replace(",", ".") if comma else text
    if _NUMBER.fullmatch(plain) and float(plain) <= 1:
        return float(plain)
    raise ValueError(f"{_short(text)} is not a probability (allowed: 0 to 1)")


def class_index(text: str) -> int:
    """Return the index of a class."""
    if text.isascii() and text.isdigit() and len(text) < 10:
        return int(text)
    raise ValueError(f"{_short(text)} is not the index of a class (allowed: 0, 1, 2, ...)")


def known_index(index: int, labels: Sequence[str]) -> int:
    """Return the index, if the classifier has so many classes."""
    if index < len(labels):
        return index
    raise ValueError(f"{index} is not the index of a class (allowed: 0 to {len(labels) - 1})")


def labelled_target(label: str, given: float | None, classifier: Classifier) -> Target:
    """Return the target of that class name, whatever its capitals."""
    labels = [known.lower() for known in classifier.labels]
    if labels.count(label.lower()) != 1:
        reason = "no class" if label.lower() not in labels else "more than one class"
        hint = nearest_spelling(label.lower(), labels)
        raise ValueError(f"{_short(label)} names {reason} of the classifier" + (f", {hint}" if hint else ""))
    index = labels.index(label.lower())
    return Target(
        classifier=classifier.fingerprint, index=index, label=classifier.labels[index], probability=given
    )


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:37]}...")
