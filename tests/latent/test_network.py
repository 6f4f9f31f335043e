"""The network's numbers, against a forward pass in plain numpy, and how it is run."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from cbrkit_xai.errors import MissingDependencyError, ParameterError
from cbrkit_xai_latent import network, onnx_graph
from cbrkit_xai_latent.tensor_pickle import TensorFileError
from cbrkit_xai_latent.weights import read_weights

STRIDES = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1]


class Reference:
    """EfficientNet-Lite0 straight from its definition, in float64; no folding, no graph."""

    def __init__(self) -> None:
        self.weights = {name: value.astype(np.float64) for name, value in read_weights().items()}

    def convolution(self, x: np.ndarray, name: str, norm: str, stride: int = 1) -> np.ndarray:
        kernel = self.weights[f"{name}.weight"]
        (_, inputs, side, _), size = kernel.shape, x.shape[1]
        outputs = -(-size // stride)
        total = max((outputs - 1) * stride + side - size, 0)  # TensorFlow's SAME
        x = np.pad(x, ((0, 0), *[(total // 2, total - total // 2)] * 2))
        y = 0
        for i in range(side):
            for j in range(side):
                seen = x[:, i : i + outputs * stride : stride, j : j + outputs * stride : stride][
                    :, :outputs, :outputs
                ]
                if inputs == 1:  # one filter a channel
                    y = y + kernel[:, 0, i, j, None, None] * seen
                else:
                    y = y + np.tensordot(kernel[:, :, i, j], seen, axes=1)
        mean, variance, gamma, beta = (
            self.weights[f"{norm}.{part}"][:, None, None]
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        return (y - mean) / np.sqrt(variance + 1e-3) * gamma + beta

    def __call__(self, image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x = (image.astype(np.float64).transpose(2, 0, 1) - 127) / 128
        x = self.convolution(x, "_conv_stem", "_bn0", 2).clip(0, 6)
        for number, stride in enumerate(STRIDES):
            name, y = f"_blocks.{number}", x
            if number:
                y = self.convolution(y, f"{name}._expand_conv", f"{name}._bn0").clip(0, 6)
            y = self.convolution(y, f"{name}._depthwise_conv", f"{name}._bn1", stride).clip(0, 6)
            y = self.convolution(y, f"{name}._project_conv", f"{name}._bn2")
            x = x + y if x.shape == y.shape else y
        features = self.convolution(x, "_conv_head", "_bn1").clip(0, 6).mean(axis=(1, 2))
        return features, self.weights["_fc.weight"] @ features + self.weights["_fc.bias"]


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference()


def test_features_and_scores_are_those_of_a_plain_forward_pass(
    reference: Reference, images: np.ndarray
) -> None:
    features, logits = reference(images[4])
    assert np.abs(network.features(images[4:5])[0] - features).max() < 2e-5
    assert np.abs(network.logits(images[4:5])[0] - logits).max() < 1e-4


def test_a_photo_gives_what_a_plain_forward_pass_gives(reference: Reference, cat: np.ndarray) -> None:
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


def test_threads_share_one_session_and_agree(images: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    new_session = network._new_session
    monkeypatch.setattr(network, "_session", None)
    monkeypatch.setattr(network, "_new_session", lambda: made.append(1) or new_session())
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(network.features, [images] * 6))
    assert len(made) == 1
    assert all(np.array_equal(one, results[0]) for one in results)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_process_gets_the_same_numbers_and_does_not_hang() -> None:
    code = """if True:
        import os, signal, numpy as np
        from cbrkit_xai_latent.network import features
        image = np.zeros((1, 224, 224, 3), dtype=np.uint8)
        before = features(image)
        child = os.fork()
        if child == 0:
            signal.alarm(30)
            os._exit(0 if np.array_equal(features(image), before) else 1)
        assert os.waitpid(child, 0)[1] == 0
    """
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=60)


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


def test_where_the_runtime_is_missing_the_error_says_what_to_install(
    images: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "_session", None)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingDependencyError, match="pip install onnxruntime"):
        network.features(images[:1])
