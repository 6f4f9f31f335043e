"""The last convolution's maps, and what each of their values means for a class."""

from __future__ import annotations

import numpy as np
import pytest
from plain_forward import PlainForward

from cbrkit_xai.errors import ParameterError
from cbrkit_xai_latent import network
from cbrkit_xai_latent.weights import read_weights

TABBY_CAT = 281


def test_maps_are_those_of_a_plain_forward_pass(cat: np.ndarray, reference: PlainForward) -> None:
    maps, _ = network.feature_maps(cat[None], TABBY_CAT)
    assert maps.shape == (1, 7, 7, 1280) and maps.dtype == np.float32
    assert np.abs(maps[0].transpose(2, 0, 1) - reference.maps(cat)).max() < 1e-4


def test_their_means_are_the_features(images: np.ndarray) -> None:
    maps, _ = network.feature_maps(images, TABBY_CAT)
    assert np.abs(maps.mean(axis=(1, 2)) - network.features(images)).max() < 2e-5


def test_gradients_are_the_slopes_of_the_score(cat: np.ndarray, reference: PlainForward) -> None:
    maps, gradients = network.feature_maps(cat[None], TABBY_CAT)
    start, slopes = maps[0].transpose(2, 0, 1).astype(np.float64), gradients[0].transpose(2, 0, 1)
    rng = np.random.default_rng(0)
    for _ in range(5):
        step = rng.normal(size=start.shape)
        rise = reference.scores(start + step)[TABBY_CAT] - reference.scores(start)[TABBY_CAT]
        assert rise == pytest.approx((slopes * step).sum(), rel=1e-5, abs=1e-6)


def test_maps_times_gradients_add_up_to_the_score(images: np.ndarray) -> None:
    maps, gradients = network.feature_maps(images, TABBY_CAT)
    scores = (maps * gradients).sum(axis=(1, 2, 3)) + read_weights()["_fc.bias"][TABBY_CAT]
    assert np.abs(scores - network.logits(images)[:, TABBY_CAT]).max() < 1e-4


def test_the_maps_do_not_depend_on_the_class_but_the_gradients_do(cat: np.ndarray) -> None:
    (maps, gradients), (same, others) = (network.feature_maps(cat[None], target) for target in (1, 2))
    assert np.array_equal(maps, same) and not np.array_equal(gradients, others)


def test_a_batch_equals_its_images_one_by_one(images: np.ndarray) -> None:
    maps, gradients = network.feature_maps(images, TABBY_CAT)
    for row, image in enumerate(images):
        one = network.feature_maps(image[None], TABBY_CAT)
        assert np.array_equal(maps[row : row + 1], one[0])
        assert np.array_equal(gradients[row : row + 1], one[1])


def test_no_images_give_no_maps() -> None:
    maps, gradients = network.feature_maps(np.empty((0, 224, 224, 3), dtype=np.uint8), 0)
    assert maps.shape == gradients.shape == (0, 7, 7, 1280)


def test_pixels_that_are_not_whole_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"allowed: \(n, 224, 224, 3\) and uint8; open photos"):
        network.feature_maps(np.zeros((1, 224, 224, 3)), 0)
