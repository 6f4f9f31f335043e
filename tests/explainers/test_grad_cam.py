"""Grad-CAM, held against its formula by hand and scikit-image's bilinear stretching."""

import numpy as np
import pytest
from planted import planted
from skimage.transform import resize
from toys import Budget, nobody, photo

from cbrkit_xai.errors import BudgetSpentError
from cbrkit_xai_explainers.grad_cam import GradCam


class TwoMaps:
    """Maps and gradients as given, whatever the photo."""

    labels, fingerprint = ("a", "b"), "two-maps"

    def __init__(self, maps, gradients):
        self.maps, self.gradients = np.array(maps, dtype=np.float32), np.array(gradients, dtype=np.float32)

    def predict(self, images):
        return np.full((len(images), 2), 0.5)

    def feature_maps(self, images, target):
        assert images.dtype == np.uint8
        return self.maps[None], self.gradients[None] * (1 if target == 0 else -1)


def test_each_cell_is_the_weighted_sum_of_the_maps_cut_off_at_0():
    # Weights: mean gradients 2 and -1. Cells: 2 * 1 - 3 = -1, 2 * 4 - 2 = 6, 2 * 0 - 0 = 0, 2 * 5 - 1 = 9.
    maps = [[[1, 3], [4, 2]], [[0, 0], [5, 1]]]
    gradients = [[[8, -1], [0, -3]], [[0, 0], [0, 0]]]
    found = GradCam().explain(photo(height=2, width=2), TwoMaps(maps, gradients), 0, nobody())
    np.testing.assert_allclose(found.attribution, [[0, 6], [0, 9]], rtol=1e-6)
    other = GradCam().explain(photo(height=2, width=2), TwoMaps(maps, gradients), 1, nobody())
    np.testing.assert_allclose(other.attribution, [[1, 0], [0, 0]], rtol=1e-6)
    assert found.details == {"cells": [2, 2], "maps": 2}


@pytest.mark.parametrize("size", [(224, 224), (21, 35), (7, 7), (8, 50)])
def test_the_cells_are_stretched_to_the_photo_as_scikit_image_does(size):
    rng = np.random.default_rng(0)
    maps, gradients = rng.random((7, 7, 5)), rng.standard_normal((7, 7, 5))
    cells = np.maximum(sum(gradients[..., k].mean() * maps[..., k] for k in range(5)), 0)
    assert (cells > 0).any()
    found = GradCam().explain(photo(height=size[0], width=size[1]), TwoMaps(maps, gradients), 0, nobody())
    expected = resize(cells, size, order=1, mode="edge", anti_aliasing=False)
    np.testing.assert_allclose(found.attribution, expected, rtol=0, atol=1e-5 * cells.max())


def test_on_the_planted_object_it_is_the_objects_colour_in_each_cell():
    case = planted(6)
    found = GradCam().explain(case.image, case.classifier, 1, nobody()).attribution
    colour = (case.image @ case.classifier.direction).reshape(16, 4, 16, 4).mean(axis=(1, 3))
    # Both ReLU maps have opposite weights of the same size: their difference is the colour itself.
    weight = 9.0 / 16**2
    expected = resize(np.maximum(colour, 0) * weight, (64, 64), order=1, mode="edge", anti_aliasing=False)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_where_nothing_speaks_for_the_class_it_is_0_everywhere():
    found = GradCam().explain(photo(), TwoMaps(np.ones((3, 3, 1)), -np.ones((3, 3, 1))), 0, nobody())
    assert not found.attribution.any()


def test_it_takes_one_call():
    model = Budget(planted(6).classifier, 1)
    GradCam().explain(planted(6).image, model, 1, nobody())
    with pytest.raises(BudgetSpentError):
        GradCam().explain(planted(6).image, model, 1, nobody())
