"""Gradients of a classifier, summed over many pictures as far as its budget reaches."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import attrs
import numpy as np

from cbrkit_xai.errors import BudgetSpentError, NotApplicableError, ParameterError
from cbrkit_xai.explaining.counted_classifier import can
from cbrkit_xai.features import Array
from cbrkit_xai.protocols import Classifier, Progress
from cbrkit_xai_explainers.batches import in_batches

Gradient: TypeAlias = Callable[[Array, int], Array]
"""`(n, h, w, 3)` floats on the scale of the pixels and a class to derivatives of the same shape."""


def gradient_of(classifier: Classifier) -> Gradient:
    """Return a classifier's gradient.

    Raises
    ------
    NotApplicableError
        It offers none.
    """
    if not can(classifier, "gradient"):
        raise NotApplicableError(
            "it needs gradients, which this classifier does not offer",
            next_step="choose a method that only asks for probabilities, such as lime",
        )
    return classifier.gradient  # type: ignore[attr-defined]


@attrs.frozen(kw_only=True, eq=False)
class GradientSum:
    """The sum of some pictures' gradients.

    Parameters
    ----------
    total : (h, w, 3) float64 array
        The sum.
    pictures : int
        How many were summed; the first ones of those asked for.
    spent : BudgetSpentError or None
        Why not all were.
    """

    total: Array
    pictures: int
    spent: BudgetSpentError | None

    @property
    def stopped(self) -> str:
        """Why not all were, in words; empty if all were."""
        return "" if self.spent is None else self.spent.what


def summed_gradients(
    gradient: Gradient,
    target: int,
    picture: Callable[[int], Array],
    count: int,
    progress: Callable[[int], object] | None = None,
    *,
    factor: Callable[[int], Array] | None = None,
) -> GradientSum:
    """Sum the gradients at `picture(0)`, ..., `picture(count - 1)`, each `(h, w, 3)` floats.

    `picture` may be asked for the same number again.
    `progress` is called with the number of pictures done. `factor(number)`, `(h, w, 3)`, is what the
    gradient at that picture is multiplied with.
    """

    def gradients(some: slice) -> Array:
        return gradient(np.stack([picture(number) for number in range(some.start, some.stop)]), target)

    total: Array = np.zeros(())
    done = 0
    try:
        for some, found in in_batches(gradients, count):
            for number, one in zip(range(done, some.stop), found, strict=True):
                total = total + (one.astype(np.float64) if factor is None else one * factor(number))
            done = some.stop
            if progress is not None:
                progress(done)
    except BudgetSpentError as spent:
        return GradientSum(total=total, pictures=done, spent=spent)
    return GradientSum(total=total, pictures=done, spent=None)


def shifted(progress: Progress | None, before: int, steps: int) -> Callable[[int], object] | None:
    """Return a report of one round's pictures, after rounds of `before` pictures in all."""
    return None if progress is None else lambda done: progress(before + done, before + steps)


def refuse_fewer(max_steps: int, steps: int) -> None:
    """Raise a ParameterError if the last round would have fewer steps than the first."""
    if max_steps < steps:
        raise ParameterError(
            f"{max_steps} is less than steps = {steps}", where="max_steps", allowed=f"at least {steps}"
        )
