"""The network's numbers, against a forward pass in plain numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from plain_forward import PlainForward

from cbrkit_xai.errors import ParameterError
from cbrkit_xai_latent import network, onnx_graph
from cbrkit_xai_latent.tensor_pickle import TensorFileError
from cbrkit_xai_latent.weights import read_weights


def test_features_and_scores_are_those_of_a_plain_forward_pass(
    reference: PlainForward, images: np.ndarray
) -> None:
    features, logits = reference(images[4])
    assert np.abs(network.features(images[4:5])[0] - features).max() < 2e-5
    assert np.abs(network.logits(images[4:5])[0] - logits).max() < 1e-4


def test_a_photo_gives_what_a_plain_forward_pass_gives(reference: PlainForward, cat: np.ndarray) -> None:
    features, logits = reference(cat)
    assert np.abs(network.features(cat[None])[0] - features).max() < 2e-5
    assert np.abs(network.logits(cat[None])[0] - logits).max() < 1e-4


def test_a_batch_equals_its_images_one_by_one(images: np.ndarray) -> None:
    assert np.array_equal(
        network.features(images), np.concatenate([network.features(one[None]) for one in images])
    )
    assert np.array_equal(
        network.logits(images), np.concatenate([network.logits(one[None]) for one in images])
    )


def test_the_order_in_memory_does_not_matter(images: np.ndarray) -> None:
    other = np.asfortranarray(images[:2])
    assert np.array_equal(network.features(other), network.features(images[:2]))
    assert np.array_equal(network.features(images[::-1][:1]), network.features(images[-1:]))


def test_no_images_give_no_features() -> None:
    none = np.empty((0, 224, 224, 3), dtype=np.uint8)
    assert network.features(none).shape == (0, 1280) and network.logits(none).shape == (0, 1000)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((224, 224, 3), dtype=np.uint8),
        np.zeros((1, 3, 224, 224), dtype=np.uint8),
        np.zeros((1, 299, 299, 3), dtype=np.uint8),
        np.zeros((1, 224, 224, 3), dtype=np.float32),
        np.zeros((1, 224, 224, 3), dtype=np.int64),
    ],
)
def test_images_of_another_shape_or_type_are_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ParameterError, match=r"allowed: \(n, 224, 224, 3\) and uint8; open photos"):
        network.features(wrong)


def test_the_fingerprint_names_network_weights_and_preprocessing() -> None:
    assert network.FINGERPRINT == "efficientnet-lite0;weights=579344248a93;pixels=(v-127)/128"


def test_the_graph_is_valid_and_the_same_each_time() -> None:
    import onnx

    graph = onnx_graph.build_graph(read_weights())
    onnx.checker.check_model(onnx.load_from_string(graph), full_check=True)
    assert graph == onnx_graph.build_graph(read_weights())


@pytest.mark.parametrize("change", [{"_fc.bias": np.zeros(999)}, {"_fc.bias": None}])
def test_weights_that_do_not_fit_the_architecture_are_refused(change: dict[str, Any]) -> None:
    weights = {name: value for name, value in (read_weights() | change).items() if value is not None}
    with pytest.raises(TensorFileError, match=r"'_fc.bias'; allowed: a tensor of shape \(1000,\)"):
        onnx_graph.build_graph(weights)
