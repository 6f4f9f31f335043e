"""The latent vector as a representation: what it is called, keeps, and derives."""

from __future__ import annotations

import numpy as np
import pytest

from cbrkit_xai import default_registry, use
from cbrkit_xai.errors import ConfigurationError
from cbrkit_xai_latent import network
from cbrkit_xai_latent.imagenet import EfficientNetLite0
from cbrkit_xai_latent.representation import Latent


def test_raw_features_are_those_under_the_classifier(images: np.ndarray) -> None:
    features = Latent().describe(images)
    assert features.dtype == np.float32 and features.shape == (6, 1280)
    assert np.array_equal(features, EfficientNetLite0().features(images))


def test_raw_features_are_stored_as_they_are() -> None:
    assert Latent().stored_as is None


def test_normalised_features_are_stored_raw_and_derived(images: np.ndarray) -> None:
    latent = Latent(norm="l2")
    assert latent.stored_as == Latent()
    assert np.array_equal(latent.describe(images), latent.derive(latent.stored_as.describe(images)))


def test_normalised_rows_have_length_1(images: np.ndarray) -> None:
    lengths = np.linalg.norm(Latent(norm="l2").describe(images).astype(np.float64), axis=1)
    assert np.abs(lengths - 1).max() < 1e-6


def test_normalising_by_hand() -> None:
    rows = np.array([[3, 4], [0, 0], [3 * 2.0**100, -4 * 2.0**100]], dtype=np.float32)
    expected = np.array([[0.6, 0.8], [0, 0], [0.6, -0.8]], dtype=np.float32)
    derived = Latent(norm="l2").derive(rows)
    assert derived.dtype == np.float32 and np.array_equal(derived, expected)


def test_normalising_leaves_what_is_stored_alone() -> None:
    rows = np.array([[3, 4]], dtype=np.float32)
    rows.flags.writeable = False
    Latent(norm="l2").derive(rows)
    assert rows.tolist() == [[3, 4]]


def test_the_fingerprint_says_what_changes_the_numbers() -> None:
    from cbrkit_xai.images import DECODING

    assert Latent().fingerprint == f"{network.FINGERPRINT};images={DECODING};layer=pooled;norm=none"
    assert Latent(norm="l2").fingerprint != Latent().fingerprint


def test_backends_of_one_network_share_a_fingerprint_and_another_network_has_its_own() -> None:
    assert Latent(backend="keras").fingerprint == Latent(backend="onnx").fingerprint
    assert Latent(backend="tfhub").fingerprint != Latent().fingerprint


@pytest.mark.parametrize("wrong", [{"norm": "l1"}, {"backend": "torch"}, {"norm": None}])
def test_other_parameters_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="must be in"):
        Latent(**wrong)


@pytest.mark.parametrize("backend", ["onnx", "keras"])
def test_a_configuration_that_gives_our_own_network_a_handle_is_refused(backend: str) -> None:
    chosen = use("latent", backend=backend, handle="model")
    with pytest.raises(ConfigurationError) as refused:
        default_registry().create("representation", chosen)
    assert str(refused.value) == (
        f"representation 'latent'.handle: backend '{backend}' has a network of its own and takes no "
        "handle; allowed: backend='tfhub'; leave out one of the two"
    )
