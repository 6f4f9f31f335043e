"""Which class of a classifier is explained."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cbrkit_xai.case import Target
from cbrkit_xai.errors import ParameterError, nearest_spelling
from cbrkit_xai.features import Array
from cbrkit_xai.protocols import Classifier

TOP = "top1"
"""The class that the classifier holds most probable."""


def target_of(pixels: Array, classifier: Classifier, target: int | str = TOP) -> Target:
    """Return the class of a photo that is to be explained, with what the classifier says of it.

    Parameters
    ----------
    pixels : (h, w, 3) uint8 array
        Of the size that the classifier takes.
    classifier : Classifier
        It is asked once.
    target : int or str
        See `target_index`.

    Raises
    ------
    ParameterError
        No such class, or several of that name.
    """
    probabilities = np.asarray(classifier.predict(pixels[None]))[0]  # (classes,)
    index = target_index(target, classifier.labels, probabilities)
    return Target(
        classifier=classifier.fingerprint,
        index=index,
        label=str(classifier.labels[index]),
        # Rows sum to 1 but for rounding.
        probability=min(1.0, max(0.0, float(probabilities[index]))),
    )


def target_index(target: int | str, labels: Sequence[str], probabilities: Array) -> int:
    """Return the index of a class.

    Parameters
    ----------
    target : int or str
        An index, also written as text, the name of a class, or "top1".
    labels : sequence of str
        The classifier's classes.
    probabilities : (classes,) float array
        What the classifier says of the photo.

    Raises
    ------
    ParameterError
        No such class, or several of that name.
    """
    if target == TOP:
        return int(probabilities.argmax())
    if isinstance(target, str):
        for name in (target, target.strip()):
            if name in labels:
                return _only(name, labels)
    index = _index(target)
    if index is None:
        raise ParameterError(
            f"unknown class {target!r}",
            where="target",
            allowed=f"{TOP}, 0 to {len(labels) - 1}, or the name of a class, such as {labels[0]!r}",
            next_step=nearest_spelling(str(target), labels),
        )
    if not 0 <= index < len(labels):
        raise ParameterError(
            f"class {index} is out of range", where="target", allowed=f"0 to {len(labels) - 1}"
        )
    return index


def _only(name: str, labels: Sequence[str]) -> int:
    found = [index for index, label in enumerate(labels) if label == name]
    if len(found) > 1:
        raise ParameterError(
            f"{len(found)} classes are called {name!r}",
            where="target",
            allowed=f"an index: {', '.join(map(str, found))}",
        )
    return found[0]


def _index(target: int | str) -> int | None:
    if isinstance(target, int) and not isinstance(target, bool):
        return target
    try:
        return int(target) if isinstance(target, str) and target.isascii() and "_" not in target else None
    except ValueError:
        return None
