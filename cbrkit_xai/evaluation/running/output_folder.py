"""A folder that one kind of command writes: its files replace those of the last time, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import attrs

from cbrkit_xai.cache import write_atomically
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.running.cells import FOLDER as CELLS

MARKER = ".cbrkit-xai.json"
"""Says which command a folder belongs to, and which files it wrote."""

WRITING = ".writing"
"""Where files are made, before they take their places."""

NAMES = (
    "growth.csv",
    "plots",
    "query-times.csv",
    "recommended.toml",
    "report.html",
    "reproduction.json",
    "results.csv",
    "results.parquet",
    "settings.csv",
    "summary.json",
    "times.html",
    "timings.csv",
    "timings.html",
    "tuning.csv",
    "tuning.json",
)
"""What some command may write; in a folder without a marker they are somebody else's."""

_LAST = "report.html"  # whoever finds it finds all that belongs to it


@attrs.frozen(kw_only=True)
class OutputFolder:
    """The folder of one kind of command.

    Parameters
    ----------
    path : Path
        Made by `claim`, if it is not there.
    command : str
        Such as "evaluate".
    """

    path: Path
    command: str

    def claim(self) -> None:
        """Refuse before the work what would fail after it, or would replace what another command wrote.

        Raises
        ------
        OSError
            The folder cannot be written.
        ParameterError
            It is another command's, or files lie there that no command of ours wrote.
        """
        marked = self._marked()
        if marked is None or (marked["command"] != self.command and self._is_empty(marked["files"])):
            self._refuse_strangers()
            self._mark(())
        elif marked["command"] != self.command:
            raise ParameterError(
                f"holds what `cbrkit-xai {marked['command']}` wrote",
                where=str(self.path),
                allowed=f"a new folder, or that of an earlier `cbrkit-xai {self.command}`",
                next_step="name another folder",
            )
        (self.path / CELLS).mkdir(exist_ok=True)

    @contextmanager
    def replacing(self) -> Iterator[Path]:
        """Give an empty folder to write into; afterwards its files take the places of the last time's.

        Whatever ends the process until then, the last time's files stay as they were. While files change
        places some may be missing, but never do old ones stand beside new ones.
        """
        making = self.path / WRITING
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        try:
            yield making
            self._exchange(making)
        finally:
            shutil.rmtree(making, ignore_errors=True)

    def _exchange(self, making: Path) -> None:
        marked = self._marked()
        old = set() if marked is None else set(marked["files"])
        new = {path.relative_to(making).as_posix() for path in making.rglob("*") if path.is_file()}
        self._mark(old | new)  # should this be interrupted, the next time knows them all
        for name in sorted(old, key=_report_first):
            (self.path / name).unlink(missing_ok=True)
        for name in sorted(new, key=_report_first, reverse=True):
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(making / name, self.path / name)
        for folder in {(self.path / name).parent for name in old - new} - {self.path}:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        self._mark(new)

    def _marked(self) -> dict[str, Any] | None:
        """Return what the marker says; None without one, or with one that is not ours."""
        try:
            found = json.loads((self.path / MARKER).read_text(encoding="utf-8"))
            command, files = found["command"], found["files"]
        except (OSError, ValueError, TypeError, KeyError):
            return None
        if not isinstance(command, str) or not isinstance(files, list):
            return None
        return {"command": command, "files": [one for one in files if _is_inside(one)]}

    def _mark(self, files: Sequence[str] | set[str]) -> None:
        content = json.dumps({"command": self.command, "files": sorted(files)}, indent=1)
        write_atomically(self.path / MARKER, f"{content}\n".encode())

    def _is_empty(self, files: Sequence[str]) -> bool:
        """Say whether the command that claimed the folder came to nothing, such as by a mistyped option."""
        cells = self.path / CELLS
        return not files and not (cells.is_dir() and any(cells.iterdir()))

    def _refuse_strangers(self) -> None:
        for name in NAMES:
            if (self.path / name).exists():
                raise ParameterError(
                    f"{name!r} is there already, and `cbrkit-xai {self.command}` did not write it",
                    where=str(self.path),
                    allowed=f"a new folder, or that of an earlier `cbrkit-xai {self.command}`",
                    next_step="name another folder",
                )


def in_place(paths: Sequence[Path], making: Path, folder: Path) -> list[Path]:
    """Return where files that were written into one folder have come to lie in another."""
    return [folder / path.relative_to(making) for path in paths]


def _report_first(name: str) -> tuple[bool, str]:
    return name != _LAST, name


def _is_inside(name: Any) -> bool:
    """Say whether a marker's text names a file below the folder; a marker may be anybody's."""
    if not isinstance(name, str) or not name or "\\" in name or ":" in name:
        return False
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and path.parts[0] not in (CELLS, MARKER)
