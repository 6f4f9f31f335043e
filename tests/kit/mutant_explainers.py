"""Explanation methods with one planted fault each."""

import numpy as np
from mutants import planted

from cbrkit_xai.errors import BudgetSpentError
from cbrkit_xai.explaining.explanation import Explanation

SIDE = 8


def redness(image):
    """How much redder each pixel is than grey, `(h, w)`."""
    pixels = np.asarray(image, dtype=np.float64)
    return pixels[..., 0] - pixels.mean(axis=2)


class Red:
    def explain(self, image, classifier, target, rng, progress=None):
        return Explanation(attribution=redness(image))


class Occlusion:
    """Greys out one square at a time, and sees what it costs."""

    def ended(self, attribution, error):
        return Explanation(attribution=attribution, stopped=error.what)

    def done(self, attribution):
        return Explanation(attribution=attribution)

    def explain(self, image, classifier, target, rng, progress=None):
        attribution = np.zeros(image.shape[:2])
        try:
            whole = classifier.predict(image[None])[0, target]
            for top in range(0, image.shape[0], SIDE):
                for left in range(0, image.shape[1], SIDE):
                    hidden, place = image.copy(), np.s_[top : top + SIDE, left : left + SIDE]
                    hidden[place] = 128
                    attribution[place] = whole - classifier.predict(hidden[None])[0, target]
        except BudgetSpentError as error:
            return self.ended(attribution, error)
        return self.done(attribution)


@planted("explainer", caught_by="gives-an-explanation-of-the-photos-size", fault="gives columns for rows")
class Transposed:
    def explain(self, image, classifier, target, rng, progress=None):
        return Explanation(attribution=redness(image).T)


@planted(
    "explainer", caught_by="gives-an-explanation-of-the-photos-size", fault="gives a number per colour value"
)
class PerColourValue:
    def explain(self, image, classifier, target, rng, progress=None):
        return Explanation(attribution=np.asarray(image, dtype=np.float64))


@planted(
    "explainer", caught_by="gives-an-explanation-of-the-photos-size", fault="gives a mask of half the size"
)
class SmallMask:
    def explain(self, image, classifier, target, rng, progress=None):
        return Explanation(attribution=redness(image), mask=redness(image)[::2, ::2] > 0)


@planted("explainer", caught_by="gives-an-explanation-of-the-photos-size", fault="returns a dict")
class ReturnsADict:
    def explain(self, image, classifier, target, rng, progress=None):
        return {"attribution": redness(image)}


@planted("explainer", caught_by="gives-an-explanation-of-the-photos-size", fault="forgets to return anything")
class ReturnsNothing:
    def explain(self, image, classifier, target, rng, progress=None):
        Explanation(attribution=redness(image))


@planted(
    "explainer",
    caught_by="gives-an-explanation-of-the-photos-size",
    fault="puts its picture into details alone",
)
class EmptyExplanation:
    def explain(self, image, classifier, target, rng, progress=None):
        return Explanation(details={"attribution": redness(image).tolist()})


@planted("explainer", caught_by="attributes-finite-numbers", fault="divides 0 by 0 where a pixel is not red")
class DividesByZero:
    def explain(self, image, classifier, target, rng, progress=None):
        red = np.maximum(redness(image), 0)
        return Explanation(attribution=red / red)


@planted("explainer", caught_by="attributes-finite-numbers", fault="rounds everything down to nothing")
class Constant:
    def explain(self, image, classifier, target, rng, progress=None):
        return Explanation(attribution=(redness(image) / 256).astype(np.int64))


@planted("explainer", caught_by="writes-to-nothing", fault="greys out squares of the photo itself")
class GreysInPlace:
    def explain(self, image, classifier, target, rng, progress=None):
        attribution = redness(image)
        image[:SIDE, :SIDE] = 128
        return Explanation(attribution=attribution)


@planted(
    "explainer", caught_by="explains-the-same-again", fault="makes random numbers of its own, without a seed"
)
class NotSeeded:
    def explain(self, image, classifier, target, rng, progress=None):
        noise = np.random.default_rng().normal(size=image.shape[:2])
        return Explanation(attribution=redness(image) + noise)


