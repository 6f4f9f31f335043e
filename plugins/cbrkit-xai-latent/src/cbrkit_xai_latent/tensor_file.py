"""Reads a tensor file of PyTorch's old format (before 1.6) without PyTorch.

The layout: four pickles in a row (a magic number, the protocol 1001, the writing machine, and
the dict of tensors), a fifth that lists the storages' keys, and then each storage as an int64
count with that many numbers behind it. Source: `torch.serialization._legacy_load`.
"""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cbrkit_xai_latent.tensor_pickle import Storage, TensorFileError, View, read_pickle

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_MOST_AXES = 4


def read_tensors(content: bytes) -> dict[str, NDArray[Any]]:
    """Return the named tensors, read-only, float32 or int64, as views of `content`.

    Raises
    ------
    TensorFileError
        The file is damaged, holds anything but tensors, or a tensor lies outside its storage.
    """
    stream = io.BytesIO(content)
    _expect(read_pickle(stream), _MAGIC, "the magic number")
    _expect(read_pickle(stream), _PROTOCOL, "the protocol")
    machine = read_pickle(stream)
    _expect(machine.get("little_endian") if type(machine) is dict else None, True, "little_endian")
    views = read_pickle(stream)
    if type(views) is not dict or not all(type(view) is View for view in views.values()):
        raise TensorFileError("the file holds no dict of tensors", allowed="names with a tensor each")
    keys = read_pickle(stream)
    starts = _storage_starts(content, stream.tell(), keys, _declared(views))
    return {name: _tensor(content, starts[view.storage.key], view, name) for name, view in views.items()}


def _expect(value: Any, allowed: Any, what: str) -> None:
    if type(value) is not type(allowed) or value != allowed:
        raise TensorFileError(f"{what} is not that of a tensor file", allowed=repr(allowed))


def _declared(views: dict[str, View]) -> dict[str, Storage]:
    declared: dict[str, Storage] = {}
    for name, view in views.items():
        if declared.setdefault(view.storage.key, view.storage) != view.storage:
            raise TensorFileError("two tensors disagree about their storage", where=repr(name))
    return declared


def _storage_starts(content: bytes, position: int, keys: Any, declared: dict[str, Storage]) -> dict[str, int]:
    """Return the byte at which each storage's numbers begin; the file must end with the last."""
    if type(keys) is not list or not all(type(key) is str for key in keys):
        raise TensorFileError("the list of storages is none", allowed="a list of texts")
    if len(keys) != len(set(keys)) or set(keys) != set(declared):
        raise TensorFileError("the storages listed are not those the tensors name", allowed="each one once")
    starts = {}
    for key in keys:
        storage = declared[key]
        counted = int.from_bytes(content[position : position + 8], "little", signed=True)
        starts[key] = position + 8
        position = starts[key] + storage.count * np.dtype(storage.dtype).itemsize
        if counted != storage.count or position > len(content):
            raise TensorFileError(f"storage {key!r} is cut short, or not of {storage.count} numbers")
    if position != len(content):
        raise TensorFileError(f"{len(content) - position} bytes follow the last storage", allowed="none")
    return starts


def _tensor(content: bytes, start: int, view: View, name: str) -> NDArray[Any]:
    held = view.storage.count
    if not _is_dense(view):
        raise TensorFileError(
            f"shape {view.shape[:5]} with strides {view.strides[:5]} is refused",
            where=repr(name),
            allowed=f"at most {_MOST_AXES} axes, sizes of at least 1, every number used once",
        )
    count = math.prod(view.shape)
    if view.offset + count > held:
        raise TensorFileError(
            f"numbers {view.offset} to {view.offset + count} of a storage of {held}",
            where=repr(name),
            allowed="numbers inside the storage",
        )
    dtype = np.dtype(view.storage.dtype)
    steps = [dtype.itemsize * (stride if size > 1 else 1) for stride, size in _axes(view)]
    return np.ndarray(view.shape, dtype, content, start + view.offset * dtype.itemsize, steps)


def _axes(view: View) -> list[tuple[int, int]]:
    return list(zip(view.strides, view.shape, strict=True))


def _is_dense(view: View) -> bool:
    """Whether the tensor is a block of numbers in some order of its axes, each used once.

    Convolution kernels here are stored in TensorFlow's order (height, width, in, out), so the
    strides are a permutation. Anything else (stride 0 above all) could claim more numbers than
    the file has.
    """
    if len(view.shape) != len(view.strides) or len(view.shape) > _MOST_AXES:
        return False
    expected = 1
    for stride, size in sorted(_axes(view)):
        if size == 1:
            continue  # an axis of one has no stride to speak of
        if stride != expected or size < 1:
            return False
        expected *= size
    return True
