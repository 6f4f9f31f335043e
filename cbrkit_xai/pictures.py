"""Where the pixels of a case base's photos are, if it holds any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from types import MappingProxyType

import attrs

from cbrkit_xai.errors import CaseBaseError, ImageError
from cbrkit_xai.images import Image, open_image


def _bytes_by_hash(values: Mapping[str, bytes]) -> Mapping[str, bytes]:
    # A view, not a copy: a store's mapping reads a picture only when it is asked for.
    return MappingProxyType(values)


def _paths_by_hash(values: Mapping[str, Path]) -> Mapping[str, Path]:
    return MappingProxyType(dict(values))


@attrs.frozen(kw_only=True)
class Pictures:
    """Photos by the hash of their file, opened only when they are asked for.

    A base from a stranger may name any path. Such a file is only ever opened as a photo, by
    `open_image`, and shown only if it has the hash that the case is about.

    Parameters
    ----------
    embedded : mapping of str to bytes
        A lossless 224 x 224 PNG per photo hash.
    paths : mapping of str to Path
        A file per photo hash.
    """

    embedded: Mapping[str, bytes] = attrs.field(factory=dict, converter=_bytes_by_hash)
    paths: Mapping[str, Path] = attrs.field(factory=dict, converter=_paths_by_hash)

    def __contains__(self, image_sha256: str) -> bool:
        return image_sha256 in self.embedded or image_sha256 in self.paths

    def open(self, image_sha256: str) -> Image:
        """Return the photo.

        Raises
        ------
        CaseBaseError
            There is none, or the file is no longer the one that the case is about.
        """
        if image_sha256 in self.embedded:
            image = open_image(self.embedded[image_sha256])
            # The PNG has no profile; whether the photo that it was made of had one is not known.
            return attrs.evolve(image, sha256=image_sha256, is_as_stored=None)
        if image_sha256 not in self.paths:
            raise CaseBaseError(
                f"no pixels for the photo {image_sha256[:12]}", next_step="name its folder: --images DIR"
            )
        path = self.paths[image_sha256]
        try:
            image = open_image(path)
        except ImageError as error:
            raise CaseBaseError(
                f"the photo of a case cannot be opened: {error}", next_step="name its folder: --images DIR"
            ) from error
        if image.sha256 != image_sha256:
            raise CaseBaseError(
                "the file has changed since its votes were given",
                where=str(path),
                next_step="restore the photo",
            )
        return image

    def with_folder(self, folder: str | Path, wanted: Iterable[tuple[str, str]]) -> Pictures:
        """Return these pictures and those found in `folder`.

        Parameters
        ----------
        folder : path
            Searched for each wanted photo's file name; of a name with folders in it, the last part.
        wanted : iterable of (image_sha256, image_name)
            The photos of a case base.
        """
        folder = Path(folder)
        if not folder.is_dir():
            raise CaseBaseError(
                "is not a folder", where=str(folder), next_step="name the folder with the photos"
            )
        places = {sha256: folder / PurePath(name).name for sha256, name in wanted}
        found = {sha256: path for sha256, path in places.items() if _is_file(path)}
        return attrs.evolve(self, paths={**self.paths, **found})


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # no name that this file system can have
        return False
