"""A photo with a planted object, and a smooth classifier that looks at nothing but that object."""

from __future__ import annotations

import attrs
import numpy as np
from scipy.ndimage import gaussian_filter
from sklearn.metrics import roc_auc_score

CELL = 4  # pixels: the side of the classifier's convolution, and the grid on which objects lie
STEEPNESS = 9.0
TURN = 0.75  # share of the object's colour at which the classifier is undecided
COLOURS = ((225, 45, 40), (35, 200, 60), (50, 60, 230), (230, 190, 25), (200, 40, 210), (25, 195, 200))


@attrs.frozen(kw_only=True, eq=False)
class LooksAtOneObject:
    """Two classes by the colour of a few cells: 0 "nothing", 1 "object".

    One convolution (stride `CELL`) averages each cell along the object's colour and against it, both
    through a ReLU, and takes its brightness, which is not used. The score of "object" is
    `STEEPNESS * (share - TURN)`, where share is 1 for the object as planted, near 0 for anything grey.
    """

    mask: np.ndarray  # (h, w) bool, made of whole cells
    direction: np.ndarray  # (3,), sums to 0; its product with the object's colour is 1
    labels: tuple = ("nothing", "object")

    @property
    def image_size(self):
        return self.mask.shape

    @property
    def fingerprint(self):
        return f"planted;pixels={int(self.mask.sum())};colour={np.round(self.direction, 6).tolist()}"

    def score(self, images):
        """The score of "object" before softmax; "nothing" scores 0. (n, h, w, 3) -> (n,)."""
        # What the weighted maps add up to, without the cells that have no weight: explainers ask often.
        share = (np.asarray(images)[:, self.mask] * self.direction).sum(axis=(1, 2)) / self.mask.sum()
        return STEEPNESS * (share - TURN)

    def predict(self, images):
        assert images.dtype == np.uint8, images.dtype
        found = 1 / (1 + np.exp(-self.score(images)))
        return np.stack([1 - found, found], axis=1)

    def gradient(self, images, target):
        """Chain rule: p' = p (1 - p) s', the score s being linear in the object's pixels."""
        found = 1 / (1 + np.exp(-self.score(images)))
        outer = found * (1 - found) * (1 if target == 1 else -1)  # (n,)
        inner = STEEPNESS * self.mask[:, :, None] * self.direction / self.mask.sum()  # (h, w, 3)
        return outer[:, None, None, None] * inner

    def feature_maps(self, images, target):
        maps, weights = self._maps(images)
        gradients = np.broadcast_to(weights if target == 1 else 0 * weights, maps.shape)
        return maps, gradients.copy()

    def _maps(self, images):
        pixels = np.asarray(images, dtype=np.float64)
        along = _cells(pixels @ self.direction)  # (n, h', w')
        maps = np.stack([np.maximum(along, 0), np.maximum(-along, 0), _cells(pixels.mean(axis=3))], axis=3)
        seen = _cells(self.mask[None].astype(float))[0]
        weights = np.stack([seen, -seen, 0 * seen], axis=2) * STEEPNESS / seen.sum()
        return maps, weights


@attrs.frozen(kw_only=True, eq=False)
class Planted:
    """A photo, where its object lies, and the classifier that sees it."""

    image: np.ndarray  # (side, side, 3) uint8
    mask: np.ndarray  # (side, side) bool
    classifier: LooksAtOneObject
    target: int = 1


def planted(seed, side=64):
    """Plant a coloured square or disc at a random place of a photo-like background; side % 4 == 0."""
    rng = np.random.default_rng(seed)
    cells = side // CELL
    reach = max(1, round(cells * rng.uniform(0.13, 0.18)))  # half the object's width, in cells
    row, column = rng.integers(reach, cells - reach, size=2)
    down, right = np.indices((cells, cells)) + 0.5 - np.array([row, column])[:, None, None]
    if rng.random() < 0.5:
        small = np.maximum(abs(down), abs(right)) < reach
    else:
        small = np.hypot(down, right) < reach + 0.1
    mask = np.kron(small, np.ones((CELL, CELL), dtype=bool))
    colour = np.array(COLOURS[rng.integers(len(COLOURS))], dtype=float)
    direction = colour - colour.mean()
    pixels = _background(rng, side)
    shade = 1 + 0.08 * gaussian_filter(rng.standard_normal((side, side)), 1.5)[:, :, None]
    pixels[mask] = (colour * shade)[mask] + rng.normal(0, 5, (int(mask.sum()), 3))
    image = np.clip(np.round(pixels), 0, 255).astype(np.uint8)
    image.flags.writeable = False
    classifier = LooksAtOneObject(mask=mask, direction=direction / (colour @ direction))
    return Planted(image=image, mask=mask, classifier=classifier)


def area_under_curve(attribution, mask):
    """Chance that a pixel of the object ranks above one outside it, ties counted half (ROC AUC)."""
    return float(roc_auc_score(np.asarray(mask).ravel(), np.asarray(attribution, dtype=float).ravel()))


def _background(rng, side):
    """Noise of many scales, the coarse ones stronger as in photos; much of it shared by the channels."""
    total = np.zeros((side, side, 3))
    for scale in (side / 4, side / 10, side / 24, 0.7):
        for share, channels in ((1.0, 1), (0.35, 3)):
            field = gaussian_filter(
                rng.standard_normal((side, side, channels)), (scale, scale, 0), mode="wrap"
            )
            total += share * field / field.std() * min(1.0, scale / 4)
    total = (total - total.mean()) / total.std()
    return rng.uniform(95, 150) + 42 * total


def _cells(field):
    """Average over cells: (n, h, w) -> (n, h / CELL, w / CELL)."""
    n, height, width = field.shape
    return field.reshape(n, height // CELL, CELL, width // CELL, CELL).mean(axis=(2, 4))
