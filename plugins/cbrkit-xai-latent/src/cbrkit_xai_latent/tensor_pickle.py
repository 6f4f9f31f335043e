"""Reads the pickles inside a PyTorch tensor file, allowing tensors and nothing else.

This is a small interpreter of its own, with the opcode table of the standard library's
`pickletools`. A subclass of `pickle.Unpickler` with a strict `find_class` would still run
REDUCE, NEWOBJ, BUILD and the extension registry on whatever it holds; here no opcode can
import, call or change an attribute at all: a global is a member of an enumeration, and the
two "calls" that a tensor file makes are recognised by shape. What is not listed is refused
before its argument is read.
"""

from __future__ import annotations

import enum
import pickletools
from collections.abc import Callable
from functools import partial
from typing import Any, BinaryIO

import attrs

from cbrkit_xai.errors import CbrkitXaiError


class TensorFileError(CbrkitXaiError):
    """A tensor file that is damaged, or holds anything but tensors."""


class _Global(enum.Enum):
    """The only names a tensor file may mention."""

    ORDERED_DICT = "collections OrderedDict"
    REBUILD_TENSOR = "torch._utils _rebuild_tensor_v2"
    FLOAT_STORAGE = "torch FloatStorage"
    LONG_STORAGE = "torch LongStorage"


_OPCODES = {opcode.code.encode("latin-1"): opcode for opcode in pickletools.opcodes}
_DTYPES = {_Global.FLOAT_STORAGE: "<f4", _Global.LONG_STORAGE: "<i8"}


@attrs.frozen(kw_only=True)
class Storage:
    """A run of `count` numbers, kept elsewhere in the file under `key`."""

    key: str
    dtype: str
    count: int


@attrs.frozen(kw_only=True)
class View:
    """A tensor: which numbers of a storage, in which shape; strides count elements."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_pickle(stream: BinaryIO) -> Any:
    """Return what one pickle holds: plain values, dicts, lists, and tensors as `View`.

    Parameters
    ----------
    stream : binary file
        Stands at the pickle's first byte, and afterwards behind its last.

    Raises
    ------
    TensorFileError
        The pickle is damaged, or asks for anything but tensors.
    """
    machine = _Machine()
    try:
        while (opcode := _OPCODES[stream.read(1)]).name != "STOP":
            machine.step(opcode.name, partial(_argument, opcode, stream))
        if machine.below:
            raise TensorFileError("a MARK of the pickle was never used", allowed="a tensor file, complete")
        (result,) = machine.stack
    except TensorFileError:
        raise
    except (ValueError, IndexError, KeyError, OverflowError) as error:  # truncated, or no valid pickle
        raise TensorFileError(
            f"not a readable pickle ({error!r})", allowed="a tensor file, complete"
        ) from error
    return result


def _argument(opcode: pickletools.OpcodeInfo, stream: BinaryIO) -> Any:
    if opcode.name == "GLOBAL":  # two lines; pickletools would decode escapes in them, pickle does not
        module, name = (stream.readline().decode("ascii").removesuffix("\n") for _ in range(2))
        return f"{module} {name}"
    if opcode.arg is None:
        raise ValueError(f"{opcode.name} has no argument")
    return opcode.arg.reader(stream)


class _Machine:
    """The stack machine of pickle protocol 2, less everything that could act."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []  # the stacks under each MARK
        self.memo: dict[int, Any] = {}

    def step(self, name: str, read_argument: Callable[[], Any]) -> None:
        """Carry out one opcode."""
        match name:
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINUNICODE":
                self.stack.append(read_argument())
            case "NONE" | "NEWTRUE" | "NEWFALSE":
                self.stack.append({"NONE": None, "NEWTRUE": True, "NEWFALSE": False}[name])
            case "EMPTY_DICT":
                self.stack.append({})
            case "EMPTY_LIST":
                self.stack.append([])
            case "EMPTY_TUPLE":
                self.stack.append(())
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                length = int(name[-1])
                self.stack.append(tuple(self._pop() for _ in range(length))[::-1])
            case "TUPLE":
                items = self._pop_to_mark()  # first: it changes which stack is on top
                self.stack.append(tuple(items))
            case "MARK":
                self.below.append(self.stack)
                self.stack = []
            case "BINPUT" | "LONG_BINPUT":
                self.memo[read_argument()] = self.stack[-1]
            case "BINGET" | "LONG_BINGET":
                self.stack.append(self.memo[read_argument()])
            case "SETITEM":
                value, key = self._pop(), self._pop()
                self._set_items([key, value])
            case "SETITEMS":
                self._set_items(self._pop_to_mark())
            case "APPEND":
                self._extend([self._pop()])
            case "APPENDS":
                self._extend(self._pop_to_mark())
            case "GLOBAL":
                self.stack.append(_named(read_argument()))
            case "BINPERSID":
                self.stack.append(_storage(self._pop()))
            case "REDUCE":
                arguments, function = self._pop(), self._pop()
                self.stack.append(_made(function, arguments))
            case "BUILD":
                self._drop_metadata()
            case "PROTO":
                read_argument()
            case _:
                raise TensorFileError(f"the pickle opcode {name} is refused", allowed="tensors only")

    def _pop(self) -> Any:
        return self.stack.pop()

    def _pop_to_mark(self) -> list[Any]:
        items, self.stack = self.stack, self.below.pop()
        return items

    def _set_items(self, items: list[Any]) -> None:
        target = self.stack[-1]
        keys, values = items[::2], items[1::2]
        if type(target) is not dict or len(keys) != len(values) or not all(type(key) is str for key in keys):
            raise TensorFileError(
                "items are set on something else than a dict by text", allowed="tensors only"
            )
        target.update(zip(keys, values, strict=True))

    def _extend(self, items: list[Any]) -> None:
        if type(self.stack[-1]) is not list:
            raise TensorFileError("items are appended to something else than a list", allowed="tensors only")
        self.stack[-1].extend(items)

    def _drop_metadata(self) -> None:
        # PyTorch's state dicts carry version numbers in an attribute; nothing here has attributes.
        state = self._pop()
        if type(self.stack[-1]) is not dict or type(state) is not dict or list(state) != ["_metadata"]:
            raise TensorFileError(
                "a state is set on an object", allowed="the '_metadata' of a dict of tensors"
            )


