"""A classifier with a counter: it refuses to go over budget, and never passes nonsense on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from cbrkit_xai.errors import BudgetSpentError, ClassifierError, ParameterError
from cbrkit_xai.features import Array
from cbrkit_xai.protocols import Classifier

SUM_TOLERANCE = 1e-3
"""float16 networks sum their probabilities to 1 within this."""


def can(classifier: Classifier, what: str) -> bool:
    """Return whether a classifier offers an optional method, such as "gradient"."""
    return callable(getattr(classifier, what, None))


class CountedClassifier:
    """Passes photos on to a classifier, counts them, and checks what comes back.

    A call is one photo shown to the classifier: forward, or forward and backward.

    Parameters
    ----------
    classifier : Classifier
        The one that answers.
    max_calls : int, optional
        Most photos it may be shown.
    max_seconds : float, optional
        Time from now after which it is shown no more.
    clock : callable
        Seconds, ever growing.
    """

    def __init__(
        self,
        classifier: Classifier,
        *,
        max_calls: int | None = None,
        max_seconds: float | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        if max_calls is not None and max_calls < 1:
            raise ParameterError(f"max_calls is {max_calls}", allowed="at least 1")
        if max_seconds is not None and not max_seconds > 0:
            raise ParameterError(f"max_seconds is {max_seconds}", allowed="more than 0")
        self._classifier = classifier
        self._clock = clock
        self._started = clock()
        self._max_calls = max_calls
        self._max_seconds = max_seconds
        self.calls = 0

    @property
    def fingerprint(self) -> str:
        """The classifier's own."""
        return self._classifier.fingerprint

    @property
    def labels(self) -> Sequence[str]:
        """The classifier's own."""
        return self._classifier.labels

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width of the photos it takes."""
        return image_size(self._classifier)

    def predict(self, images: Array) -> Array:
        """Map `(n, h, w, 3)` uint8 images to `(n, classes)` probabilities.

        Raises
        ------
        BudgetSpentError
            The budget does not reach; the classifier was not asked.
        ClassifierError
            What came back are no probabilities.
        """
        self._spend(len(images))
        return _probabilities(self._classifier.predict(images), len(images), len(self.labels))

    @property
    def left(self) -> int | None:
        """Photos it may still be shown; None where there is no limit."""
        return None if self._max_calls is None else self._max_calls - self.calls

    @property
    def gradient(self) -> Callable[[Array, int], Array] | None:
        """`(n, h, w, 3)` floats and a class to the derivatives of its probability; None if there is none."""
        return self._gradient if can(self._classifier, "gradient") else None

    @property
    def features(self) -> Callable[[Array], Array] | None:
        """`(n, h, w, 3)` uint8 to the `(n, d)` features under the classes; None if there are none."""
        return self._features if can(self._classifier, "features") else None

    @property
    def feature_maps(self) -> Callable[[Array, int], tuple[Array, Array]] | None:
        """`(n, h, w, 3)` uint8 and a class to its last convolution's maps and their gradients, or None."""
        return self._feature_maps if can(self._classifier, "feature_maps") else None

    def _gradient(self, images: Array, target: int) -> Array:
        self._spend(len(images))
        found = np.asarray(self._classifier.gradient(images, target))  # type: ignore[attr-defined]
        _check("the gradient", found, images.shape)
        return found

    def _features(self, images: Array) -> Array:
        self._spend(len(images))
        found = np.asarray(self._classifier.features(images))  # type: ignore[attr-defined]
        _check("its features", found, (len(images), found.shape[-1] if found.ndim else 0))
        return found

    def _feature_maps(self, images: Array, target: int) -> tuple[Array, Array]:
        self._spend(len(images))
        maps, gradients = map(np.asarray, self._classifier.feature_maps(images, target))  # type: ignore[attr-defined]
        if maps.ndim != 4 or len(maps) != len(images):
            raise ClassifierError(
                f"its feature maps have shape {maps.shape}", allowed="(n, height, width, maps)"
            )
        _check("the feature maps' gradient", gradients, maps.shape)
        return maps, gradients

    def _spend(self, images: int) -> None:
        if self._max_calls is not None and self.calls + images > self._max_calls:
            calls = "1 call is" if self._max_calls == 1 else f"{self._max_calls} calls are"
            raise BudgetSpentError(f"{calls} spent", allowed=f"max_calls = {self._max_calls}")
        if self._max_seconds is not None and self._clock() - self._started > self._max_seconds:
            raise BudgetSpentError(
                f"{self._max_seconds:g} seconds have passed", allowed=f"max_seconds = {self._max_seconds:g}"
            )
        self.calls += images


def image_size(classifier: Classifier) -> tuple[int, int]:
    """Return height and width of the photos a classifier takes; 224 x 224 where it does not say."""
    from cbrkit_xai.images import SIDE

    height, width = getattr(classifier, "image_size", (SIDE, SIDE))
    return int(height), int(width)


def _probabilities(found: Array, images: int, classes: int) -> Array:
    found = np.asarray(found)
    _check("its probabilities", found, (images, classes))
    if not are_probabilities(found):
        low, high, total = float(found.min()), float(found.max()), float(found.sum(axis=1)[0])
        raise ClassifierError(
            f"its answers lie between {low:.3g} and {high:.3g}, and the first row sums to {total:.3g}",
            allowed="probabilities: at least 0, each row summing to 1",
            next_step="if these are scores before softmax, say so (output = 'logits')",
        )
    return found


def are_probabilities(rows: Array) -> bool:
    """Return whether all of `(n, classes)` rows are at least 0 and sum to 1, up to `SUM_TOLERANCE`."""
    return bool((rows >= -SUM_TOLERANCE).all() and (np.abs(rows.sum(axis=1) - 1) <= SUM_TOLERANCE).all())


def _check(what: str, found: Array, shape: tuple[int, ...]) -> None:
    if found.shape != shape:
        raise ClassifierError(f"{what} came back with shape {found.shape}", allowed=f"shape {shape}")
    if not np.isfinite(found).all():
        raise ClassifierError(f"{what} came back with NaN or infinite values", allowed="finite numbers")
