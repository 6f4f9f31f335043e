"""A tensor file is read whole, inside its bounds, or not at all."""

from __future__ import annotations

import pickle
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbrkit_xai_latent.tensor_file import read_tensors
from cbrkit_xai_latent.tensor_pickle import TensorFileError

MAGIC = 0x1950A86A20F9469CFC6C
HEAD = [pickle.dumps(value, protocol=2) for value in (MAGIC, 1001, {"little_endian": True})]


def plain(value: object) -> bytes:
    """The opcodes of a plain value, without PROTO and STOP; memo numbers may be used again."""
    return pickle.dumps(value, protocol=2)[2:-1]


def tensor(
    key: str,
    count: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    *,
    offset: int = 0,
    kind: str = "FloatStorage",
) -> bytes:
    """What torch.save writes for one tensor."""
    storage = (
        b"("
        + plain("storage")
        + f"ctorch\n{kind}\n".encode()
        + plain(key)
        + plain("cpu")
        + plain(count)
        + b"NtQ"
    )
    arguments = storage + plain(offset) + plain(shape) + plain(strides) + b"\x89ccollections\nOrderedDict\n)R"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + arguments + b"tR"


def file(
    tensors: dict[str, bytes],
    storages: dict[str, np.ndarray],
    *,
    head: list[bytes] = HEAD,
    keys: object = None,
) -> bytes:
    """A file as torch.save wrote it before 1.6."""
    items = b"".join(plain(name) + what for name, what in tensors.items())
    named = b"\x80\x02ccollections\nOrderedDict\n)R(" + items + b"u}" + plain("_metadata") + b"}sb."
    listed = pickle.dumps(list(storages) if keys is None else keys, protocol=2)
    numbers = b"".join(struct.pack("<q", one.size) + one.tobytes() for one in storages.values())
    return b"".join(head) + named + listed + numbers


SIX = np.arange(6, dtype="<f4")
GOOD = file(
    {
        "rows": tensor("a", 6, (2, 3), (3, 1)),
        "columns": tensor("a", 6, (2, 3), (1, 2)),
        "tail": tensor("a", 6, (2,), (1,), offset=4),
        "kernel": tensor("a", 6, (6, 1, 1, 1), (1, 6, 6, 6)),
        "steps": tensor("b", 1, (), (), kind="LongStorage"),
    },
    {"a": SIX, "b": np.array([99], dtype="<i8")},
)


def test_tensors_come_back_in_shape_order_and_type() -> None:
    tensors = read_tensors(GOOD)
    assert list(tensors) == ["rows", "columns", "tail", "kernel", "steps"]
    assert tensors["rows"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert tensors["columns"].tolist() == [[0, 2, 4], [1, 3, 5]]
    assert tensors["tail"].tolist() == [4, 5]
    assert tensors["kernel"].shape == (6, 1, 1, 1)
    assert tensors["steps"].dtype == np.int64 and tensors["steps"] == 99


def test_tensors_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        read_tensors(GOOD)["rows"][0, 0] = 1


def test_a_file_cut_short_anywhere_is_refused() -> None:
    for length in range(len(GOOD)):
        with pytest.raises(TensorFileError):
            read_tensors(GOOD[:length])


def test_bytes_after_the_end_are_refused() -> None:
    with pytest.raises(TensorFileError, match="1 bytes follow"):
        read_tensors(GOOD + b"\0")


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_a_changed_byte_gives_numbers_of_the_file_or_an_error_of_ours(place: int, value: int) -> None:
    changed = bytearray(GOOD)
    changed[place] = value
    try:
        tensors = read_tensors(bytes(changed))
    except TensorFileError:
        return
    assert sum(one.nbytes for one in tensors.values()) < 5 * len(GOOD)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        pytest.param(
            tensor("a", 6, (7,), (1,)), "numbers 0 to 7 of a storage of 6", id="longer than its storage"
        ),
        pytest.param(tensor("a", 6, (2,), (1,), offset=5), "numbers 5 to 7", id="behind its storage"),
        pytest.param(tensor("a", 6, (2,), (1,), offset=2**62), "of a storage of 6", id="far behind"),
        pytest.param(tensor("a", 6, (10**9,), (0,)), "refused", id="one number repeated"),
        pytest.param(tensor("a", 6, (3, 3), (1, 1)), "refused", id="rows that overlap"),
        pytest.param(tensor("a", 6, (3,), (2,)), "refused", id="numbers left out"),
        pytest.param(tensor("a", 6, (0,), (1,)), "refused", id="of size 0"),
        pytest.param(tensor("a", 6, (2, 3), (1,)), "refused", id="a stride too few"),
        pytest.param(tensor("a", 6, (1,) * 100, (1,) * 100), "refused", id="a hundred axes"),
        pytest.param(tensor("a", 2**61, (6,), (1,)), "cut short", id="a storage that the file cannot hold"),
        pytest.param(tensor("a", 5, (5,), (1,)), "cut short", id="a storage of another count"),
        pytest.param(
            tensor("a", 6, (6,), (1,), kind="LongStorage"), "cut short", id="a storage of another type"
        ),
        pytest.param(tensor("z", 6, (6,), (1,)), "not those", id="a storage that is not there"),
        pytest.param(plain(3), "no dict of tensors", id="a number"),
    ],
)
def test_a_tensor_that_does_not_fit_its_storage_is_refused(one: bytes, said: str) -> None:
    with pytest.raises(TensorFileError, match=said):
        read_tensors(file({"x": one}, {"a": SIX}))


def test_an_axis_of_one_may_have_any_stride() -> None:
    content = file({"x": tensor("a", 6, (1, 6), (2**62, 1))}, {"a": SIX})
    assert read_tensors(content)["x"].tolist() == [SIX.tolist()]


def test_two_tensors_must_agree_about_their_storage() -> None:
    tensors = {"x": tensor("a", 6, (6,), (1,)), "y": tensor("a", 3, (3,), (1,), kind="LongStorage")}
    with pytest.raises(TensorFileError, match="disagree"):
        read_tensors(file(tensors, {"a": SIX}))


@pytest.mark.parametrize("keys", [["a", "a"], [], ["a", "b"], "a", [1], {"a": None}])
def test_the_storages_listed_are_those_the_tensors_name(keys: object) -> None:
    with pytest.raises(TensorFileError, match="storages"):
        read_tensors(file({"x": tensor("a", 6, (6,), (1,))}, {"a": SIX}, keys=keys))


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("value", [None, 7, True, {"little_endian": False}, {"little_endian": 1}])
def test_another_head_is_refused(place: int, value: object) -> None:
    head = [*HEAD]
    head[place] = pickle.dumps(value, protocol=2)
    with pytest.raises(TensorFileError, match="not that of a tensor file"):
        read_tensors(file({"x": tensor("a", 6, (6,), (1,))}, {"a": SIX}, head=head))