def _named(name: str) -> _Global:
    try:
        return _Global(name)
    except ValueError:
        allowed = ", ".join(one.value.replace(" ", ".") for one in _Global)
        said = name[:80].replace(" ", ".")
        raise TensorFileError(f"the name {said!r} is refused", allowed=allowed) from None


def _storage(reference: Any) -> Storage:
    match reference:
        case ("storage", _Global() as kind, str(key), str(), int(count), None) if kind in _DTYPES:
            if type(count) is int and count >= 0:
                return Storage(key=key, dtype=_DTYPES[kind], count=count)
    raise TensorFileError(
        f"{_short(reference)} is no reference to a storage", allowed="float32 or int64 numbers"
    )


def _made(function: Any, arguments: Any) -> Any:
    if function is _Global.ORDERED_DICT and arguments == ():
        return {}  # a dict keeps its order
    if function is _Global.REBUILD_TENSOR and type(arguments) is tuple and len(arguments) == 6:
        return _view(arguments)
    raise TensorFileError(
        f"calling {_short(function)} is refused", allowed="an empty OrderedDict, or a tensor"
    )


def _view(arguments: tuple[Any, ...]) -> View:
    storage, offset, shape, strides, requires_grad, hooks = arguments
    numbers = (offset, *shape, *strides) if type(shape) is type(strides) is tuple else ("no tuples",)
    plain = (
        type(storage) is Storage
        and all(type(number) is int and number >= 0 for number in numbers)
        and type(requires_grad) is bool
        and type(hooks) is dict
        and not hooks
    )
    if not plain:
        raise TensorFileError(f"{_short(arguments)} describes no tensor", allowed="a plain tensor")
    return View(storage=storage, offset=offset, shape=shape, strides=strides)


def _short(value: Any) -> str:
    # repr only of what cannot be deeply nested or large
    return f"{value.value!r}" if isinstance(value, _Global) else f"a {type(value).__name__}"
