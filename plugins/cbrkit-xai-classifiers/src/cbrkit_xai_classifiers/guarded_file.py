"""Reads files that the user names: existing, regular, and not larger than makes sense."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cbrkit_xai.errors import ConfigurationError
from cbrkit_xai.photo_files import opened_without_waiting

MAX_MODEL_BYTES = 2**31 - 1
"""Largest model file: as much as one protobuf, and so an ONNX file, can hold."""

MAX_TEXT_BYTES = 10_000_000
"""Largest settings file, and largest file of labels."""


def check_file(path: str | Path, *, most_bytes: int, where: str) -> None:
    """Refuse what is no regular file, or too large.

    Parameters
    ----------
    path : str or Path
        The file.
    most_bytes : int
        How large it may be.
    where : str
        The parameter or key that names it, for the error.

    Raises
    ------
    ConfigurationError
        It is missing, a folder, a pipe or a device, cannot be read, or is too large.
    """
    try:
        found = os.stat(path)
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise _unreadable(path, error, where) from None
    if not stat.S_ISREG(found.st_mode):
        kind = "a folder" if stat.S_ISDIR(found.st_mode) else "a pipe, socket or device"
        raise ConfigurationError(f"'{path}' is {kind}", where=where, allowed="a file")
    _check_bytes(found.st_size, most_bytes, path, where)


def read_file(path: str | Path, *, most_bytes: int, where: str) -> bytes:
    """Return a file's content; parameters and errors as in `check_file`."""
    check_file(path, most_bytes=most_bytes, where=where)
    try:
        with opened_without_waiting(path) as file:
            content = file.read(most_bytes + 1)
    except OSError as error:
        raise _unreadable(path, error, where) from None
    _check_bytes(len(content), most_bytes, path, where)
    return content


def read_text(path: str | Path, *, where: str) -> str:
    """Return the text of a small file in UTF-8; errors as in `check_file`."""
    content = read_file(path, most_bytes=MAX_TEXT_BYTES, where=where)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(
            f"line {line} of '{path}' is not UTF-8", where=where, next_step="save it as UTF-8"
        ) from None


def _check_bytes(count: int, most: int, path: str | Path, where: str) -> None:
    if count > most:
        raise ConfigurationError(
            f"'{path}' has {count:,} bytes or more", where=where, allowed=f"at most {most:,}"
        )


def _unreadable(path: str | Path, error: Exception, where: str) -> ConfigurationError:
    reason = (getattr(error, "strerror", None) or str(error)).lower()
    return ConfigurationError(
        f"'{path}' cannot be read ({reason})",
        where=where,
        allowed="an existing file",
        next_step="check the path's spelling; it counts from the current folder, in a settings file from "
        "that file's folder",
    )
