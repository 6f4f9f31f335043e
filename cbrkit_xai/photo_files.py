"""Read a photo's file into memory, unless it is missing, unreadable, too large or no regular file."""

from __future__ import annotations

import errno
import os
import re
import stat
from typing import BinaryIO

from cbrkit_xai.errors import ImageError

MAX_BYTES = 200_000_000
"""Largest file that is read."""

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/|data:")  # two letters at least: C:/ is a drive


def read_photo_file(path: str) -> bytes:
    """Return the file's content; never waits for a pipe or a device.

    Raises
    ------
    ImageError
        The file cannot be read, or is larger than `MAX_BYTES`.
    """
    try:
        found = os.stat(path)
        _check_kind(path, found.st_mode)
        check_bytes(found.st_size, where=shown(path))
        with opened_without_waiting(path) as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        allowed, next_step = _advice(path, error)
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise ImageError(
            f"it cannot be read ({reason})", where=shown(path), allowed=allowed, next_step=next_step
        ) from None
    check_bytes(len(data), where=shown(path))
    return data


def opened_without_waiting(path: str | os.PathLike[str]) -> BinaryIO:
    """Open a file to read, not blocking, should a pipe have taken its place since it was looked at."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags), "rb")


def check_bytes(count: int, *, where: str) -> None:
    """Refuse a file of more than `MAX_BYTES`.

    Raises
    ------
    ImageError
        There are too many bytes.
    """
    if count > MAX_BYTES:
        raise ImageError(
            f"it has {count:,} bytes",
            where=where,
            allowed=f"at most {MAX_BYTES:,} bytes",
            next_step="shrink it with an image editor",
        )


def shown(path: str | os.PathLike[str] | os.PathLike[bytes]) -> str:
    """Return a path on one line, fit for any terminal."""
    text = os.fsdecode(path) or "(empty path)"
    text = text if text.isprintable() else text.encode("unicode_escape", "backslashreplace").decode()
    return text if len(text) <= 300 else f"{text[:140]}...{text[-140:]}"


def _check_kind(path: str, mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    is_folder = stat.S_ISDIR(mode)
    raise ImageError(
        f"it is {'a folder' if is_folder else 'a pipe, socket or device'}, not a file",
        where=shown(path),
        allowed="one photo's file",
        next_step="pass the files in it" if is_folder else "save the photo to a file",
    )


def _advice(path: str, error: Exception) -> tuple[str, str]:
    """Return what is allowed, and the next step."""
    if _ADDRESS.match(path):
        return "a local file, not an address", "download it and pass its path"
    if getattr(error, "errno", None) in (errno.EACCES, errno.EPERM):
        return "a file you may read", "change its permissions, or copy it"
    return "an existing file", "check the path's spelling"
