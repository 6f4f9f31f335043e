"""The plain gradient, SmoothGrad and Blur IG, held against hand formulas and the package saliency."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import planted
from toys import Budget, Linear, Power, nobody, photo

from cbrkit_xai.errors import BudgetSpentError, NotApplicableError
from cbrkit_xai_explainers.blur_ig import BlurIntegratedGradients
from cbrkit_xai_explainers.grad_cam import GradCam
from cbrkit_xai_explainers.plain_gradient import PlainGradient
from cbrkit_xai_explainers.smooth_grad import SmoothGrad


def weights(seed=1, shape=(12, 10, 3)):
    return np.random.default_rng(seed).standard_normal(shape)


# plain gradient


@pytest.mark.parametrize("target", [0, 1])
def test_the_gradient_is_the_largest_absolute_derivative_of_each_pixel(target):
    image, weight = photo(), weights()
    found = PlainGradient().explain(image, Power(weight), target, nobody())
    expected = [
        [max(abs(2.0 * int(image[y, x, c]) * weight[y, x, c]) for c in range(3)) for x in range(10)]
        for y in range(12)
    ]
    np.testing.assert_allclose(found.attribution, expected, rtol=1e-12)


def test_the_gradient_takes_one_call():
    model = Budget(Linear(weights()), 1)
    assert PlainGradient().explain(photo(), model, 0, nobody()).stopped == ""
    with pytest.raises(BudgetSpentError):
        PlainGradient().explain(photo(), model, 0, nobody())


# SmoothGrad


def test_without_noise_smoothgrad_is_the_gradient():
    case = planted(2)
    smooth, plain = (
        explainer.explain(case.image, case.classifier, 1, nobody()).attribution
        for explainer in (SmoothGrad(noise=0.0, samples=20), PlainGradient())
    )
    np.testing.assert_allclose(smooth, plain, rtol=1e-12)


def test_what_the_noise_adds_averages_out():
    # The derivative of w x^2 is 2 w x: its mean over the noise is that of the photo, with a standard
    # error of 2 |w| * 25.5 / sqrt(samples).
    image, weight = photo(), weights()
    found = SmoothGrad(samples=400).explain(image, Power(weight), 0, nobody()).attribution
    exact = PlainGradient().explain(image, Power(weight), 0, nobody()).attribution
    error = 2 * abs(weight).max(axis=2) * 25.5 / np.sqrt(400)
    assert (abs(found - exact) < 5 * error).all()


def test_the_noise_has_the_stated_share_of_the_range():
    class Remembers(Linear):
        def gradient(self, images, target):
            self.seen = images
            return super().gradient(images, target)

    image, model = photo(height=40, width=40), Remembers(weights(shape=(40, 40, 3)))
    SmoothGrad(samples=16, noise=0.2).explain(image, model, 0, nobody())
    noise = model.seen - image
    assert noise.std() == pytest.approx(0.2 * 255, rel=0.02)
    assert noise.mean() == pytest.approx(0, abs=1)
    assert abs(np.corrcoef(noise.reshape(16, -1)) - np.eye(16)).max() < 0.1  # no copy is another's


def test_a_seed_gives_the_same_bytes_and_another_seed_others():
    case = planted(2)
    first, again, other = (
        SmoothGrad(samples=5)
        .explain(case.image, Power(weights(shape=case.image.shape), 3), 0, rng)
        .attribution
        for rng in map(np.random.default_rng, (7, 7, 8))
    )
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


@pytest.mark.parametrize("calls", [1, 2, 15, 16, 17, 31, 39])
def test_a_budget_that_ends_early_gives_what_fewer_samples_give(calls):
    image, weight = photo(), weights()
    model = Budget(Power(weight, 3), calls)
    found = SmoothGrad(samples=40).explain(image, model, 0, np.random.default_rng(3))
    assert (found.stopped, found.details["samples"], model.calls) == ("the calls are spent", calls, calls)
    # the seeds of the copies are drawn one after another, so fewer samples are the first of many
    fewer = SmoothGrad(samples=calls).explain(image, Power(weight, 3), 0, np.random.default_rng(3))
    np.testing.assert_allclose(found.attribution, fewer.attribution, rtol=1e-12)


# Blur IG


def out_of_focus(image, sigma):
    """Blurred line by line and column by column, black beyond the border, cut off at 4 sigma."""
    reach = int(4 * sigma + 0.5)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    for axis in (0, 1):
        image = np.apply_along_axis(np.convolve, axis, image, kernel / kernel.sum(), "full")
        image = image.take(range(reach, image.shape[axis] - reach), axis=axis)
    return image


@pytest.mark.parametrize("steps", [1, 5, 20])
def test_on_a_linear_model_blur_ig_gives_each_pixel_what_the_blur_takes_from_it(steps):
    image, weight = photo(height=30, width=20), weights(shape=(30, 20, 3))
    found = BlurIntegratedGradients(blur=0.1, steps=steps).explain(image, Linear(weight), 0, nobody())
    exact = (weight * (image - out_of_focus(image.astype(float), 3.0))).sum(axis=2)
    np.testing.assert_allclose(found.attribution, exact, rtol=0, atol=1e-8)
    assert found.details["sigma"] == pytest.approx(3.0)


def test_the_gradient_of_each_step_is_that_of_its_middle():
    # One step of a quadratic model: 2 w m (x - b), m being the photo at a quarter of the blur.
    image, weight = photo(height=30, width=20), weights(shape=(30, 20, 3))
    found = BlurIntegratedGradients(blur=0.2, steps=1, max_steps=1).explain(image, Power(weight), 0, nobody())
    middle, end = (out_of_focus(image.astype(float), sigma) for sigma in (1.5, 6.0))
    np.testing.assert_allclose(
        found.attribution, (2 * weight * middle * (image - end)).sum(axis=2), rtol=0, atol=1e-6
    )


def test_with_steps_enough_blur_ig_is_saliencys():
    from saliency.core.base import INPUT_OUTPUT_GRADIENTS
    from saliency.core.blur_ig import BlurIG

    case = planted(4, side=32)
    found = BlurIntegratedGradients(blur=0.25).explain(case.image, case.classifier, 1, nobody())
    theirs = (
        BlurIG()
        .GetMask(
            case.image.astype(float),
            lambda batch, **_: {INPUT_OUTPUT_GRADIENTS: case.classifier.gradient(batch, 1)},
            max_sigma=8.0,
            steps=1500,
            batch_size=100,
        )
        .sum(axis=2)
    )
    # Theirs leaves out the derivative at 0 and jumps where the kernel grows by a pixel.
    assert abs(found.attribution - theirs).max() < 0.02 * abs(theirs).max()
    assert np.corrcoef(found.attribution.ravel(), theirs.ravel())[0, 1] > 0.9999


def test_blur_ig_tells_its_completeness():
    case = planted(4, side=32)
    found = BlurIntegratedGradients(blur=0.25).explain(case.image, case.classifier, 1, nobody())
    end = np.round(out_of_focus(case.image.astype(float), 8.0)).astype(np.uint8)
    before, after = case.classifier.predict(np.stack([case.image, end]))[:, 1]
    assert found.details["difference"] == pytest.approx(before - after, rel=1e-9)
    assert found.details["gap"] == pytest.approx(
        abs(found.attribution.sum() / (before - after) - 1), rel=1e-6
    )
    assert found.details["converged"]


def test_the_steps_are_doubled_until_the_gap_is_met_and_the_missed_gap_is_told():
    image, model = photo(height=20, width=20), Power(weights(shape=(20, 20, 3)) ** 2)
    gaps = []
    for most in (2, 4, 8, 16, 32):
        model.asked.clear()
        explainer = BlurIntegratedGradients(steps=2, max_steps=most, gap=1e-9)
        found = explainer.explain(image, model, 0, nobody())
        assert (sum(model.asked), found.details["steps"]) == (2 * most - 2, most)
        assert not found.details["converged"] and not found.stopped
        gaps.append(found.details["gap"])
    assert gaps == sorted(gaps, reverse=True)
    model.asked.clear()
    found = BlurIntegratedGradients(steps=2, gap=gaps[2] * 1.001).explain(image, model, 0, nobody())
    assert (sum(model.asked), found.details["steps"], found.details["converged"]) == (2 + 4 + 8, 8, True)


@pytest.mark.parametrize("calls", [6, 7, 13])
def test_a_later_round_of_blur_ig_broken_off_shows_the_last_full_one(calls):
    image, weight = photo(height=20, width=20), weights(shape=(20, 20, 3)) ** 2
    model = Budget(Power(weight), calls)
    found = BlurIntegratedGradients(steps=4, gap=1e-9).explain(image, model, 0, nobody())
    full = BlurIntegratedGradients(steps=4, max_steps=4, gap=1e-9).explain(image, Power(weight), 0, nobody())
    assert (model.calls, found.stopped) == (calls, "the calls are spent")
    assert dict(found.details) == dict(full.details)
    np.testing.assert_array_equal(found.attribution, full.attribution)


def test_few_steps_are_not_called_converged():
    case = planted(4, side=32)
    found = BlurIntegratedGradients(steps=1, max_steps=1).explain(case.image, case.classifier, 1, nobody())
    assert found.details["gap"] > 0.05
    assert not found.details["converged"]


@pytest.mark.parametrize("calls", range(3))
def test_a_budget_that_reaches_for_no_step_of_blur_ig_is_told_by_the_error(calls):
    with pytest.raises(BudgetSpentError):
        BlurIntegratedGradients().explain(photo(), Budget(Linear(weights()), calls), 0, nobody())


@pytest.mark.parametrize("calls", [3, 10, 18, 19, 25, 41])
def test_blur_ig_ended_early_is_blur_ig_up_to_a_lesser_blur(calls):
    image, weight, done = photo(height=20, width=20), weights(shape=(20, 20, 3)), calls - 2
    model = Budget(Power(weight), calls)
    found = BlurIntegratedGradients(blur=0.4, steps=40).explain(image, model, 0, nobody())
    lesser = BlurIntegratedGradients(blur=0.4 * (done / 40) ** 2, steps=done, max_steps=done)
    expected = lesser.explain(image, Power(weight), 0, nobody())
    assert model.calls == calls
    assert found.stopped == "the calls are spent"
    assert found.details["sigma"] == pytest.approx(expected.details["sigma"])
    assert found.details["gap"] is None and "ended early" in found.note
    # not closer: a last bit of sigma may make a kernel wider by a pixel, four sigma from its middle
    near = 1e-4 * abs(expected.attribution).max()
    np.testing.assert_allclose(found.attribution, expected.attribution, rtol=0, atol=near)


# all of them


GRADIENT_METHODS = [PlainGradient(), SmoothGrad(samples=3), BlurIntegratedGradients(steps=3)]


@pytest.mark.parametrize("explainer", GRADIENT_METHODS, ids=lambda one: type(one).__name__)
@settings(max_examples=15)
@given(size=st.tuples(st.integers(1, 9), st.integers(1, 9)), seed=st.integers(0, 1000))
def test_a_photo_of_any_size_gets_a_finite_attribution_of_its_size(explainer, size, seed):
    image = photo(seed, *size)
    found = explainer.explain(image, Power(weights(seed, (*size, 3))), 0, nobody())
    assert found.attribution.shape == size
    assert np.isfinite(found.attribution).all()


@pytest.mark.parametrize("explainer", [*GRADIENT_METHODS, GradCam()], ids=lambda one: type(one).__name__)
def test_a_classifier_without_what_is_needed_is_told_by_name(explainer):
    class Blind:
        labels, fingerprint = ("a", "b"), "blind"

        def predict(self, images):
            return np.full((len(images), 2), 0.5)

    with pytest.raises(NotApplicableError, match="does not offer"):
        explainer.explain(photo(), Blind(), 0, nobody())


@pytest.mark.parametrize("explainer", GRADIENT_METHODS[1:], ids=lambda one: type(one).__name__)
def test_progress_ends_at_the_total(explainer):
    seen = []
    explainer.explain(photo(), Linear(weights()), 0, nobody(), lambda *at: seen.append(at))
    assert seen[-1] == (3, 3)


def test_a_wrong_noise_or_number_is_refused():
    for wrong in ({"noise": -0.1}, {"noise": 1.1}, {"samples": 0}):
        with pytest.raises(ValueError, match=r"noise|samples"):
            SmoothGrad(**wrong)
    for wrong in ({"blur": 0.0}, {"steps": 0}, {"gap": 0.0}):
        with pytest.raises(ValueError, match=r"blur|steps|gap"):
            BlurIntegratedGradients(**wrong)
