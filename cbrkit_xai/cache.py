"""Where what can be computed again is kept for the user."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

VARIABLE = "CBRKIT_XAI_CACHE"


def cache_folder() -> Path:
    """Return the user's cache folder: $CBRKIT_XAI_CACHE, or the platform's own place for caches."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    shared = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # The XDG specification has relative paths ignored.
    return (shared if shared.is_absolute() else Path.home() / ".cache") / "cbrkit-xai"


def write_atomically(path: Path, content: bytes) -> None:
    """Write a whole file or none: readers and crashes never see half of it.

    Raises
    ------
    OSError
        The folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as file:  # not by tempfile: what is written belongs to whom the umask says
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
