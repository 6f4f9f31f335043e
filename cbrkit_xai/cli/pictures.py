"""Where the pictures go: one file, or a folder with a manifest."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from cbrkit_xai.errors import ParameterError

if TYPE_CHECKING:
    from cbrkit_xai.explaining.explanation import Explanation

_SUFFIX = ".png"
_OTHER_PICTURES = (".jpg", ".jpeg", ".gif", ".webp", ".tif", ".tiff", ".bmp", ".svg", ".pdf")
_MANIFEST = "manifest.csv"
_TAG_WITHIN = 256  # bytes of a picture, in which its maker is named
_COLUMNS = ("photo", "class", "probability", "method", "seconds", "calls", "file")


@attrs.define(kw_only=True)
class Pictures:
    """The pictures of one run.

    Parameters
    ----------
    folder : Path
        Where they are written.
    name : str
        Of the only one; empty where each is named after its photo and method.
    method : str
        What was asked for: part of a file's name where several methods stand in it.
    with_manifest : bool
        True to list all of them in a manifest.
    """

    folder: Path
    name: str = ""
    method: str = ""
    with_manifest: bool = False
    _taken: set[str] = attrs.field(factory=set, init=False)
    _rows: list[tuple[str, ...]] = attrs.field(factory=list, init=False)

    @classmethod
    def chosen(cls, photos: Sequence[str], output: str | None, method: str) -> Pictures:
        """Understand the option -o, and find out before any work starts whether it can be written.

        Raises
        ------
        ParameterError
            One file for many photos, a file that is no PNG, a photo or a file of the user's that would be
            overwritten, or a folder that cannot be made or written.
        """
        path = Path(output or ".")
        is_file = path.suffix.lower() == _SUFFIX and not path.is_dir()
        if path.suffix.lower() in _OTHER_PICTURES and not path.is_dir():
            raise ParameterError(
                f"a picture cannot be written as {path.suffix!r}",
                where=f"-o {output}",
                allowed="a .png, or a folder",
            )
        if is_file and len(photos) > 1:
            raise ParameterError(
                f"one picture for {len(photos)} photos", where=f"-o {output}", next_step="name a folder"
            )
        if is_file and not _may_write(path):
            raise ParameterError(
                "the picture would overwrite a file that is none of our pictures",
                where=f"-o {output}",
                next_step="name another file",
            )
        folder = path.parent if is_file else path
        _check_writable(folder)
        if len(photos) > 1:
            _check_manifest(folder / _MANIFEST)
        return cls(
            folder=folder,
            name=path.name if is_file else "",
            method=method.replace(",", "-"),
            with_manifest=len(photos) > 1,
        )

    @property
    def manifest_name(self) -> str | None:
        """Path of the manifest, if there is one."""
        return str(self.folder / _MANIFEST) if self._rows else None

    def write(self, photo: str, explanations: Sequence[Explanation]) -> Path:
        """Draw the explanations of one photo, and note them in the manifest; all of it, or nothing."""
        from cbrkit_xai.explaining.picture import write_picture

        method = explanations[0].method if len(explanations) == 1 else self.method
        file = self.folder / (self.name or self._free(Path(photo).stem, method))
        write_picture(explanations, file)
        if self.with_manifest:
            self._note(photo, explanations, file)
        return file

    def _free(self, stem: str, method: str) -> str:
        # Photos of one name may come from several folders.
        name, number = f"{stem}-{method}{_SUFFIX}", 1
        while name in self._taken or not _may_write(self.folder / name):
            number += 1
            name = f"{stem}-{number}-{method}{_SUFFIX}"
        self._taken.add(name)
        return name

    def _note(self, photo: str, explanations: Sequence[Explanation], file: Path) -> None:
        from cbrkit_xai.cache import write_atomically

        self._rows += [
            (
                photo,
                "" if one.target is None else one.target.label,
                "" if one.target is None else f"{one.target.probability:.6f}",
                one.method,
                f"{one.seconds:.3f}",
                str(one.calls),
                file.name,
            )
            for one in explanations
        ]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(self._rows)
        write_atomically(self.folder / _MANIFEST, text.getvalue().encode("utf-8", "surrogateescape"))


def _may_write(file: Path) -> bool:
    """Return whether nothing is there, or a picture of ours."""
    from cbrkit_xai.explaining.picture import SOFTWARE

    if not file.exists():
        return True
    return file.is_file() and SOFTWARE.encode() in file.open("rb").read(_TAG_WITHIN)


def _check_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".{os.getpid()}.part"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ParameterError(
            f"it cannot be written ({error.strerror or error})",
            where=f"-o {folder}",
            next_step="check the path and its permissions, or name another folder",
        ) from error


def _check_manifest(file: Path) -> None:
    """Refuse to replace a file of that name which is not a manifest of ours."""
    header = ",".join(_COLUMNS).encode()
    if file.exists() and not file.read_bytes().startswith(header):
        raise ParameterError(
            "it is there already, and no manifest of pictures",
            where=str(file),
            next_step="name another folder with -o",
        )
