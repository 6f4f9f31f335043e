"""A classifier and explainers whose answers are easy to see."""

import attrs
import numpy as np

from cbrkit_xai import BudgetSpentError, ClassifierPlugin, ExplainerPlugin, Explanation, Registry, hookimpl


class Redness:
    """Two classes: "red" by the mean of the red channel, "not" by the rest."""

    fingerprint = "redness/1"
    labels = ("red", "not")

    def __init__(self):
        self.seen = []

    def predict(self, images):
        self.seen += [len(images)]
        share = np.asarray(images)[..., 0].mean(axis=(1, 2)) / 255
        return np.stack([share, 1 - share], axis=1)


class RednessWithGradient(Redness):
    def gradient(self, images, target):
        self.seen += [len(images)]
        slope = np.zeros(np.shape(images))
        slope[..., 0] = (1 if target == 0 else -1) / (255 * slope.shape[1] * slope.shape[2])
        return slope


@attrs.frozen(kw_only=True)
class Brightness:
    """Asks nothing of the classifier."""

    def explain(self, image, classifier, target, rng, progress=None):
        return Explanation(attribution=image.mean(axis=2), note="as bright as it is")


@attrs.frozen(kw_only=True)
class Slope:
    """Asks for one gradient."""

    def explain(self, image, classifier, target, rng, progress=None):
        slope = classifier.gradient(image[None].astype(float), target)[0]
        return Explanation(attribution=slope.sum(axis=2))


@attrs.frozen(kw_only=True)
class Patient:
    """Asks for `photos` answers in batches of four, and shows how many it got."""

    photos: int = 40

    def explain(self, image, classifier, target, rng, progress=None):
        got, stopped = 0, ""
        noise = rng.random()
        try:
            while got < self.photos:
                classifier.predict(np.repeat(image[None], 4, axis=0))
                got += 4
                if progress is not None:
                    progress(got, self.photos)
        except BudgetSpentError as error:
            if not got:
                raise
            stopped = error.what
        attribution = np.full(image.shape[:2], got + noise)
        return Explanation(attribution=attribution, details={"got": got}, stopped=stopped)


@attrs.frozen(kw_only=True)
class Gives:
    """Returns whatever it was made with."""

    what: object = None

    def explain(self, image, classifier, target, rng, progress=None):
        return self.what


class Plugin:
    @hookimpl
    def cbrkit_xai_classifiers(self):
        yield ClassifierPlugin(name="redness", summary="s", source="s", factory=Redness)

    @hookimpl
    def cbrkit_xai_explainers(self):
        for name, factory, facts in (
            ("brightness", Brightness, {}),
            ("slope", Slope, {"needs_gradients": True}),
            ("maps", Slope, {"needs_feature_maps": True}),
            ("patient", Patient, {}),
        ):
            yield ExplainerPlugin(name=name, summary="s", source="s", factory=factory, **facts)


def registry():
    made = Registry()
    made.register(Plugin())
    return made


def registry_with(what):
    """Return a registry whose explainer `gives` returns `what`."""

    class One:
        @hookimpl
        def cbrkit_xai_explainers(self):
            yield ExplainerPlugin(name="gives", summary="s", source="s", factory=lambda: Gives(what=what))

    made = registry()
    made.register(One())
    return made


def photo(red=100, side=224):
    """A photo whose left half is of that red and whose right half is black."""
    pixels = np.zeros((side, side, 3), dtype=np.uint8)
    pixels[:, : side // 2, 0] = red
    return pixels
