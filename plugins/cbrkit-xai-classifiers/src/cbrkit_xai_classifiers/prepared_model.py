"""A network with all that it takes to show it photos and to read its answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import attrs
import numpy as np

from cbrkit_xai.errors import ClassifierError
from cbrkit_xai.explaining.counted_classifier import are_probabilities
from cbrkit_xai.features import Array
from cbrkit_xai_classifiers.checked_arrays import (
    checked_photos,
    checked_rows,
    range_of,
    softmax,
)
from cbrkit_xai_classifiers.input_format import InputFormat
from cbrkit_xai_classifiers.preprocessing import Preprocessing


@attrs.frozen(kw_only=True, eq=False)
class PreparedModel:
    """Photos in, probabilities out.

    Parameters
    ----------
    where : str
        The model's file, for errors.
    answer : callable
        From the network's input to its answer.
    format : InputFormat
        Of its input.
    preprocessing : Preprocessing
        From photos to its input.
    output : {"probabilities", "logits"}
        What its answers are.
    labels : tuple of str
        Names of the classes.
    """

    where: str
    answer: Callable[[Array], Any]
    format: InputFormat
    preprocessing: Preprocessing
    output: Literal["probabilities", "logits"] = "logits"
    labels: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the photos."""
        return self.format.height, self.format.width

    @property
    def fingerprint(self) -> str:
        """Preprocessing and kind of output; not the network itself."""
        return f"size={self.format.height}x{self.format.width};{self.preprocessing};output={self.output}"

    def answers(self, images: Array) -> Array:
        """Map `(n, h, w, 3)` uint8 photos to `(n, classes)` answers, as the network gives them.

        Raises
        ------
        ClassifierError
            The network fails, or its answers are no such numbers.
        """
        parts = [
            checked_rows(self.answer(self.preprocessing.apply(chunk)), len(chunk), self.where)[:count]
            for chunk, count in self.format.chunks(images)
        ]
        return np.concatenate(parts) if parts else np.empty((0, len(self.labels)))

    def predict(self, images: Array) -> Array:
        """Map `(n, h, w, 3)` uint8 photos to `(n, classes)` float64 probabilities.

        Raises
        ------
        ParameterError
            The photos have another shape or type.
        ClassifierError
            The network fails, or its answers are no probabilities.
        """
        rows = self.answers(checked_photos(images, self.size, self.where))
        if self.output == "logits":
            return softmax(rows)
        if not are_probabilities(rows):
            raise ClassifierError(
                range_of(rows), where=self.where, allowed="probabilities: at least 0, each row summing to 1"
            )
        return rows
