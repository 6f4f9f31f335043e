"""The reader of pickles lets tensors through and nothing else, and runs nothing."""

from __future__ import annotations

import contextlib
import copyreg
import io
import os
import pickle
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbrkit_xai_latent.tensor_pickle import Storage, TensorFileError, View, read_pickle


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def read(content: bytes) -> object:
    return read_pickle(io.BytesIO(content))


class Command:
    """Pickles as a call of os.system."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (self.command,)


FLOATS = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text("7") + text("cpu") + b"K\x06NtQ"
TENSOR = b"ctorch._utils\n_rebuild_tensor_v2\n(" + FLOATS + b"K\x00K\x02K\x03\x86K\x03K\x01\x86\x89}tR"


def test_a_tensor_is_read_as_a_view_of_its_storage() -> None:
    storage = Storage(key="7", dtype="<f4", count=6)
    assert read(b"\x80\x02" + TENSOR + b".") == View(storage=storage, offset=0, shape=(2, 3), strides=(3, 1))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.text(),
        lambda inner: st.tuples(inner, inner, inner, inner) | st.dictionaries(st.text(), inner),
    )
)
def test_plain_values_are_read_as_pickle_reads_them(value: object) -> None:
    assert read(pickle.dumps(value, protocol=2)) == value


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickled_command_is_refused_in_every_protocol_and_not_run(protocol: int, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    content = pickle.dumps(Command(f"touch {ran}"), protocol=protocol)
    with pytest.raises(TensorFileError):
        read(content)
    assert not ran.exists()
    pickle.loads(content)  # noqa: S301 - shows that the sample is live: the standard reader runs it
    assert ran.exists()


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        pytest.param(b"cbuiltins\neval\n" + text("1") + b"\x85R.", "builtins.eval", id="GLOBAL"),
        pytest.param(b"c\\x74orch\nFloatStorage\n.", "is refused", id="an escape in a name"),
        pytest.param(b"ctorch\nload\n.", "torch.load", id="another name of torch"),
        pytest.param(
            b"ccollections\nOrderedDict.fromkeys\n.", "fromkeys", id="an attribute of what is allowed"
        ),
        pytest.param(text("os") + text("system") + b"\x93.", "STACK_GLOBAL", id="STACK_GLOBAL"),
        pytest.param(b"(" + text("id") + b"ios\nsystem\n.", "INST", id="INST"),
        pytest.param(b"(ccollections\nOrderedDict\no.", "OBJ", id="OBJ"),
        pytest.param(b"ccollections\nOrderedDict\n)\x81.", "NEWOBJ", id="NEWOBJ"),
        pytest.param(b"ccollections\nOrderedDict\n)}\x92.", "NEWOBJ_EX", id="NEWOBJ_EX"),
        pytest.param(b"\x82\x01.", "EXT1", id="EXT1"),
        pytest.param(b"\x83\x01\x01.", "EXT2", id="EXT2"),
        pytest.param(b"\x84\x01\x01\x01\x01.", "EXT4", id="EXT4"),
        pytest.param(b"Pid\n.", "PERSID", id="PERSID"),
        pytest.param(b"\x97.", "NEXT_BUFFER", id="NEXT_BUFFER"),
        pytest.param(b"S'\\o'\n.", "STRING", id="STRING, whose escapes would warn"),
        pytest.param(text("system") + b")R.", "calling a str", id="REDUCE of a text"),
        pytest.param(b"ctorch\nFloatStorage\n)R.", "calling", id="REDUCE of a storage type"),
        pytest.param(b"ccollections\nOrderedDict\n(]tR.", "calling", id="REDUCE of OrderedDict with items"),
        pytest.param(b"ctorch._utils\n_rebuild_tensor_v2\n)R.", "calling", id="a tensor of nothing"),
        pytest.param(b"}}" + text("__class__") + b"NsbK\x01.", "a state is set", id="BUILD of an attribute"),
        pytest.param(
            b"}}" + text("_metadata") + b"}}" + text("x") + b"Nsbsb.", "a state is set", id="nested BUILD"
        ),
        pytest.param(b"ccollections\nOrderedDict\n}b.", "a state is set", id="BUILD on a name"),
        pytest.param(TENSOR + b"}" + text("_metadata") + b"Nsb.", "a state is set", id="BUILD on a tensor"),
        pytest.param(b"]" + text("a") + b"Ns.", "items are set", id="items of a list"),
        pytest.param(b"}K\x01Ns.", "items are set", id="a key that is no text"),
        pytest.param(b"}(" + text("a") + b"u.", "items are set", id="a key without a value"),
        pytest.param(b"}(K\x01e.", "items are appended", id="appending to a dict"),
        pytest.param(text("storage") + b"Q.", "no reference", id="a text as a storage"),
        pytest.param(
            FLOATS.replace(b"FloatStorage", b"LongStorage").replace(b"K\x06", b"\x88") + b".",
            "no ref",
            id="count",
        ),
        pytest.param(
            FLOATS.replace(b"torch\nFloatStorage", b"collections\nOrderedDict") + b".", "no ref", id="type"
        ),
        pytest.param(
            TENSOR.replace(b"\x86\x89}", b"\x86\x89]") + b".", "no tensor", id="hooks that are no dict"
        ),
        pytest.param(
            TENSOR.replace(b"K\x00K\x02", b"J\xff\xff\xff\xffK\x02") + b".", "no tensor", id="offset below 0"
        ),
    ],
)
def test_what_is_no_tensor_is_refused_by_name(attack: bytes, said: str) -> None:
    with pytest.raises(TensorFileError, match=said):
        read(b"\x80\x02" + attack)


def test_the_extension_registry_is_out_of_reach(tmp_path: Path) -> None:
    copyreg.add_extension("os", "system", 241)
    try:
        attack = b"\x80\x02\x82\xf1" + text(f"touch {tmp_path / 'ran'}") + b"\x85R."
        with pytest.raises(TensorFileError, match="EXT1"):
            read(attack)
    finally:
        copyreg.remove_extension("os", "system", 241)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"\x80\x02", b"\x80\x02.", b"\x80\x02((N.", b"\x80\x02h\x09.", b"\x80\x02t.", b"R.", b"0."],
)
def test_a_damaged_pickle_is_an_error_of_ours(content: bytes) -> None:
    with pytest.raises(TensorFileError):
        read(content)


@given(st.binary(max_size=60), st.integers(0, 120), st.integers(0, 255))
def test_no_bytes_at_all_raise_anything_else(noise: bytes, place: int, value: int) -> None:
    changed = bytearray(b"\x80\x02" + TENSOR + b".")
    changed[place % len(changed)] = value
    for content in (noise, bytes(changed)):
        with contextlib.suppress(TensorFileError):
            read(content)
