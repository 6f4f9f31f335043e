"""Classifiers with one planted fault each."""

import itertools

import numpy as np
from mutants import planted

SIDE = 16


def softmax(scores):
    """Probabilities `(n, classes)` of scores, row by row."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


class Colours:
    """Says which colour a small photo has most of, and offers no gradient."""

    fingerprint = "colours/1"
    labels = ("red", "green", "blue")
    image_size = (SIDE, SIDE)

    def scores(self, images):
        return np.asarray(images, dtype=np.float64).mean(axis=(1, 2)) / 20

    def predict(self, images):
        return softmax(self.scores(images))


class Sloped(Colours):
    """The same with a gradient."""

    def gradient(self, images, target):
        likely = softmax(self.scores(images))
        own = np.eye(3)[target]
        slopes = likely[:, [target]] * (own - likely)  # (n, colours)
        each = slopes / (20 * SIDE * SIDE)
        return np.broadcast_to(each[:, None, None], np.shape(images)).copy()


@planted("classifier", caught_by="gives-rows-that-sum-to-1", fault="gives scores before softmax")
class Logits(Colours):
    def predict(self, images):
        return self.scores(images)


@planted(
    "classifier",
    caught_by="gives-rows-that-sum-to-1",
    fault="gives each label a logistic function of its own",
)
class OneLogisticPerLabel(Colours):
    def predict(self, images):
        return 1 / (1 + np.exp(-self.scores(images)))


@planted("classifier", caught_by="gives-rows-that-sum-to-1", fault="takes softmax over the photos")
class SoftmaxOverPhotos(Colours):
    def predict(self, images):
        return softmax(self.scores(images).T).T


@planted("classifier", caught_by="gives-rows-that-sum-to-1", fault="raises e to scores that overflow")
class Overflow(Colours):
    def predict(self, images):
        raised = np.exp((20 * self.scores(images)).astype(np.float32))
        return raised / raised.sum(axis=1, keepdims=True)


@planted("classifier", caught_by="gives-rows-that-sum-to-1", fault="divides by the sum of a black photo")
class SharesOfNothing(Colours):
    def predict(self, images):
        scores = self.scores(images)
        return scores / scores.sum(axis=1, keepdims=True)


@planted("classifier", caught_by="gives-a-probability-per-label", fault="has a label too many")
class LabelTooMany(Colours):
    labels = ("background", "red", "green", "blue")


@planted(
    "classifier", caught_by="gives-a-probability-per-label", fault="names the winner as integers 0 and 1"
)
class WholeNumbers(Colours):
    def predict(self, images):
        return np.eye(3, dtype=np.int64)[self.scores(images).argmax(axis=1)]


@planted("classifier", caught_by="gives-a-probability-per-label", fault="answers for the first photo alone")
class FirstPhotoAlone(Colours):
    def predict(self, images):
        return super().predict(images)[0]


@planted("classifier", caught_by="writes-to-nothing", fault="halves the pixels in place")
class ScalesInPlace(Colours):
    def predict(self, images):
        np.floor_divide(images, 2, out=images)
        return super().predict(images)


@planted("classifier", caught_by="says-the-same-again", fault="leaves dropout on")
class Dropout(Colours):
    def predict(self, images):
        kept = np.random.default_rng().random((SIDE, SIDE, 1)) < 0.5
        ground = np.linspace(0, 255, SIDE)[:, None, None] * np.array([1.0, 0.5, 0.2])
        return softmax(((np.asarray(images) + ground) * kept).mean(axis=(1, 2)) / 20)


@planted("classifier", caught_by="answers-a-batch-as-its-single-photos", fault="normalises over the batch")
class BatchNormalisation(Colours):
    def scores(self, images):
        scores = super().scores(images)
        return scores - scores.mean(axis=0)


@planted(
    "classifier",
    caught_by="answers-a-batch-as-its-single-photos",
    fault="scales by the batch's brightest pixel",
)
class BatchMaximum(Colours):
    def scores(self, images):
        return 10 * super().scores(images) / max(1, np.max(images))


@planted("classifier", caught_by="follows-the-order-of-photos", fault="sorts the photos by their red")
class SortedByRed(Colours):
    def predict(self, images):
        found = super().predict(images)
        return found[np.argsort(found[:, 0], kind="stable")]


@planted("classifier", caught_by="follows-the-order-of-photos", fault="gives the rows last photo first")
class LastPhotoFirst(Colours):
    def predict(self, images):
        return super().predict(images)[::-1]


@planted("classifier", caught_by="tells-some-photos-apart", fault="rounds shares of 1 down to 0")
class Constant(Colours):
    def scores(self, images):
        return (np.asarray(images) / 256).astype(np.uint8).mean(axis=(1, 2)) / 20


@planted("classifier", caught_by="has-labels-and-a-fingerprint", fault="has an empty fingerprint")
class NoFingerprint(Colours):
    fingerprint = ""


@planted("classifier", caught_by="has-labels-and-a-fingerprint", fault="has another fingerprint each time")
class ChangingFingerprint(Colours):
    counter = itertools.count()

    @property
    def fingerprint(self):
        return f"colours/{next(self.counter)}"


@planted("classifier", caught_by="has-labels-and-a-fingerprint", fault="numbers its labels")
class NumberedLabels(Colours):
    labels = (0, 1, 2)


@planted(
    "classifier",
    caught_by="offers-a-gradient-as-declared",
    fault="declares a gradient, and offers none",
    has_gradient=True,
)
class NoGradient(Colours):
    gradient = None


@planted("classifier", caught_by="offers-a-gradient-as-declared", fault="offers a gradient, undeclared")
class UndeclaredGradient(Sloped):
    pass


@planted(
    "classifier",
    caught_by="points-its-gradient-uphill",
    fault="gives derivatives of the loss, which points downhill",
    has_gradient=True,
)
class GradientOfTheLoss(Sloped):
    def gradient(self, images, target):
        return -super().gradient(images, target)


@planted(
    "classifier",
    caught_by="points-its-gradient-uphill",
    fault="gives derivatives by pixel, summed over the colours",
    has_gradient=True,
)
class GradientPerPixel(Sloped):
    def gradient(self, images, target):
        return super().gradient(images, target).sum(axis=3)


@planted(
    "classifier",
    caught_by="points-its-gradient-uphill",
    fault="gives NaN for derivatives",
    has_gradient=True,
)
class GradientOfNothing(Sloped):
    def gradient(self, images, target):
        slopes = super().gradient(images, target)
        return slopes / (slopes - slopes)


@planted(
    "classifier",
    caught_by="points-its-gradient-uphill",
    fault="takes the last class for the one asked about",
    has_gradient=True,
)
class GradientOfAnotherClass(Sloped):
    def gradient(self, images, target):
        return super().gradient(images, (target + 1) % 3)
