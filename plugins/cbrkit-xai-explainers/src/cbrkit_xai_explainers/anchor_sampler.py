"""Asks the classifier about photos of which an anchor is kept and the rest hidden at random."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

import attrs
import numpy as np
from numpy.random import Generator

from cbrkit_xai.errors import BudgetSpentError
from cbrkit_xai.features import Array
from cbrkit_xai.protocols import Classifier
from cbrkit_xai_explainers.anchor_samples import Samples
from cbrkit_xai_explainers.batches import in_batches
from cbrkit_xai_explainers.hiding import Fill, fill_image, hide

AnchorFill: TypeAlias = Fill | Literal["patches"]


@attrs.define(kw_only=True)
class Budget:
    """How many photos may still be shown to the classifier.

    Parameters
    ----------
    total : int
        Most photos in all.
    reserved : int
        Of these, how many are kept for later.
    told : callable, optional
        Told (spent, total) after each batch.
    """

    total: int
    reserved: int = 0
    told: Callable[[int, int], None] | None = None
    spent: int = 0

    @property
    def left(self) -> int:
        """Photos that may be shown now."""
        return max(0, self.total - self.reserved - self.spent)

    def spend(self, photos: int) -> None:
        """Count photos that have been shown."""
        self.spent += photos
        if self.told is not None:
            self.told(self.spent, self.total)


@attrs.frozen(kw_only=True, eq=False)
class Sampler:
    """Draws samples with one filling.

    Parameters
    ----------
    image : (h, w, 3) uint8 array
        The photo.
    labels : (h, w) int array
        Its superpixels.
    classifier : Classifier
        The one to ask.
    target : int
        The explained class.
    how : str
        What hidden superpixels show. Noise, and the photo that "patches" takes, are drawn anew
        for each sample, so that the precision does not hang on one draw of them.
    rng : numpy.random.Generator
        Draws what is hidden.
    budget : Budget
        What all samplers of one explanation share.
    others : sequence of (h, w, 3) uint8 arrays
        The photos that "patches" are taken from.
    """

    image: Array
    labels: Array
    classifier: Classifier
    target: int
    how: AnchorFill
    rng: Generator
    budget: Budget
    others: Sequence[Array] = ()
    _fixed: Array | None = attrs.field(init=False)

    @_fixed.default
    def _fill_once(self) -> Array | None:
        if self.how == "noise" or self.how == "patches":  # mypy narrows `==`, not `in`
            return None
        return fill_image(self.image, self.labels, self.how, self.rng)

    @property
    def superpixels(self) -> int:
        """How many there are."""
        return int(self.labels.max()) + 1

    def draw(self, anchors: Array, into: Samples) -> None:
        """Draw one sample for each of `(n, superpixels)` bool rows, as far as the budget reaches.

        Raises
        ------
        BudgetSpentError
            From the classifier; what was answered before is in `into`.
        """
        anchors = np.asarray(anchors, dtype=bool)[: self.budget.left]

        def ask(some: slice) -> tuple[Array, Array]:
            kept = anchors[some] | (self.rng.random(anchors[some].shape) < 0.5)
            photos = hide(self.image, self._fills(len(kept)), self.labels, kept)
            return kept, np.asarray(self.classifier.predict(photos))  # (n, superpixels), (n, classes)

        for some, (kept, answers) in in_batches(ask, len(anchors)):
            self.budget.spend(len(kept))
            hits = answers.argmax(axis=1) == self.target
            into.add(anchors[some], kept, hits, answers[:, self.target])

    def _fills(self, samples: int) -> Array:
        if self._fixed is not None:
            return self._fixed
        if self.how == "patches":
            return np.stack([self.others[i] for i in self.rng.integers(len(self.others), size=samples)])
        return np.stack([fill_image(self.image, self.labels, "noise", self.rng) for _ in range(samples)])


def until_spent(work: Callable[[], None]) -> str:
    """Do the work as far as the classifier's budget reaches, and return why it ended early, or ""."""
    try:
        work()
    except BudgetSpentError as error:
        return error.what
    return ""
