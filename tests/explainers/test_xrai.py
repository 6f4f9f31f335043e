"""XRAI, held against saliency's own run on attributions from a loop written here."""

import warnings

import numpy as np
import pytest
from planted import area_under_curve, planted
from toys import Budget, Linear, Power, nobody, photo

from cbrkit_xai.errors import BudgetSpentError, ParameterError
from cbrkit_xai_explainers.xrai import Xrai

ALGORITHMS = ("fast", "full")


def by_saliency(image, attribution, algorithm):
    from saliency.core.xrai import XRAI, XRAIParameters

    parameters = XRAIParameters(algorithm=algorithm)
    return XRAI().GetMask(
        image.astype(float), None, base_attribution=attribution, extra_parameters=parameters
    )


def integrated_by_hand(case, start, steps=64):
    """Mean of the gradients in the middles of the steps, one after another, times the way."""
    way = case.image.astype(float) - start
    gradients = [
        case.classifier.gradient((start + (step + 0.5) / steps * way)[None], case.target)[0]
        for step in range(steps)
    ]
    return way * np.mean(gradients, axis=0)


@pytest.fixture(scope="module")
def case():
    return planted(5)


@pytest.fixture(scope="module")
def fast(case):
    return Xrai().explain(case.image, case.classifier, 1, nobody())


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_scores_are_saliencys_for_the_mean_over_black_and_white(case, algorithm):
    found = Xrai(algorithm=algorithm).explain(case.image, case.classifier, 1, nobody())
    pixels = (integrated_by_hand(case, 0.0) + integrated_by_hand(case, 255.0)) / 2
    np.testing.assert_allclose(
        found.attribution, by_saliency(case.image, pixels, algorithm), rtol=1e-9, atol=1e-15
    )


def test_with_one_baseline_the_scores_are_saliencys_for_that_one(case):
    found = Xrai(baselines=["black"], algorithm="full").explain(case.image, case.classifier, 1, nobody())
    expected = by_saliency(case.image, integrated_by_hand(case, 0.0), "full")
    np.testing.assert_allclose(found.attribution, expected, rtol=1e-9, atol=1e-15)


def test_the_details_tell_of_each_path(case, fast):
    before = case.classifier.predict(np.stack([case.image, 0 * case.image, 0 * case.image + 255]))[:, 1]
    assert fast.details["baselines"] == ["black", "white"]
    np.testing.assert_allclose(fast.details["difference"], before[0] - before[1:], rtol=1e-12)
    assert all(gap < 0.05 for gap in fast.details["gap"])
    assert fast.details["steps"] == [64, 64]
    assert fast.details["converged"]
    assert fast.note == ""


def test_a_path_that_does_not_add_up_is_named_in_the_note():
    # The gap of a cubic model is 1 / (4 n^2) from black; of one colour, the photo is its own mean colour.
    image = np.full((6, 5, 3), 100, dtype=np.uint8)
    model = Power(np.ones(image.shape), exponent=3)
    found = Xrai(baselines=["black", "mean"], steps=1, max_steps=1).explain(image, model, 0, nobody())
    first, second = found.note.split("; ")
    assert first == "from black: does not add up: off by 25% after 1 steps"
    assert second.startswith("from mean: photo and baseline get the same probability")
    assert found.details["gap"] == [pytest.approx(0.25), None]


def test_a_region_has_one_score_so_there_are_no_more_scores_than_regions(case, fast):
    assert 1 < len(np.unique(fast.attribution)) <= fast.details["regions"] < case.mask.size


def test_the_regions_of_the_object_are_the_best(case, fast):
    # saliency widens each region by 5 pixels, so that a rim around the object is among the best
    assert area_under_curve(fast.attribution, case.mask) > 0.9


@pytest.mark.parametrize("calls", range(3))
def test_a_budget_that_reaches_for_no_point_of_the_first_path_is_told_by_the_error(case, calls):
    with pytest.raises(BudgetSpentError):
        Xrai().explain(case.image, Budget(case.classifier, calls), 1, nobody())


