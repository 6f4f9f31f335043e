"""Classifiers that follow a rule about the superpixels they see, so that all precisions are known."""

import itertools

import attrs
import numpy as np

from cbrkit_xai.errors import BudgetSpentError


@attrs.define(kw_only=True, eq=False)
class FollowsARule:
    """Class 1 where `rule` of the visible superpixels holds, else class 0; refuses to go over budget."""

    image: np.ndarray
    labels_of_pixels: np.ndarray
    rule: object  # (n, superpixels) bool -> (n,) bool
    max_calls: int = 10**9
    calls: int = 0
    largest_batch: int = 0
    labels: tuple = ("no", "yes")
    fingerprint: str = "a rule"

    def predict(self, images):
        if self.calls + len(images) > self.max_calls:
            raise BudgetSpentError(f"{self.max_calls} calls are spent")
        self.calls += len(images)
        self.largest_batch = max(self.largest_batch, len(images))
        same = (images == self.image).all(axis=3)  # (n, h, w)
        numbers = range(self.labels_of_pixels.max() + 1)
        visible = np.stack([same[:, self.labels_of_pixels == one].all(axis=1) for one in numbers], axis=1)
        yes = np.where(self.rule(visible), 0.9, 0.1)
        return np.stack([1 - yes, yes], axis=1)


def all_of(*numbers):
    return lambda visible: visible[:, list(numbers)].all(axis=1)


def any_of(*rules):
    return lambda visible: np.any([rule(visible) for rule in rules], axis=0)


def at_least(count, *numbers):
    return lambda visible: visible[:, list(numbers)].sum(axis=1) >= count


def always(visible):
    return np.ones(len(visible), dtype=bool)


def exact_precision(rule, kept, superpixels):
    """The share of all ways to hide what is not kept in which the rule holds."""
    rows = np.array(list(itertools.product([False, True], repeat=superpixels)))
    rows = rows[rows[:, list(kept)].all(axis=1)]
    return float(rule(rows).mean())


def blocks(side=3, pixels=8):
    """A photo of flat, different, bright blocks."""
    rng = np.random.default_rng(1)
    colours = rng.permutation(side * side * 3).reshape(side, side, 3) * (200 // (side * side * 3)) + 55
    image = np.kron(colours, np.ones((pixels, pixels, 1))).astype(np.uint8)
    image.flags.writeable = False
    return image
