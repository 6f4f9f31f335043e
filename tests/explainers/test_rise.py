"""RISE, held against its equation written as loops and against scikit-image's enlarging."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import area_under_curve, planted
from skimage.transform import resize

from cbrkit_xai.errors import BudgetSpentError
from cbrkit_xai.explaining.counted_classifier import CountedClassifier
from cbrkit_xai_explainers.rise import Rise
from cbrkit_xai_explainers.soft_masks import SoftMasks


class Watched:
    """Passes photos on, and keeps what it was shown and what came back."""

    def __init__(self, classifier):
        self._classifier = classifier
        self.labels, self.fingerprint = classifier.labels, classifier.fingerprint
        self.shown, self.answered = [], []

    def predict(self, images):
        found = self._classifier.predict(images)
        self.shown.extend(images)
        self.answered.extend(found)
        return found


class Brightness:
    """Three classes; the last two share what is bright, one to three."""

    fingerprint = "brightness"
    labels = ("dark", "bright", "light")

    def predict(self, images):
        bright = images.mean(axis=(1, 2, 3)) / 255
        return np.stack([1 - bright, bright / 4, bright * 3 / 4], axis=1)


def masks_of(samples=50, grid=8, visible=0.5, shape=(32, 40), seed=0):
    return SoftMasks.drawn(samples, grid, visible, shape, np.random.default_rng(seed))


# -- the masks


@settings(max_examples=40)
@given(
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    grid=st.integers(2, 9),
    seed=st.integers(0, 9),
)
def test_a_mask_is_its_grid_enlarged_by_scikit_image_and_cut_out(height, width, grid, seed):
    masks = masks_of(samples=2, grid=grid, shape=(height, width), seed=seed)
    down, right = -(-height // grid), -(-width // grid)
    for number in range(2):
        large = resize(
            masks.cells[number].astype(float),
            ((grid + 1) * down, (grid + 1) * right),
            order=1,
            mode="edge",
            anti_aliasing=False,
        )
        top, left = masks.shifts[number]
        assert 0 <= top < down
        assert 0 <= left < right
        np.testing.assert_allclose(
            masks[number], large[top : top + height, left : left + width], rtol=0, atol=1e-9
        )


@pytest.mark.parametrize("visible", [0.2, 0.5, 0.7])
def test_each_pixels_mean_over_many_masks_is_near_the_chance_of_a_cell(visible):
    """A pixel's value is a mean of independent cells: its variance is at most p (1 - p)."""
    masks = masks_of(samples=3000, visible=visible, shape=(24, 31))
    means = np.mean([masks[number] for number in range(len(masks))], axis=0)
    assert np.abs(means - visible).max() < 5 * np.sqrt(visible * (1 - visible) / 3000)


def test_masks_lie_between_0_and_1():
    masks = masks_of()
    values = np.stack([masks[number] for number in range(len(masks))])
    assert values.min() >= 0
    assert values.max() <= 1 + 1e-12


# -- the equation


@pytest.mark.parametrize("target", [0, 1, 2])
@pytest.mark.parametrize("normalise", ["sampled", "expected"])
def test_the_attribution_is_the_masks_weighted_by_the_probabilities(target, normalise):
    image = np.random.default_rng(3).integers(0, 256, (9, 11, 3), dtype=np.uint8)
    watched = Watched(Brightness())
    explainer = Rise(samples=70, grid=3, visible=0.4, normalise=normalise)
    found = explainer.explain(image, watched, target, np.random.default_rng(5))
    drawn = SoftMasks.drawn(70, 3, 0.4, (9, 11), np.random.default_rng(5))  # the first use of the seed
    masks = [drawn[number] for number in range(70)]
    for row in range(9):
        for column in range(11):
            total, shown = 0.0, 0.0
            for mask, answer in zip(masks, watched.answered, strict=True):
                total += answer[target] * mask[row, column]
                shown += mask[row, column]
            expected = total / (shown if normalise == "sampled" else 70 * 0.4)
            assert found.attribution[row, column] == pytest.approx(expected, abs=1e-12)


def test_a_pixel_that_no_mask_has_shown_gets_the_mean():
    image = np.full((16, 16, 3), 200, dtype=np.uint8)
    found = Rise(samples=10, visible=1e-9).explain(image, Brightness(), 0, np.random.default_rng(0))
    np.testing.assert_array_equal(found.attribution, 1.0)  # all is dark


