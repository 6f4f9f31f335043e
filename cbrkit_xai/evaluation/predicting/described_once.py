"""A case base with all features at hand that an evaluation asks for, computed from pixels at most once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import attrs

from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.features import Array
from cbrkit_xai.protocols import Progress, Representation

_known: WeakKeyDictionary[CaseBase, CaseBase] = WeakKeyDictionary()


def described_once(
    base: CaseBase, representations: Iterable[Representation], progress: Progress | None = None
) -> CaseBase:
    """Return the base with the features of these representations, so that nobody computes them again.

    It has the content hash of the base that it was made of: the photos decide what was added. Which photos
    are one photo must be asked of that base, or it would depend on what is evaluated.

    Parameters
    ----------
    base : CaseBase
        Asked again with the same base, it computes what is still missing.
    representations : iterable of Representation
        Of the configurations.
    progress : callable, optional
        Called with (photos described, photos) of one representation after the other.

    Raises
    ------
    FeaturesError
        Some features are neither stored nor computable from pixels.
    """
    found = _known.get(base, base)
    hashes = [case.image_sha256 for case in base.cases]
    for one in representations:
        for leaf in _lacking(one, found, hashes):
            columns = found.columns(leaf, progress).features
            if isinstance(columns, Mapping):  # several arrays of one photo cannot be stored as one
                continue
            found = _with(found, leaf.fingerprint, dict(zip(hashes, columns, strict=True)))
    if found is not base:
        found.__dict__["content_hash"] = base.content_hash
        _known[base] = found
    return found


def _lacking(representation: Any, base: CaseBase, hashes: Sequence[str]) -> Iterator[Representation]:
    """Yield what a base would store of a representation and lacks: itself, its origin, or its parts."""
    held = base.features.get(representation.fingerprint, {})
    if all(sha256 in held for sha256 in hashes):
        return
    made_of: Mapping[str, Any] = getattr(representation, "made_of", None) or {}
    stored_as = getattr(representation, "stored_as", None)
    if stored_as is not None:
        yield from _lacking(stored_as, base, hashes)
    elif made_of:
        for part in made_of.values():
            yield from _lacking(part, base, hashes)
    else:
        yield representation


def _with(base: CaseBase, fingerprint: str, rows: Mapping[str, Array]) -> CaseBase:
    return attrs.evolve(base, features={**base.features, fingerprint: rows})
