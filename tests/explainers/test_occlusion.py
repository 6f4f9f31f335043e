"""Occlusion, held against loops over every patch and every pixel."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planted import area_under_curve, planted

from cbrkit_xai.errors import BudgetSpentError, NotApplicableError
from cbrkit_xai.explaining.counted_classifier import CountedClassifier
from cbrkit_xai_explainers.occlusion import Occlusion


class Brightness:
    """Three classes; the second grows with the brightness of the left half, the third with the rest."""

    fingerprint = "brightness"
    labels = ("dark", "left", "right")

    def predict(self, images):
        half = (images.shape[2] + 1) // 2
        left = images[:, :, :half].mean(axis=(1, 2, 3)) / 600
        right = images[:, :, half:].mean(axis=(1, 2, 3)) / 600 if images.shape[2] > 1 else 0 * left
        return np.stack([1 - left - right, left, right], axis=1)


def noise(height, width, seed=0):
    image = np.random.default_rng(seed).integers(1, 256, (height, width, 3), dtype=np.uint8)
    image.flags.writeable = False
    return image


def run(image, classifier, target=1, seed=0, progress=None, **parameters):
    return Occlusion(**parameters).explain(
        image, classifier, target, np.random.default_rng(seed), progress=progress
    )


def by_loops(image, classifier, target, patch, stride, colour):
    """Every patch, one at a time; every pixel, one at a time."""
    height, width = image.shape[:2]
    tops = [*range(0, height - patch, stride), height - patch]
    lefts = [*range(0, width - patch, stride), width - patch]
    whole = classifier.predict(image[None])[0, target]
    drops = [[[] for _ in range(width)] for _ in range(height)]
    for top in tops:
        for left in lefts:
            hidden = image.copy()
            hidden[top : top + patch, left : left + patch] = colour
            drop = whole - classifier.predict(hidden[None])[0, target]
            for row in range(top, top + patch):
                for column in range(left, left + patch):
                    drops[row][column].append(drop)
    return np.array([[np.mean(pixel) for pixel in row] for row in drops])


@pytest.mark.parametrize(("patch", "stride"), [(4, 2), (5, 3), (3, 3), (7, 1)])
@pytest.mark.parametrize("fill", ["black", "mean"])
@pytest.mark.parametrize("target", [1, 2])
def test_a_pixels_attribution_is_the_mean_drop_over_the_patches_on_it(patch, stride, fill, target):
    image, classifier = noise(13, 18), Brightness()
    colour = 0 if fill == "black" else np.rint(image.mean(axis=(0, 1))).astype(np.uint8)
    found = run(image, classifier, target, patch=patch, stride=stride, fill=fill)
    expected = by_loops(image, classifier, target, patch, stride, colour)
    np.testing.assert_allclose(found.attribution, expected, rtol=0, atol=1e-12)


@settings(max_examples=60)
@given(
    height=st.integers(1, 30),
    width=st.integers(1, 30),
    patch=st.one_of(st.floats(0.05, 0.95), st.integers(1, 12)),
    stride=st.one_of(st.floats(0.02, 0.95), st.integers(1, 12)),
)
def test_patches_cover_photos_of_any_size_up_to_their_edges(height, width, patch, stride):
    try:
        found = run(noise(height, width), Brightness(), 0, patch=patch, stride=stride, fill="black")
    except NotApplicableError as error:
        assert "one patch covers the whole photo" in str(error)
        return
    assert found.attribution.shape == (height, width)
    # "dark" gains wherever something is hidden: a pixel that no patch had covered would be NaN or 0.
    assert (found.attribution < 0).all()


def test_lengths_below_1_are_shares_of_each_side_and_others_pixels():
    found = run(noise(40, 60), Brightness(), patch=0.25, stride=5)
    assert found.details["patch"] == [10, 15]
    assert found.details["stride"] == [5, 5]


def test_a_stride_longer_than_the_patch_is_cut_to_it():
    found = run(noise(20, 20), Brightness(), patch=4, stride=15)
    assert found.details["stride"] == [4, 4]
    assert np.isfinite(found.attribution).all()


@pytest.mark.parametrize(("fill", "draws"), [("mean", 50), ("black", 10), ("blur", 10), ("noise", 10)])
def test_a_planted_object_stands_out_in_all_draws(fill, draws):
    """A map that knows nothing has an area of .5 on average."""
    areas = []
    for seed in range(draws):
        scene = planted(seed)
        found = run(scene.image, scene.classifier, patch=12, stride=6, fill=fill)
        areas.append(area_under_curve(found.attribution, scene.mask))
    assert np.mean(areas) > 0.95
    assert min(areas) > 0.85


def test_the_opposite_class_of_two_gets_the_opposite_attribution():
    scene = planted(5)
    one, other = (run(scene.image, scene.classifier, target) for target in (0, 1))
    np.testing.assert_allclose(one.attribution, -other.attribution, rtol=0, atol=1e-12)


def test_the_order_of_the_patches_does_not_change_a_whole_run():
    one, other = (run(noise(30, 30), Brightness(), seed=seed, fill="black") for seed in (0, 1))
    np.testing.assert_allclose(one.attribution, other.attribution, rtol=0, atol=1e-12)


def test_the_same_seed_gives_the_same_bytes_where_the_budget_ends_early():
    image = noise(32, 32)
    maps = [
        run(image, CountedClassifier(Brightness(), max_calls=60), patch=8, stride=2).attribution.tobytes()
        for _ in range(2)
    ]
    assert maps[0] == maps[1]


@pytest.mark.parametrize("budget", [1, 2, 16, 17, 18, 30, 100, 169, 170, 171])
def test_a_budget_ends_in_a_refusal_or_in_a_map_of_the_whole_photo(budget):
    """32 pixels in patches of 8, 2 apart: 13 x 13 patches, of which 4 x 4 tile the photo."""
    image, before = noise(32, 32), noise(32, 32).copy()
    counted = CountedClassifier(Brightness(), max_calls=budget)
    try:
        found = run(image, counted, 0, patch=8, stride=2, fill="black")
    except BudgetSpentError as error:
        assert budget < 1 + 16
        assert error.what in (f"{budget} calls are spent", "1 call is spent")
    else:
        assert budget >= 1 + 16
        assert found.details["patches"] == counted.calls - 1 == min(budget, 170) - 1
        assert found.details["patches_in_all"] == 169
        assert found.stopped == ("" if budget >= 170 else f"{budget} calls are spent")
        assert (found.attribution < 0).all()
    assert counted.calls <= budget
    np.testing.assert_array_equal(image, before)


def test_a_longer_run_comes_nearer_to_the_whole_map():
    scene = planted(8)

    def after(calls):
        counted = CountedClassifier(scene.classifier, max_calls=calls)
        return run(scene.image, counted, patch=16, stride=4).attribution

    whole = after(10_000)
    misses = [np.abs(after(calls) - whole).mean() for calls in (17, 60, 150)]
    assert misses == sorted(misses, reverse=True)
    assert misses[-1] < misses[0] / 2


def test_one_pixel_is_not_applicable():
    with pytest.raises(NotApplicableError, match="one patch covers the whole photo"):
        run(noise(1, 1), Brightness())


def test_a_photo_that_looks_like_its_filling_is_not_applicable():
    with pytest.raises(NotApplicableError, match="changes no pixel with fill = 'mean'"):
        run(np.full((20, 20, 3), 7, dtype=np.uint8), Brightness())


def test_details_are_json_and_progress_reaches_the_end():
    told = []
    found = run(
        noise(20, 20),
        Brightness(),
        patch=5,
        stride=5,
        progress=lambda done, total: told.append((done, total)),
    )
    details = json.loads(json.dumps(dict(found.details)))
    assert set(details) == {"patches", "patches_in_all", "patch", "stride", "fill", "probability"}
    assert details["probability"] == pytest.approx(Brightness().predict(noise(20, 20)[None])[0, 1])
    assert told[-1] == (17, 17)


@pytest.mark.parametrize(
    "parameters",
    [
        {"patch": 0},
        {"patch": float("inf")},
        {"patch": True},
        {"stride": -1},
        {"stride": float("nan")},
        {"fill": "pink"},
    ],
    ids=str,
)
def test_parameters_out_of_range_are_refused_by_name(parameters):
    with pytest.raises(ValueError, match=next(iter(parameters))):
        Occlusion(**parameters)
