import numpy as np
import pytest
from redness import Redness, RednessWithGradient, photo

from cbrkit_xai.errors import BudgetSpentError, ClassifierError, ParameterError
from cbrkit_xai.explaining.counted_classifier import CountedClassifier, can

PHOTOS = np.stack([photo(100), photo(200), photo(50)])


def test_it_counts_photos_not_batches():
    counted = CountedClassifier(RednessWithGradient())
    counted.predict(PHOTOS)
    counted.predict(PHOTOS[:1])
    counted.gradient(PHOTOS[:2].astype(float), 0)
    assert counted.calls == 3 + 1 + 2


def test_it_passes_the_answers_on():
    expected = np.array([[50 / 255, 1 - 50 / 255], [100 / 255, 1 - 100 / 255], [25 / 255, 1 - 25 / 255]])
    assert np.allclose(CountedClassifier(Redness()).predict(PHOTOS), expected)


def test_the_classifier_is_not_asked_beyond_the_budget():
    inner = Redness()
    counted = CountedClassifier(inner, max_calls=4)
    counted.predict(PHOTOS)
    with pytest.raises(BudgetSpentError, match="4 calls are spent"):
        counted.predict(PHOTOS[:2])
    assert inner.seen == [3]
    counted.predict(PHOTOS[:1])  # one is left
    assert counted.calls == sum(inner.seen) == 4


def test_gradients_and_predictions_share_the_budget():
    counted = CountedClassifier(RednessWithGradient(), max_calls=2)
    counted.gradient(PHOTOS[:1].astype(float), 0)
    counted.predict(PHOTOS[:1])
    with pytest.raises(BudgetSpentError):
        counted.gradient(PHOTOS[:1].astype(float), 0)


def test_the_classifier_is_not_asked_after_its_time():
    now = [0.0]
    counted = CountedClassifier(Redness(), max_seconds=2.0, clock=lambda: now[0])
    now[0] = 1.9
    counted.predict(PHOTOS)
    now[0] = 2.1
    with pytest.raises(BudgetSpentError, match="2 seconds have passed"):
        counted.predict(PHOTOS)
    assert counted.calls == 3


@pytest.mark.parametrize(
    "budget", [{"max_calls": 0}, {"max_calls": -1}, {"max_seconds": 0}, {"max_seconds": float("nan")}]
)
def test_a_budget_that_allows_nothing_is_refused(budget):
    with pytest.raises(ParameterError):
        CountedClassifier(Redness(), **budget)


def test_it_offers_a_gradient_only_where_the_classifier_does():
    assert not can(CountedClassifier(Redness()), "gradient")
    assert can(CountedClassifier(RednessWithGradient()), "gradient")
    assert not can(CountedClassifier(RednessWithGradient()), "feature_maps")


def test_features_are_passed_on_and_counted():
    class WithFeatures(Redness):
        def features(self, images):
            return np.ones((len(images), 5))

    counted = CountedClassifier(WithFeatures(), max_calls=3)
    assert not can(CountedClassifier(Redness()), "features")
    assert counted.features(PHOTOS).shape == (3, 5)
    assert counted.left == 0
    with pytest.raises(BudgetSpentError):
        counted.features(PHOTOS[:1])


def _answering(answer):
    class Answering(Redness):
        def predict(self, images):
            return answer

        def gradient(self, images, target):
            return answer

        def feature_maps(self, images, target):
            return answer

    return CountedClassifier(Answering())


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (np.full((3, 3), 1 / 3), "shape"),
        (np.full(2, 0.5), "shape"),
        (np.full((3, 2), np.nan), "NaN"),
        (np.array([[1, -1], [2, -1], [0.5, 0.5]]), "output = 'logits'"),
        (np.array([[0.5, 0.5], [0.9, 0.9], [0.5, 0.5]]), "summing to 1"),
        (np.array([[1.5, -0.5], [0.5, 0.5], [0.5, 0.5]]), "at least 0"),
    ],
)
def test_answers_that_are_no_probabilities_are_refused(answer, words):
    with pytest.raises(ClassifierError, match=words):
        _answering(answer).predict(PHOTOS)


def test_half_precision_sums_pass():
    _answering(np.array([[0.4995, 0.5], [0.5, 0.5004], [0, 1]])).predict(PHOTOS)


@pytest.mark.parametrize("answer", [np.zeros((3, 224, 224)), np.full((3, 224, 224, 3), np.inf)])
def test_gradients_of_another_shape_or_infinite_are_refused(answer):
    with pytest.raises(ClassifierError, match="gradient"):
        _answering(answer).gradient(PHOTOS.astype(float), 0)


@pytest.mark.parametrize(
    "answer",
    [
        (np.zeros((3, 5)), np.zeros((3, 5))),
        (np.zeros((2, 7, 7, 4)), np.zeros((2, 7, 7, 4))),
        (np.zeros((3, 7, 7, 4)), np.zeros((3, 4))),
    ],
)
def test_feature_maps_of_other_shapes_are_refused(answer):
    with pytest.raises(ClassifierError, match="feature maps"):
        _answering(answer).feature_maps(PHOTOS, 0)