@planted("explainer", caught_by="explains-the-same-again", fault="averages over all photos it has explained")
class RunningAverage:
    def __init__(self):
        self.total, self.photos = 0.0, 0

    def explain(self, image, classifier, target, rng, progress=None):
        self.total, self.photos = self.total + np.maximum(redness(image), 0), self.photos + 1
        return Explanation(attribution=np.sqrt(self.total) / self.photos)


@planted("explainer", caught_by="leaves-global-random-numbers-alone", fault="seeds numpy's global generator")
class SeedsGlobalNumbers:
    def explain(self, image, classifier, target, rng, progress=None):
        np.random.seed(0)  # noqa: NPY002 - the fault
        return Explanation(attribution=redness(image) + np.random.normal(size=image.shape[:2]))  # noqa: NPY002


@planted(
    "explainer",
    caught_by="leaves-global-random-numbers-alone",
    fault="draws one number from numpy's global generator",
    deterministic=False,
)
class DrawsFromGlobalNumbers:
    def explain(self, image, classifier, target, rng, progress=None):
        return Explanation(attribution=redness(image) * (1 + np.random.random()))  # noqa: NPY002 - the fault


@planted("explainer", caught_by="asks-only-for-what-it-declares", fault="asks for a gradient, undeclared")
class UndeclaredGradient:
    def explain(self, image, classifier, target, rng, progress=None):
        slopes = classifier.gradient(image[None].astype(np.float64), target)[0]
        return Explanation(attribution=(slopes * image).sum(axis=2))


@planted(
    "explainer",
    caught_by="asks-only-for-what-it-declares",
    fault="asks for feature maps, and declares a gradient",
    needs_gradients=True,
)
class UndeclaredFeatureMaps:
    def explain(self, image, classifier, target, rng, progress=None):
        maps, slopes = classifier.feature_maps(image[None], target)
        coarse = (maps[0] * slopes[0].mean(axis=(0, 1))).sum(axis=2)
        times = image.shape[0] // len(coarse)
        return Explanation(attribution=coarse.repeat(times, axis=0).repeat(times, axis=1))


@planted(
    "explainer", caught_by="tells-details-that-json-holds", fault="puts a number of numpy's into details"
)
class NumpyDetails:
    def explain(self, image, classifier, target, rng, progress=None):
        red = redness(image)
        return Explanation(attribution=red, details={"pixels": (red > 0).sum()})


@planted("explainer", caught_by="tells-details-that-json-holds", fault="puts NaN into details")
class NanDetails:
    def explain(self, image, classifier, target, rng, progress=None):
        return Explanation(attribution=redness(image), details={"gap": float("nan")})


@planted("explainer", caught_by="tells-progress-that-only-grows", fault="counts one step more than there are")
class ProgressOverTheEnd:
    def explain(self, image, classifier, target, rng, progress=None):
        for step in range(4):
            if progress is not None:
                progress(step + 2, 4)
        return Explanation(attribution=redness(image))


@planted("explainer", caught_by="tells-progress-that-only-grows", fault="tells how much is left")
class ProgressBackwards:
    def explain(self, image, classifier, target, rng, progress=None):
        for step in range(4):
            if progress is not None:
                progress(4 - step, 4)
        return Explanation(attribution=redness(image))


@planted("explainer", caught_by="ends-with-the-budget", fault="shows half a picture as if it were done")
class SilentlyHalfDone(Occlusion):
    def ended(self, attribution, error):
        return self.done(attribution)


@planted("explainer", caught_by="ends-with-the-budget", fault="makes another error of a spent budget")
class RaisesSomethingElse(Occlusion):
    def ended(self, attribution, error):
        raise RuntimeError("the classifier cannot be asked") from error


@planted("explainer", caught_by="ends-with-the-budget", fault="returns nothing where the budget ends")
class NothingAtTheEnd(Occlusion):
    def ended(self, attribution, error):
        return None


@planted("explainer", caught_by="ends-with-the-budget", fault="says that it stopped though it was done")
class AlwaysStopped(Occlusion):
    def done(self, attribution):
        return Explanation(attribution=attribution, stopped="as many squares as there are")


@planted("explainer", caught_by="ends-with-the-budget", fault="gives up where 1000 calls are not allowed")
class AsksForTooMuch(Occlusion):
    def explain(self, image, classifier, target, rng, progress=None):
        left = getattr(classifier, "left", None)
        if left is not None and left < 1000:
            raise BudgetSpentError("there is not enough left")
        return super().explain(image, classifier, target, rng, progress)
