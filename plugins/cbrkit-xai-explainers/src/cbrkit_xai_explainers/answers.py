"""Asks a classifier about many photos, a few at a time, until they or the budget are used up."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import numpy as np

from cbrkit_xai.errors import BudgetSpentError
from cbrkit_xai.features import Array
from cbrkit_xai.protocols import Classifier, Progress
from cbrkit_xai_explainers.batches import in_batches


@attrs.frozen(kw_only=True, eq=False)
class Answers:
    """What the classifier said of the first photos, and what kept it from answering for the others."""

    probabilities: Array  # (answered,) of the explained class
    refusal: BudgetSpentError | None = None

    def __len__(self) -> int:
        return len(self.probabilities)

    @property
    def stopped(self) -> str:
        """Why there are no more; empty if there are all."""
        return "" if self.refusal is None else self.refusal.what

    def demand(self, least: int) -> None:
        """Let the refusal through where fewer than `least` answers came before it."""
        if self.refusal is not None and len(self) < least:
            raise self.refusal


def answers(
    classifier: Classifier,
    photos: Callable[[slice], Array],
    count: int,
    target: int,
    progress: Progress | None = None,
) -> Answers:
    """Ask for the probability of one class in each of many photos.

    Parameters
    ----------
    classifier : Classifier
        The one to ask.
    photos : callable
        From a slice of the photos' numbers to those photos, `(n, h, w, 3)` uint8.
    count : int
        How many photos there are.
    target : int
        The class.
    progress : callable, optional
        Told how many of `count` are answered.
    """
    found: list[Array] = []
    try:
        for some, probabilities in in_batches(lambda some: classifier.predict(photos(some)), count):
            found.append(np.asarray(probabilities)[:, target])
            if progress is not None:
                progress(some.stop, count)
    except BudgetSpentError as error:
        return Answers(probabilities=_joined(found), refusal=error)
    return Answers(probabilities=_joined(found))


def _joined(found: list[Array]) -> Array:
    return np.concatenate([np.zeros(0), *found])  # float64 from the first, however few there are