def test_the_photos_shown_are_the_photo_times_its_masks():
    scene = planted(0)
    watched = Watched(scene.classifier)
    Rise(samples=20).explain(scene.image, watched, 1, np.random.default_rng(0))
    masks = SoftMasks.drawn(20, 8, 0.5, scene.image.shape[:2], np.random.default_rng(0))
    for number, shown in enumerate(watched.shown):
        assert np.abs(shown - scene.image * masks[number][:, :, None]).max() <= 0.5 + 1e-9


class Constant(Brightness):
    def predict(self, images):
        return np.tile([0.2, 0.3, 0.5], (len(images), 1))


def test_a_classifier_that_never_changes_its_mind_gives_a_flat_map():
    found = Rise(samples=100).explain(planted(0).image, Constant(), 1, np.random.default_rng(0))
    np.testing.assert_allclose(found.attribution, 0.3, rtol=0, atol=1e-12)


def test_divided_as_in_the_paper_the_flat_map_carries_the_masks_own_noise():
    explainer = Rise(samples=1000, normalise="expected")
    found = explainer.explain(planted(0).image, Constant(), 1, np.random.default_rng(0))
    assert found.details["mean_probability"] == pytest.approx(0.3)
    # 0.3 * mean / 0.5, the mean of 1000 masks being within five standard errors of 0.5
    assert 0.001 < np.abs(found.attribution - 0.3).max() < 5 * 0.3 / np.sqrt(1000)


def test_a_planted_object_stands_out_in_50_draws():
    """A map that knows nothing has an area of .5 on average."""
    areas = []
    for seed in range(50):
        scene = planted(seed)
        found = Rise(samples=200).explain(
            scene.image, scene.classifier, scene.target, np.random.default_rng(seed)
        )
        areas.append(area_under_curve(found.attribution, scene.mask))
    assert np.mean(areas) > 0.95
    assert min(areas) > 0.85


def test_more_masks_make_two_seeds_agree_better():
    scene = planted(4)

    def agreement(samples):
        one, other = (
            Rise(samples=samples).explain(scene.image, scene.classifier, 1, np.random.default_rng(seed))
            for seed in (1, 2)
        )
        return np.corrcoef(one.attribution.ravel(), other.attribution.ravel())[0, 1]

    few, many = agreement(100), agreement(1000)
    assert few < many


# -- the contract


@pytest.mark.parametrize("budget", [1, 15, 16, 17, 64, 65, 99, 100, 149, 150, 151])
def test_a_budget_ends_in_a_refusal_or_in_the_mean_of_the_masks_so_far(budget):
    scene, before = planted(2), planted(2).image.copy()
    counted = CountedClassifier(scene.classifier, max_calls=budget)
    try:
        found = Rise(samples=150).explain(scene.image, counted, 1, np.random.default_rng(0))
    except BudgetSpentError as error:
        assert budget <= 8 * 8
        assert error.what in (f"{budget} calls are spent", "1 call is spent")
    else:
        assert budget > 8 * 8
        assert found.details["samples"] == counted.calls == min(budget, 150)
        assert found.stopped == ("" if budget >= 150 else f"{budget} calls are spent")
        assert np.isfinite(found.attribution).all()
    assert counted.calls <= budget
    np.testing.assert_array_equal(scene.image, before)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (8, 8), (30, 77)])
def test_photos_of_any_size_are_explained(shape):
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    found = Rise(samples=20).explain(image, Brightness(), 2, np.random.default_rng(0))
    assert found.attribution.shape == shape
    assert np.isfinite(found.attribution).all()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others():
    scene = planted(1)
    one, again, other = (
        Rise(samples=30)
        .explain(scene.image, scene.classifier, 1, np.random.default_rng(seed))
        .attribution.tobytes()
        for seed in (0, 0, 1)
    )
    assert one == again
    assert one != other


def test_details_are_json_and_progress_reaches_the_end():
    scene, told = planted(0), []
    found = Rise(samples=20).explain(
        scene.image,
        scene.classifier,
        1,
        np.random.default_rng(0),
        progress=lambda done, total: told.append((done, total)),
    )
    details = json.loads(json.dumps(dict(found.details)))
    assert set(details) == {"samples", "grid", "visible", "normalise", "mean_probability"}
    assert told[-1] == (20, 20)


@pytest.mark.parametrize(
    "parameters",
    [{"samples": 0}, {"samples": 12.5}, {"grid": 1}, {"visible": 0}, {"visible": 1.0}, {"normalise": "no"}],
    ids=str,
)
def test_parameters_out_of_range_are_refused_by_name(parameters):
    with pytest.raises((ValueError, TypeError), match=next(iter(parameters))):
        Rise(**parameters)
