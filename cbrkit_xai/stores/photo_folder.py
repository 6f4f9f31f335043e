"""Find the photo that a row of votes is about in the folder of photos."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path, PurePath

import attrs

from cbrkit_xai.errors import CaseBaseError, nearest_spelling


def _files_by_stem(folder: Path) -> Mapping[str, list[str]]:
    if not folder.is_dir():
        raise CaseBaseError("is not a folder", where=str(folder), next_step="name the folder with the photos")
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith("."):
            found[path.stem].append(path.name)
    return dict(found)


@attrs.frozen(kw_only=True)
class PhotoFolder:
    """A folder of photos, looked through once.

    Parameters
    ----------
    folder : Path
        Where the photos are.
    """

    folder: Path
    _by_stem: Mapping[str, list[str]] = attrs.field(
        init=False,
        repr=False,
        default=attrs.Factory(lambda self: _files_by_stem(self.folder), takes_self=True),
    )
    _by_number: Mapping[int, list[str]] = attrs.field(init=False, repr=False)

    @_by_number.default
    def _numbered(self) -> Mapping[int, list[str]]:
        found: dict[int, list[str]] = defaultdict(list)
        for stem, names in self._by_stem.items():
            if stem.isascii() and stem.isdigit():
                found[int(stem)].extend(names)
        return dict(found)

    def find(self, image: str) -> tuple[Path | None, str]:
        """Return the file that `image` names, or None and what is wrong.

        A path inside the folder, a name without its ending, or a number, which finds
        `000000000009.jpg` by 9.
        """
        if PurePath(image).is_absolute() or ".." in PurePath(image).parts or "\0" in image:
            return None, f"image {image!r} is not inside the folder of photos"
        path = self.folder / image
        try:
            if path.is_file():
                return path, ""
        except OSError:  # such as a name too long for the file system
            return None, f"no photo {image[:60]!r} in {self.folder}"
        names = self._by_stem.get(image, [])
        if not names and image.isascii() and image.isdigit() and len(image) < 20:
            names = self._by_number.get(int(image), [])
        if len(names) == 1:
            return self.folder / names[0], ""
        if names:
            return None, f"image {image!r} could be any of {', '.join(names[:4])}"
        every = [name for files in self._by_stem.values() for name in files]
        hint = nearest_spelling(image, every) if len(every) <= 2000 else None
        return None, f"no photo {image!r} in {self.folder}" + (f", {hint}" if hint else "")
