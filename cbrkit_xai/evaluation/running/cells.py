"""Finished parts of an evaluation, kept on the disk so that an interrupted one goes on where it was."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.cache import write_atomically
from cbrkit_xai.features import Array

FOLDER = "cells"
"""Where they lie within an evaluation's folder."""

_DIGEST = "digest"
_PACKAGES = ("cbrkit-xai", "numpy", "pillow", "scikit-learn", "scipy")
_WITHOUT_NUMBERS = ("cli", "testing", "explaining", "evaluation/report")


@attrs.frozen(kw_only=True)
class Cells:
    """Finished cells, one `.npz` each; nothing in one can run.

    Parameters
    ----------
    folder : Path, optional
        Without one, nothing is kept.
    """

    folder: Path | None = None

    def get(self, key: str | None) -> dict[str, Array] | None:
        """Return the arrays of a cell, or None; a damaged file counts as none."""
        if self.folder is None or key is None:
            return None
        try:
            # As bytes: of a damaged zip file numpy leaves the handle open.
            content = io.BytesIO((self.folder / f"{key}.npz").read_bytes())
            with np.load(content, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        except Exception:  # missing, cut short, or changed: a zip file can be wrong in many ways
            return None
        told = arrays.pop(_DIGEST, None)
        return arrays if told is not None and told.tolist() == _digest(arrays) else None

    def put(self, key: str | None, arrays: Mapping[str, Array]) -> None:
        """Keep a cell, whole or not at all.

        Raises
        ------
        OSError
            The folder cannot be written.
        """
        if self.folder is None or key is None:
            return
        content = io.BytesIO()
        everything: dict[str, Any] = {**arrays, _DIGEST: np.array(_digest(arrays))}
        np.savez(content, **everything)
        write_atomically(self.folder / f"{key}.npz", content.getvalue())


def key_of_cell(what: Mapping[str, Any]) -> str:
    """Return the name of a cell: a sha256 of all that decides its numbers, given as JSON values.

    The versions and the code that compute them are added here.
    """
    decided_by = {**what, "versions": dict(versions()), "code": code_hash()}
    return hashlib.sha256(json.dumps(decided_by, sort_keys=True).encode()).hexdigest()


def versions() -> Mapping[str, str]:
    """Return the versions of Python and of the packages that the numbers depend on."""
    import platform

    return {"python": platform.python_version(), **{package: version_of(package) for package in _PACKAGES}}


def version_of(package: str) -> str:
    """Return the installed version of a package; "unknown" of one that is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:  # of ours: run from a checkout that was never installed
        return "unknown"


@cache
def code_hash() -> str:
    """Return a sha256 of the modules of this package that numbers may depend on."""
    package = Path(__file__).parents[2]
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).as_posix()
        if not name.startswith(tuple(f"{folder}/" for folder in _WITHOUT_NUMBERS)):
            digest.update(name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()


def hash_of_array(array: Array) -> str:
    """Return a sha256 of an array's type, shape and values."""
    return _digest({"": array})


def _digest(arrays: Mapping[str, Array]) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.asarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\0".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()
