"""Make a new file complete or not at all, and never over another."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cbrkit_xai.errors import CaseBaseError


@contextmanager
def new_file(destination: Path) -> Iterator[Path]:
    """Give the path of a temporary file that becomes `destination` when the block ends well.

    Whatever ends the block otherwise, Ctrl-C included, leaves nothing behind.

    Raises
    ------
    CaseBaseError
        Something is at `destination`, or its folder does not take files.
    """
    check_free(destination)
    temporary = destination.with_name(f".{destination.name[:100]}.{secrets.token_hex(4)}.partial")
    try:
        yield temporary
        _sync(temporary)
        _publish(temporary, destination)
    finally:
        for leftover in ("", "-journal", "-wal", "-shm"):
            temporary.with_name(temporary.name + leftover).unlink(missing_ok=True)


def check_free(destination: Path) -> None:
    """Refuse a path that is taken, or whose folder does not take files.

    Raises
    ------
    CaseBaseError
        A file cannot be made there.
    """
    if os.path.lexists(destination):
        raise _taken(destination)
    if not destination.parent.is_dir():
        raise CaseBaseError(
            "its folder does not exist",
            where=str(destination),
            next_step=f"make it: mkdir -p {destination.parent}",
        )
    if not os.access(destination.parent, os.W_OK):
        raise CaseBaseError(
            "its folder may not be written", where=str(destination), next_step="choose another"
        )


def _publish(temporary: Path, destination: Path) -> None:
    try:
        # Unlike a rename, a link fails where another process was first.
        os.link(temporary, destination)
    except FileExistsError:
        raise _taken(destination) from None
    except OSError:  # a file system without hard links
        check_free(destination)
        temporary.rename(destination)
    _sync(destination.parent)


def _sync(path: Path) -> None:
    """Make a file's content, or the new name in a folder, survive a power cut."""
    if path.is_dir() and os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _taken(destination: Path) -> CaseBaseError:
    return CaseBaseError(
        "is there already", where=str(destination), next_step="choose another name, or remove it first"
    )
