"""Pixels in a case base file, read one at a time when they are asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import attrs

from cbrkit_xai.errors import CaseBaseError
from cbrkit_xai.stores.connections import connected_to_read


def _places(hashes: Iterable[str]) -> dict[str, None]:
    return dict.fromkeys(hashes)


@attrs.frozen(kw_only=True, eq=False)
class StoredPictures(Mapping[str, bytes]):
    """The embedded PNGs of a case base file by the hash of the photo's file.

    Parameters
    ----------
    path : Path
        The case base file.
    hashes : iterable of str
        The photos that it holds.
    immutable : bool
        Whether nobody ever writes to the file.
    further : mapping of str to bytes
        Pictures that came after the file was read.
    """

    path: Path
    hashes: Mapping[str, None] = attrs.field(converter=_places, repr=False)
    immutable: bool = False
    further: Mapping[str, bytes] = attrs.field(factory=dict, repr=False)

    def __getitem__(self, image_sha256: str) -> bytes:
        if image_sha256 in self.further:
            return self.further[image_sha256]
        if image_sha256 not in self.hashes:
            raise KeyError(image_sha256)
        with connected_to_read(self.path, immutable=self.immutable) as connection:
            row = connection.execute(
                "SELECT pictures.sha256, png FROM pictures JOIN photos USING (photo) WHERE photos.sha256 = ?",
                (image_sha256,),
            ).fetchone()
        if row is None or hashlib.sha256(row[1]).digest() != row[0]:
            raise CaseBaseError(
                f"is damaged: the pixels of the photo {image_sha256[:12]} are not those that were stored",
                where=str(self.path),
                next_step="restore it from a copy",
            )
        return row[1]

    def __contains__(self, image_sha256: object) -> bool:
        return image_sha256 in self.hashes or image_sha256 in self.further

    def __iter__(self) -> Iterator[str]:
        return iter({**self.hashes, **self.further})

    def __len__(self) -> int:
        return len({**self.hashes, **self.further})

    def __or__(self, others: Mapping[str, bytes]) -> StoredPictures:
        """Return these pictures and others; nothing is read."""
        return attrs.evolve(self, further={**self.further, **others})