@pytest.mark.parametrize(
    ("calls", "spent", "baselines", "steps"),
    [
        (3, 3, ["black"], [1]),
        (40, 40, ["black"], [38]),
        (66, 66, ["black"], [64]),
        (67, 66, ["black"], [64]),
        (68, 68, ["black"], [64]),
        (69, 69, ["black", "white"], [64, 1]),
        (131, 131, ["black", "white"], [64, 63]),
    ],
)
def test_a_budget_that_ends_on_the_way_shows_the_paths_so_far(calls, spent, baselines, steps):
    image = np.full((6, 5, 3), 100, dtype=np.uint8)  # of one colour: nothing is cut up, which takes long
    weight = np.array([-1.0, 2.0, -3.0])
    model = Budget(Linear(np.broadcast_to(weight, image.shape)), calls)
    found = Xrai().explain(image, model, 0, nobody())
    assert (found.details["baselines"], found.details["steps"]) == (baselines, steps)
    assert (found.stopped, model.calls) == ("the calls are spent", spent)
    # The best channel, from black 2 * 100; from black and white (-3 * 100 - 3 * (100 - 255)) / 2.
    assert found.attribution == pytest.approx(200.0 if baselines == ["black"] else 82.5)


@pytest.mark.parametrize(
    ("calls", "steps"),
    [
        (8, [2, 2]),
        (8 + 3, [3, 2]),  # broken off, but with more points than the round before
        (8 + 4, [4, 2]),
        (8 + 8, [4, 4]),
        (8 + 8 + 8, [8, 4]),
        (8 + 8 + 16, [8, 8]),
    ],
)
def test_each_path_has_a_round_before_any_has_its_next(calls, steps):
    image = np.full((6, 5, 3), 100, dtype=np.uint8)
    model = Budget(Power(np.ones(image.shape), exponent=3), calls)
    found = Xrai(steps=2, max_steps=8, gap=1e-9).explain(image, model, 0, nobody())
    assert found.details["steps"] == steps
    assert found.details["baselines"] == ["black", "white"]
    assert model.calls == calls
    assert found.stopped == ("" if steps == [8, 8] else "the calls are spent")


def test_a_path_that_adds_up_leaves_the_budget_to_the_other():
    # From the photo's own colour there is no way to go, so its path adds up at once.
    image = np.full((6, 5, 3), 100, dtype=np.uint8)
    model = Budget(Power(np.ones(image.shape), exponent=3), 4 + 2 + 2 + 4 + 8 + 16)
    found = Xrai(baselines=["mean", "black"], steps=2, gap=0.002).explain(image, model, 0, nobody())
    assert (found.details["steps"], found.stopped) == ([2, 16], "")


def _colours(change):
    """A photo of one colour but for what `change` does to it."""
    image = np.full((40, 30, 3), 97, dtype=np.uint8)
    change(image)
    return image


@pytest.mark.parametrize(
    "image",
    [
        _colours(lambda image: None),
        _colours(lambda image: image.__setitem__((20, 10, 0), 98)),
        _colours(lambda image: image.__setitem__(slice(20, None), 99)),
        _colours(lambda image: image.__setitem__((..., 2), 5)),
        photo(height=1, width=1),
        photo(height=1, width=9),
        photo(height=7, width=3),
    ],
    ids=["one colour", "one pixel", "two halves", "one colour, no grey", "1 x 1", "1 x 9", "7 x 3"],
)
def test_a_photo_of_few_regions_gets_finite_scores_without_a_warning(image):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = Xrai(steps=2, algorithm="full").explain(image, Linear(np.ones(image.shape)), 0, nobody())
    assert found.attribution.shape == image.shape[:2]
    assert np.isfinite(found.attribution).all()
    assert found.details["regions"] >= 1


def test_nothing_is_printed(capfd):
    Xrai(steps=2).explain(photo(), Linear(np.ones((12, 10, 3))), 0, nobody())
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "wrong",
    [
        {"baselines": []},
        {"baselines": ["grey"]},
        {"baselines": ["black", "black"]},
        {"algorithm": "slow"},
        {"steps": 9, "max_steps": 8},
    ],
    ids=str,
)
def test_parameters_that_make_no_sense_are_refused(wrong):
    with pytest.raises((ValueError, ParameterError)):
        Xrai(**wrong)


def test_its_parameters_can_be_written_in_a_configuration():
    from cbrkit_xai import Registry, use
    from cbrkit_xai_explainers import methods

    registry = Registry()
    registry.register(methods, name="explainers")
    made = registry.create("explainer", use("xrai", baselines=["mean", "blur"], algorithm="full", gap=0.1))
    assert made == Xrai(baselines=("mean", "blur"), algorithm="full", gap=0.1)
