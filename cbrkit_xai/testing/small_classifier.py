"""A classifier of which everything is known, for explainers and judges under examination."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.features import Array

HEIGHT, WIDTH, _BLOCK = 32, 40, 4
_SCALE = 40.0


class Redness:
    """Says how red the middle of a small photo is; with a gradient and feature maps.

    The score is the mean over the middle of red, less half of green and half of blue, relative to
    `_SCALE`; the probability of the class `red` is its logistic function.
    """

    fingerprint = "redness/1"
    labels = ("red", "other")
    image_size = (HEIGHT, WIDTH)

    def __init__(self) -> None:
        middle = np.zeros((HEIGHT, WIDTH, 1))
        middle[8:24, 12:28] = 1.0
        self.weights = middle * np.array([1.0, -0.5, -0.5]) / (middle.sum() * _SCALE)

    def _red(self, images: Array) -> Array:
        scores = (np.asarray(images, dtype=np.float64) * self.weights).sum(axis=(1, 2, 3))
        return 1.0 / (1.0 + np.exp(-scores))

    def predict(self, images: Array) -> Array:
        """Map `(n, 32, 40, 3)` images to `(n, 2)` probabilities."""
        red = self._red(images)
        return np.stack([red, 1.0 - red], axis=1)

    def gradient(self, images: Array, target: int) -> Array:
        """Return the derivatives of the target's probability."""
        red = self._red(images)
        slope = red * (1.0 - red) * (1.0 if target == 0 else -1.0)
        return slope[:, None, None, None] * self.weights

    def feature_maps(self, images: Array, target: int) -> tuple[Array, Array]:
        """Return means of 4 x 4 blocks, `(n, 8, 10, 3)`, and the derivatives of the target's score."""
        shape = (HEIGHT // _BLOCK, _BLOCK, WIDTH // _BLOCK, _BLOCK, 3)
        maps = np.asarray(images, dtype=np.float64).reshape(len(images), *shape).mean(axis=(2, 4))
        per_block = self.weights.reshape(shape).sum(axis=(1, 3)) * (1.0 if target == 0 else -1.0)
        return maps, np.broadcast_to(per_block, maps.shape)


class WithoutDerivatives:
    """The same classifier, offering nothing but what is declared to be needed.

    Parameters
    ----------
    offered : tuple of str
        Optional members that it has.
    """

    fingerprint = Redness.fingerprint
    labels = Redness.labels
    image_size = Redness.image_size

    def __init__(self, offered: tuple[str, ...]) -> None:
        whole = Redness()
        self.predict = whole.predict
        for name in offered:
            setattr(self, name, getattr(whole, name))


def photo(seed: int = 0) -> Array:
    """Return a `(32, 40, 3)` uint8 photo: a red disc of a drawn shade on a patterned ground."""
    rng = np.random.default_rng(seed)
    ground = rng.integers(60, 160, (HEIGHT // 8, WIDTH // 8, 3)).repeat(8, axis=0).repeat(8, axis=1)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    disc = (rows - 16) ** 2 + (columns - 20) ** 2 < rng.integers(20, 60)
    ground[disc] = np.array([int(rng.integers(180, 256)), 30, 30])
    noisy = np.clip(ground + rng.integers(-6, 7, ground.shape), 0, 255).astype(np.uint8)
    noisy.flags.writeable = False
    return noisy
