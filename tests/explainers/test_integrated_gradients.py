"""Integrated Gradients, held against closed forms worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import planted
from scipy.ndimage import gaussian_filter
from toys import Budget, Linear, Power, nobody, photo

from cbrkit_xai.errors import BudgetSpentError, NotApplicableError, ParameterError
from cbrkit_xai_explainers.baselines import BASELINES, baseline_picture
from cbrkit_xai_explainers.integrated_gradients import IntegratedGradients, spread_midpoints


def weights(seed=1, shape=(12, 10, 3)):
    return np.random.default_rng(seed).standard_normal(shape)


@pytest.mark.parametrize("baseline", BASELINES)
def test_a_linear_model_gives_each_pixel_its_weight_times_its_way_from_the_baseline(baseline):
    image, weight = photo(), weights()
    found = IntegratedGradients(baseline=baseline).explain(image, Linear(weight), 0, nobody())
    way = image.astype(float) - baseline_picture(baseline, image)
    np.testing.assert_allclose(found.attribution, (weight * way).sum(axis=2), rtol=0, atol=1e-9)
    assert found.details["gap"] < 1e-9


@pytest.mark.parametrize("baseline", BASELINES)
def test_a_quadratic_model_gives_each_pixel_its_own_change_of_the_score(baseline):
    # The derivative along the path is linear in a, so the midpoint rule is exact: w (x^2 - b^2).
    image, weight = photo(), weights()
    found = IntegratedGradients(baseline=baseline).explain(image, Power(weight), 0, nobody())
    start = baseline_picture(baseline, image).astype(float)
    expected = (weight * (image.astype(float) ** 2 - start**2)).sum(axis=2)
    np.testing.assert_allclose(found.attribution, expected, rtol=0, atol=1e-7)


def test_a_cubic_model_is_off_by_what_the_midpoint_rule_is_off():
    # Mean of 3 a^2 over n midpoints is 1 - 1 / (4 n^2): by hand from the sum of odd squares.
    image, weight = photo(), weights() ** 2
    model = Power(weight, exponent=3)
    found = IntegratedGradients(steps=4, max_steps=4).explain(image, model, 0, nobody())
    exact = (weight * image.astype(float) ** 3).sum(axis=2)
    np.testing.assert_allclose(found.attribution, exact * (1 - 1 / 64), rtol=1e-12)
    assert found.details["gap"] == pytest.approx(1 / 64, rel=1e-9)


def test_the_other_class_gets_the_opposite():
    image, weight = photo(), weights()
    one, other = (
        IntegratedGradients().explain(image, Power(weight), target, nobody()).attribution for target in (0, 1)
    )
    np.testing.assert_allclose(one, -other, rtol=0, atol=1e-9)


def test_the_doubling_stops_as_soon_as_the_gap_is_met():
    # The gap of a cubic model is 1 / (4 n^2): .0625, .0156, .0039, .00098 for n = 2, 4, 8, 16.
    model = Power(weights() ** 2, exponent=3)
    found = IntegratedGradients(steps=2, gap=0.002).explain(photo(), model, 0, nobody())
    assert sum(model.asked) == 2 + 4 + 8 + 16
    assert found.note == "adds up to the probability within 0.1%"
    assert (found.details["steps"], found.details["converged"]) == (16, True)


def test_a_round_that_meets_the_gap_at_once_is_the_only_one():
    model = Linear(weights())
    IntegratedGradients().explain(photo(), model, 0, nobody())
    assert sum(model.asked) == 64


@pytest.mark.parametrize(("steps", "most", "rounds"), [(8, 32, 8 + 16 + 32), (8, 20, 8 + 16 + 20), (5, 5, 5)])
def test_no_round_has_more_than_max_steps_and_the_missed_gap_is_told(steps, most, rounds):
    model = Power(weights() ** 2, exponent=3)
    found = IntegratedGradients(steps=steps, max_steps=most, gap=1e-9).explain(photo(), model, 0, nobody())
    assert sum(model.asked) == rounds
    assert (found.details["steps"], found.details["converged"]) == (most, False)
    assert found.details["gap"] == pytest.approx(1 / (4 * most**2), rel=1e-6)
    assert found.stopped == ""
    assert found.note.startswith("does not add up: off by") and f"after {most} steps" in found.note


def test_where_photo_and_baseline_score_alike_no_gap_is_stated():
    image = photo()
    image[6:] = image[:6]  # the lower half, weighted against the upper, takes everything back
    weight = np.concatenate([weights(shape=(6, 10, 3))] * 2) * np.repeat([1, -1], 6)[:, None, None]
    found = IntegratedGradients().explain(image, Linear(weight), 0, nobody())
    assert found.details["gap"] is None
    assert found.details["difference"] == pytest.approx(0, abs=1e-9)
    assert "nothing to share out" in found.note
    np.testing.assert_allclose(found.attribution, (weight * image).sum(axis=2), rtol=0, atol=1e-9)


def test_a_photo_that_is_its_baseline_gets_nothing_and_no_gap():
    found = IntegratedGradients().explain(
        np.zeros((4, 4, 3), np.uint8), Linear(np.ones((4, 4, 3))), 0, nobody()
    )
    assert not found.attribution.any()
    assert found.details["gap"] is None


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32),
    baseline=st.sampled_from(BASELINES),
    size=st.tuples(st.integers(1, 7), st.integers(1, 7)),
)
def test_the_attributions_add_up_to_the_difference_of_the_scores(seed, baseline, size):
    image, model = photo(seed, *size), Power(weights(seed, (*size, 3)))
    found = IntegratedGradients(baseline=baseline, steps=3).explain(image, model, 0, nobody())
    ends = model.predict(np.stack([image, baseline_picture(baseline, image)]))[:, 0]
    assert found.attribution.sum() == pytest.approx(ends[0] - ends[1], rel=1e-6, abs=1e-4)
    assert found.details["difference"] == pytest.approx(ends[0] - ends[1])


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), flip=st.sampled_from([np.flipud, np.fliplr]))
def test_a_mirrored_model_on_a_mirrored_photo_gives_the_mirrored_attribution(seed, flip):
    image, weight = photo(seed), weights(seed)
    explainer = IntegratedGradients(steps=8, max_steps=8)
    straight = explainer.explain(image, Power(weight, 3), 0, nobody()).attribution
    mirrored = explainer.explain(flip(image).copy(), Power(flip(weight), 3), 0, nobody()).attribution
    np.testing.assert_allclose(mirrored, flip(straight), rtol=0, atol=1e-6)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_a_pixel_that_the_model_does_not_read_gets_nothing(seed):
    weight = weights(seed)
    weight[3:5] = 0
    found = IntegratedGradients(steps=4).explain(photo(seed), Power(weight), 0, nobody())
    assert not found.attribution[3:5].any()


@given(steps=st.integers(1, 300))
def test_the_points_are_the_middles_of_equal_parts_whatever_their_order(steps):
    expected = (np.arange(steps) + 0.5) / steps
    np.testing.assert_array_equal(np.sort(spread_midpoints(steps)), expected)


@pytest.mark.parametrize("first", [2, 4, 8, 16, 32])
def test_the_first_points_lie_one_in_each_equal_part_of_the_way(first):
    parts = np.floor(spread_midpoints(64)[:first] * first)
    assert sorted(parts) == list(range(first))


@pytest.mark.parametrize("calls", range(3))
def test_a_budget_that_reaches_for_no_point_is_told_by_the_error(calls):
    with pytest.raises(BudgetSpentError):
        IntegratedGradients().explain(photo(), Budget(Linear(weights()), calls), 0, nobody())


@pytest.mark.parametrize("calls", [3, 4, 7, 17, 18, 19, 33, 65])
def test_a_budget_that_ends_in_the_first_round_is_used_to_the_last_call(calls):
    image, weight = photo(), weights() ** 2
    model = Budget(Power(weight, exponent=3), calls)
    found = IntegratedGradients(gap=1e-9).explain(image, model, 0, nobody())
    assert model.calls == calls
    assert (found.stopped, found.details["steps"]) == ("the calls are spent", calls - 2)
    points = spread_midpoints(64)[: calls - 2]
    expected = (weight * image.astype(float) ** 3).sum(axis=2) * (3 * points**2).mean()
    np.testing.assert_allclose(found.attribution, expected, rtol=1e-12)


def test_the_first_quarter_of_the_points_already_tells_nearly_the_whole():
    image, weight = photo(), weights() ** 2
    found = IntegratedGradients().explain(image, Budget(Power(weight, exponent=3), 2 + 16), 0, nobody())
    assert found.details["gap"] < 0.05  # in the path's own order, from black on, it would be .98


@pytest.mark.parametrize(
    ("calls", "steps"), [(2 + 8, 8), (2 + 8 + 7, 8), (2 + 8 + 8, 8), (2 + 8 + 9, 9), (2 + 8 + 15, 15)]
)
def test_a_later_round_broken_off_counts_only_where_it_has_more_points(calls, steps):
    model = Power(weights() ** 2, exponent=3)
    found = IntegratedGradients(steps=8, gap=1e-9).explain(photo(), Budget(model, calls), 0, nobody())
    assert sum(model.asked) == calls - 2
    assert (found.details["steps"], found.stopped) == (steps, "the calls are spent")


@pytest.mark.parametrize("calls", range(3, 40, 3))
def test_on_a_real_curve_any_budget_gives_an_attribution_of_the_object_alone(calls):
    case = planted(3)
    model = Budget(case.classifier, calls)
    found = IntegratedGradients(steps=8, gap=1e-6).explain(case.image, model, 1, nobody())
    assert np.isfinite(found.attribution).all()
    assert not found.attribution[~case.mask].any()
    assert found.attribution[case.mask].sum() > 0


def test_progress_goes_up_to_the_last_step_of_each_round():
    seen = []
    model = Power(weights() ** 2, exponent=3)
    explainer = IntegratedGradients(steps=20, max_steps=40, gap=1e-9)
    explainer.explain(photo(), model, 0, nobody(), lambda *at: seen.append(at))
    assert seen == [(16, 20), (20, 20), (36, 60), (52, 60), (60, 60)]


def test_it_is_not_applicable_without_a_gradient():
    class Blind:
        labels, fingerprint, gradient = ("a", "b"), "blind", None

        def predict(self, images):
            return np.full((len(images), 2), 0.5)

    with pytest.raises(NotApplicableError, match="gradients"):
        IntegratedGradients().explain(photo(), Blind(), 0, nobody())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("black", lambda image: np.zeros(image.shape)),
        ("white", lambda image: np.full(image.shape, 255)),
        ("mean", lambda image: np.round(np.array([image[..., c].mean() for c in range(3)]))),
        (
            "blur",
            lambda image: np.round(
                np.stack(
                    [gaussian_filter(image[..., c].astype(float), 1.2, mode="nearest") for c in range(3)], 2
                )
            ),
        ),
    ],
)
def test_the_baselines_are_what_their_names_say(name, expected):
    image = photo()
    found = baseline_picture(name, image)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, np.broadcast_to(expected(image), image.shape))


@pytest.mark.parametrize(
    "wrong", [{"baseline": "grey"}, {"steps": 0}, {"gap": 0.0}, {"steps": 64, "max_steps": 63}], ids=str
)
def test_parameters_that_make_no_sense_are_refused(wrong):
    with pytest.raises((ValueError, ParameterError)):
        IntegratedGradients(**wrong)


@pytest.mark.slow
def test_on_real_photos_the_gap_is_told_and_mostly_under_five_per_cent(coco200):
    from cbrkit_xai import open_image
    from cbrkit_xai_latent.imagenet import EfficientNetLite0

    classifier, explainer = EfficientNetLite0(), IntegratedGradients(max_steps=256)
    gaps = []
    # Three of the photos; benchmarks/bench_explainers.py takes ten.
    for path in sorted((coco200 / "images").glob("*.jpg"))[::80]:
        image = open_image(path).pixels
        target = int(classifier.predict(image[None])[0].argmax())
        found = explainer.explain(image, classifier, target, nobody())
        black = np.stack([image, np.zeros_like(image)])
        ends = classifier.predict(black)[:, target].astype(float)
        # Worked out here from the picture that is shown, not read from what the method says of itself.
        gaps.append(abs(found.attribution.sum() - (ends[0] - ends[1])) / abs(ends[0] - ends[1]))
        assert found.details["gap"] == pytest.approx(gaps[-1], rel=1e-3)
    assert len(gaps) == 3
    assert sum(gap < 0.05 for gap in gaps) >= 2, gaps
