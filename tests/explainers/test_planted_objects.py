"""Every method finds what the classifier looks at, far better than the random control, over 50 draws."""

from functools import cache

import attrs
import numpy as np
import pytest
from planted import area_under_curve, planted

from cbrkit_xai import Registry, use
from cbrkit_xai_explainers import methods

DRAWS = range(50)
FEWER = range(20)  # of what takes a second a draw
CONTROLS = {"random", "edges", "centre"}
SLOW = {"anchors", "lime", "rise", "xrai"}


@attrs.frozen(kw_only=True)
class Promise:
    """What is promised of a method: mean AUC above the random control's, share of draws with AUC > .8."""

    margin: float
    found: float
    parameters: dict = attrs.field(factory=dict)  # where the defaults, made for 224 x 224, would take long


# The random control has a mean AUC of .5; the most that a margin can be is .5.
PROMISES = {
    "anchors": Promise(margin=0.4, found=0.95),
    "blur-ig": Promise(margin=0.45, found=1.0, parameters={"steps": 32}),
    "grad-cam": Promise(margin=0.45, found=1.0),
    "gradient": Promise(margin=0.45, found=1.0),
    "ig": Promise(margin=0.45, found=1.0),
    "lime": Promise(margin=0.4, found=0.95),
    "occlusion": Promise(margin=0.45, found=1.0),
    "rise": Promise(margin=0.4, found=0.95, parameters={"samples": 500}),
    "smoothgrad": Promise(margin=0.45, found=1.0),
    "xrai": Promise(margin=0.4, found=1.0, parameters={"steps": 16}),
}


@cache
def areas(name):
    """AUC of a method's attribution, or else of its mask, on each planted object."""
    registry = Registry()
    registry.register(methods, name="explainers")
    explainer = registry.create(
        "explainer", use(name, **PROMISES[name].parameters if name in PROMISES else {})
    )
    found = []
    for draw in FEWER if name == "xrai" else DRAWS:
        case = planted(draw)
        # Another seed than the photo's: noise from the same one would not be independent of it.
        rng = np.random.default_rng([draw, 1])
        shown = explainer.explain(case.image, case.classifier, case.target, rng)
        area = shown.attribution if shown.attribution is not None else shown.mask
        found.append(area_under_curve(area, case.mask))
    return np.array(found)


def test_each_method_that_is_registered_makes_a_promise():
    assert {record.name for record in methods.cbrkit_xai_explainers()} == {*PROMISES, *CONTROLS}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in sorted(PROMISES)]
)
def test_the_planted_object_is_found_far_better_than_by_the_random_control(name):
    found, by_chance = areas(name), areas("random")
    assert found.mean() > by_chance.mean() + PROMISES[name].margin, found
    assert (found > 0.8).mean() >= PROMISES[name].found, np.sort(found)[:10]


@pytest.mark.parametrize("name", sorted(CONTROLS))
def test_the_controls_keep_no_such_promise(name):
    assert (areas(name) > 0.8).mean() < 0.6
    assert areas(name).mean() < 0.8


def test_the_object_is_all_that_the_classifier_looks_at():
    for draw in DRAWS:
        case = planted(draw)
        other = np.random.default_rng(draw).integers(0, 256, case.image.shape, dtype=np.uint8)
        images = np.stack([case.image, np.where(case.mask[..., None], case.image, other)])
        images = np.concatenate(
            [images, np.where(case.mask[..., None], 127, case.image)[None].astype(np.uint8)]
        )
        whole, alone, hidden = case.classifier.predict(images)[:, case.target]
        assert alone == pytest.approx(whole, rel=1e-12)
        assert hidden < 0.01 < 0.85 < whole < 0.95


def test_the_gradient_of_the_planted_classifier_is_that_of_its_probability():
    case = planted(1, side=32)
    photo, rng = case.image[None].astype(float), np.random.default_rng(0)

    def probability(images):
        return 1 / (1 + np.exp(-case.classifier.score(images)))

    for target, sign in ((1, 1), (0, -1)):
        gradient = case.classifier.gradient(photo, target)[0]
        for _ in range(5):
            way = rng.standard_normal(photo.shape)
            change = (probability(photo + 1e-3 * way) - probability(photo - 1e-3 * way))[0] / 2e-3
            assert sign * change == pytest.approx((gradient * way[0]).sum(), rel=1e-5)


def test_the_score_is_what_the_weighted_feature_maps_add_up_to():
    case = planted(1)
    maps, gradients = case.classifier.feature_maps(case.image[None], 1)
    assert (maps * gradients).sum() - 9 * 0.75 == pytest.approx(case.classifier.score(case.image[None])[0])
