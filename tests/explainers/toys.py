"""Classifiers of which everything is known: unbounded scores instead of probabilities, and a budget."""

import numpy as np

from cbrkit_xai.errors import BudgetSpentError


class Linear:
    """Score of class 0: the sum of weights * pixels; class 1 scores its opposite."""

    fingerprint = "linear"
    labels = ("for", "against")

    def __init__(self, weights):
        self.weights = weights  # (h, w, 3)
        self.asked = []  # pictures in each call of the gradient, in order

    def predict(self, images):
        score = (images * self.weights).sum(axis=(1, 2, 3))
        return np.stack([score, -score], axis=1)

    def gradient(self, images, target):
        self.asked.append(len(images))
        return np.broadcast_to(self.weights if target == 0 else -self.weights, images.shape)


class Power(Linear):
    """Score of class 0: the sum of weights * pixels ** exponent."""

    fingerprint = "power"

    def __init__(self, weights, exponent=2):
        super().__init__(weights)
        self.exponent = exponent

    def predict(self, images):
        score = (images.astype(float) ** self.exponent * self.weights).sum(axis=(1, 2, 3))
        return np.stack([score, -score], axis=1)

    def gradient(self, images, target):
        self.asked.append(len(images))
        sign = 1 if target == 0 else -1
        return sign * self.weights * self.exponent * images ** (self.exponent - 1)


class Budget:
    """Lets `calls` pictures through to a classifier, then refuses before asking it."""

    def __init__(self, classifier, calls):
        self._classifier = classifier
        self._left = calls
        self.calls = 0

    def __getattr__(self, name):
        found = getattr(self._classifier, name)
        if name not in ("predict", "gradient", "feature_maps"):
            return found

        def counted(images, *rest):
            if len(images) > self._left:
                raise BudgetSpentError("the calls are spent")
            self._left -= len(images)
            self.calls += len(images)
            return found(images, *rest)

        return counted


def photo(seed=0, height=12, width=10):
    """A small photo of noise."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def nobody():
    """Randomness for explainers that use none."""
    return np.random.default_rng(0)
