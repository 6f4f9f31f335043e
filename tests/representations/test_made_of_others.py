"""Representations made of others: several at once, end to end, and a classifier's probabilities."""

import attrs
import numpy as np
import pytest

from cbrkit_xai import use
from cbrkit_xai.errors import ConfigurationError, ParameterError
from cbrkit_xai.representations.class_probabilities import ClassProbabilities
from cbrkit_xai.representations.concatenation import Concatenation
from cbrkit_xai.representations.several import Several


@attrs.frozen
class Channel:
    """The pixels of one channel in the first row."""

    channel: int
    runs: str = ""

    @property
    def fingerprint(self):
        return f"channel/{self.channel}"

    def describe(self, images):
        return images[:, 0, :, self.channel].astype(np.float32)


class Pixels:
    fingerprint = "pixels/1"

    def describe(self, images):
        return images


@attrs.frozen
class Brightness:
    """Dark or bright, by the mean of the pixels."""

    image_size: tuple = (4, 4)
    runs: str = ""
    fingerprint = "brightness/1"
    labels = ("dark", "bright")

    def predict(self, images):
        assert images.shape[1:] == (*self.image_size, 3)
        bright = images.mean(axis=(1, 2, 3)) / 255
        return np.stack([1 - bright, bright], axis=1)


@pytest.fixture
def images():
    found = np.random.default_rng(0).integers(0, 256, (3, 4, 4, 3), dtype=np.uint8)
    found.flags.writeable = False
    return found


def test_several_gives_what_each_part_gives(images):
    found = Several(parts={"red": Channel(0), "all": Pixels()}).describe(images)
    assert list(found) == ["all", "red"]
    assert np.array_equal(found["red"], images[:, 0, :, 0])
    assert np.array_equal(found["all"], images)


def test_the_order_in_which_parts_are_named_does_not_show_in_the_fingerprint():
    one, other = Channel(0), Channel(1)
    assert (
        Several(parts={"a": one, "b": other}).fingerprint == Several(parts={"b": other, "a": one}).fingerprint
    )
    assert (
        Several(parts={"a": one, "b": other}).fingerprint != Several(parts={"a": other, "b": one}).fingerprint
    )


def test_what_a_part_would_run_the_whole_would_run():
    parts = [
        Channel(0),
        Channel(1, "model.onnx"),
        Channel(2, "https://models.invalid/x"),
        Channel(3, "model.onnx"),
    ]
    both = "model.onnx, https://models.invalid/x"
    assert Several(parts=dict(zip("abcd", parts, strict=True))).runs == both
    assert Concatenation(parts=parts).runs == both
    assert ClassProbabilities(classifier=Brightness(runs="own:model")).runs == "own:model"
    assert Several(parts={"a": Channel(0)}).runs == Concatenation(parts=[Pixels()]).runs == ""
    assert (
        Several(parts={"a": ClassProbabilities(classifier=Brightness(runs="own:model"))}).runs == "own:model"
    )


def test_a_part_of_several_arrays_is_refused(images):
    inner = Several(parts={"red": Channel(0)})
    with pytest.raises(ParameterError, match=r"parts.colours: gives 1 arrays; allowed: .* one array"):
        Several(parts={"colours": inner}).describe(images)


@pytest.mark.parametrize("make", [lambda: Several(parts={}), lambda: Concatenation(parts=[])])
def test_nothing_is_made_of_no_parts(make):
    with pytest.raises(ParameterError, match="parts: there are no parts"):
        make()


def test_a_concatenation_lays_vectors_end_to_end(images):
    found = Concatenation(parts=[Channel(1), Channel(0)]).describe(images)
    assert found.dtype == np.float32
    assert found.tolist() == [[*row[0, :, 1].astype(float), *row[0, :, 0].astype(float)] for row in images]


def test_scaled_by_its_norm_each_part_has_its_weight_as_length(images):
    black = images.copy()
    black[1] = 0
    found = Concatenation(parts=[Channel(0), Channel(2)], scale="norm", weights=[2, 0.5]).describe(black)
    lengths = np.linalg.norm(found.reshape(3, 2, 4), axis=2)
    np.testing.assert_allclose(lengths, [[2, 0.5], [0, 0], [2, 0.5]], rtol=1e-6)
    np.testing.assert_allclose(found[0, :4] / found[0, 0], black[0, 0, :, 0] / black[0, 0, 0, 0], rtol=1e-6)


def test_scale_and_weights_change_the_fingerprint_and_weights_of_one_do_not():
    parts = [Channel(0), Channel(1)]
    made = [Concatenation(parts=parts, scale=s, weights=w) for s in ("none", "norm") for w in (None, (1, 2))]
    assert len({one.fingerprint for one in made}) == 4
    assert Concatenation(parts=parts, weights=[1, 1]).fingerprint == Concatenation(parts=parts).fingerprint


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1], "1 weights for 2 parts"),
        ([1, 0], "weights: 0.0 does not fit"),
        ([1, float("inf")], "inf does not fit"),
    ],
)
def test_weights_that_do_not_fit_the_parts_are_refused(weights, message):
    with pytest.raises(ParameterError, match=message):
        Concatenation(parts=[Channel(0), Channel(1)], weights=weights)


def test_pixels_cannot_be_laid_end_to_end(images):
    with pytest.raises(ParameterError, match=r"parts\[1\] have shape \(3, 4, 4, 3\)"):
        Concatenation(parts=[Channel(0), Pixels()]).describe(images)


@pytest.mark.parametrize(
    "whole", [Several(parts={"a": Channel(0), "b": Channel(1)}), Concatenation(parts=[Channel(0)])]
)
def test_what_is_joined_from_stored_parts_is_what_would_be_described(whole, images):
    joined = whole.joined({name: part.describe(images) for name, part in whole.made_of.items()})
    np.testing.assert_equal(joined, whole.describe(images))


def test_class_probabilities_are_what_the_classifier_says(images):
    found = ClassProbabilities(classifier=Brightness()).describe(images)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[:, 1], images.mean(axis=(1, 2, 3)) / 255, rtol=1e-6)
    assert "brightness/1" in ClassProbabilities(classifier=Brightness()).fingerprint


def test_a_classifier_of_another_size_is_given_photos_of_its_own():
    grey = np.full((2, 224, 224, 3), 51, dtype=np.uint8)
    found = ClassProbabilities(classifier=Brightness(image_size=(8, 6))).describe(grey)
    np.testing.assert_allclose(found, [[0.8, 0.2]] * 2, rtol=1e-6)


def test_parts_are_made_by_name_and_a_wrong_one_is_named(registry):
    made = registry.create("representation", use("several", parts={"colour": "mean-colour"}))
    assert made.fingerprint == "several(colour=[mean-colour/1])"
    made = registry.create("representation", use("concatenation", parts=[use("mean-colour")] * 2))
    assert made.describe(np.full((1, 4, 4, 3), 7, np.uint8)).tolist() == [[7.0] * 6]
    with pytest.raises(
        ConfigurationError, match=r"parts.colour: unknown representation 'mean-color'.*mean-colour"
    ):
        registry.create("representation", use("several", parts={"colour": "mean-color"}))
