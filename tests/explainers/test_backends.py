"""Explanations by gradients are those of the photo, not of the program that computed the gradients."""

import importlib.util

import numpy as np
import pytest
from scipy.stats import spearmanr

from cbrkit_xai import open_image
from cbrkit_xai.cli.demo import demo_photo
from cbrkit_xai_explainers.integrated_gradients import IntegratedGradients
from cbrkit_xai_explainers.xrai import Xrai
from cbrkit_xai_latent.imagenet import EfficientNetLite0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is not installed"),
]

ONNX, KERAS = EfficientNetLite0(), EfficientNetLite0(backend="keras")
EGYPTIAN_MAU = 285


@pytest.fixture(scope="module")
def cat():
    return open_image(demo_photo()).pixels


def both(explainer, image):
    return [
        explainer.explain(image, model, EGYPTIAN_MAU, np.random.default_rng(0)) for model in (ONNX, KERAS)
    ]


def test_integrated_gradients_agree_by_onnx_and_by_keras(cat):
    ours, theirs = both(IntegratedGradients(steps=16, max_steps=16), cat)
    apart = np.linalg.norm(ours.attribution - theirs.attribution) / np.linalg.norm(theirs.attribution)
    assert apart < 0.02
    assert ours.details["sum"] == pytest.approx(theirs.details["sum"], rel=0.01)


def test_xrai_agrees_by_onnx_and_by_keras(cat):
    ours, theirs = both(Xrai(steps=8, max_steps=8), cat)
    assert spearmanr(ours.attribution.ravel(), theirs.attribution.ravel()).statistic > 0.98
    assert ours.details["regions"] == theirs.details["regions"]
