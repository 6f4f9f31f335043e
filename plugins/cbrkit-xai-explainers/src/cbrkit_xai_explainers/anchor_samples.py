"""Photos with hidden superpixels that the classifier has answered, and which anchor each can speak for."""

from __future__ import annotations

import attrs
import numpy as np

from cbrkit_xai.features import Array


@attrs.frozen(kw_only=True)
class Counts:
    """What the samples say of each candidate.

    Parameters
    ----------
    samples : (candidates,) int array
        How many can speak for it.
    hits : (candidates,) int array
        In how many of these the explained class came out on top.
    probability : (candidates,) float array
        The mean probability of the class in these; 0 where there are none.
    """

    samples: Array
    hits: Array
    probability: Array

    @property
    def precision(self) -> Array:
        """The share of hits; one half where there are no samples."""
        return np.where(self.samples > 0, self.hits / np.maximum(self.samples, 1), 0.5)


class Samples:
    """Answers of the classifier, kept for every anchor that they can speak for.

    A sample that was drawn with the anchor B kept can speak for any A that holds B, if it happens
    to show all of A: given that, the rest of it is hidden by fair coins, as if it had been drawn
    with A kept. So one sample in two of an anchor serves each anchor that is one superpixel larger.

    Parameters
    ----------
    superpixels : int
        Into how many the photo is split.
    """

    def __init__(self, superpixels: int) -> None:
        self.superpixels = superpixels
        self._anchors = np.zeros((0, superpixels), dtype=np.float32)
        self._hidden = np.zeros((0, superpixels), dtype=np.float32)
        self._hits = np.zeros(0)
        self._probabilities = np.zeros(0)

    def __len__(self) -> int:
        return len(self._hits)

    @property
    def hits(self) -> int:
        """In how many of all samples the explained class came out on top."""
        return int(self._hits.sum())

    def add(self, anchors: Array, kept: Array, hits: Array, probabilities: Array) -> None:
        """Take in answers.

        Parameters
        ----------
        anchors : (n, superpixels) bool array
            What had to stay visible.
        kept : (n, superpixels) bool array
            What did.
        hits : (n,) bool array
            Whether the explained class came out on top.
        probabilities : (n,) float array
            What the class got.
        """
        self._anchors = np.concatenate([self._anchors, anchors.astype(np.float32)])
        self._hidden = np.concatenate([self._hidden, 1 - kept.astype(np.float32)])
        self._hits = np.concatenate([self._hits, hits])
        self._probabilities = np.concatenate([self._probabilities, probabilities])

    def counts(self, candidates: Array) -> Counts:
        """Count the samples that can speak for each of `(candidates, superpixels)` bool rows."""
        wanted = np.asarray(candidates, dtype=np.float32)
        # Small whole numbers, which float32 adds without error: (samples, candidates)
        forced_beyond = self._anchors @ (1 - wanted).T
        missing = self._hidden @ wanted.T
        speaks = (forced_beyond == 0) & (missing == 0)
        samples = speaks.sum(axis=0)
        return Counts(
            samples=samples,
            hits=(self._hits @ speaks).astype(int),
            probability=(self._probabilities @ speaks) / np.maximum(samples, 1),
        )
