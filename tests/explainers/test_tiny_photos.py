"""Photos of a few pixels: every method explains them, or says that it does not apply."""

import attrs
import numpy as np
import pytest
from toys import photo

from cbrkit_xai import Registry, use
from cbrkit_xai.errors import NotApplicableError
from cbrkit_xai.explaining.counted_classifier import CountedClassifier
from cbrkit_xai_explainers import methods

NAMES = sorted(record.name for record in methods.cbrkit_xai_explainers())
QUICK = {"rise": {"samples": 100}, "lime": {"samples": 200}, "anchors": {"max_samples": 200}}
SIZES = [(1, 1), (1, 5), (5, 1), (2, 2), (8, 8)]


@attrs.frozen(kw_only=True, eq=False)
class Reads:
    """The second class's probability grows with the weighted sum of all pixels; one cell is one pixel."""

    weights: np.ndarray  # (h, w, 3)
    labels: tuple = ("less", "more")
    fingerprint: str = "reads"

    @property
    def image_size(self):
        return self.weights.shape[:2]

    def predict(self, images):
        found = 1 / (1 + np.exp(-(images * self.weights).sum(axis=(1, 2, 3))))
        return np.stack([1 - found, found], axis=1)

    def gradient(self, images, target):
        found = self.predict(images)[:, 1]
        sign = 1 if target == 1 else -1
        return (sign * found * (1 - found))[:, None, None, None] * self.weights

    def feature_maps(self, images, target):
        sign = 1 if target == 1 else -1
        return images.astype(np.float64), np.broadcast_to(sign * self.weights, images.shape)


@pytest.fixture(scope="module")
def registry():
    made = Registry()
    made.register(methods, name="explainers")
    return made


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_a_tiny_photo_is_explained_or_the_method_says_that_it_does_not_apply(registry, name, size):
    image = photo(3, *size)
    weights = np.random.default_rng(4).standard_normal((*size, 3)) / (255 * image.size) * 10
    classifier = CountedClassifier(Reads(weights=weights))
    target = int(classifier.predict(image[None])[0].argmax())
    explainer = registry.create("explainer", use(name, **QUICK.get(name, {})))
    try:
        found = explainer.explain(image, classifier, target, np.random.default_rng(0))
    except NotApplicableError:
        assert size != (8, 8)  # of which every method can tell something
        return
    shown = found.mask if found.attribution is None else found.attribution
    assert shown.shape == size
    assert np.isfinite(shown).all()
