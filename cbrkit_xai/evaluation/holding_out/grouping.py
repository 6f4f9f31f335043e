"""Finds the cases whose photos are the same photo, so that they are held out together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import numpy as np

from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.evaluation.holding_out.groups import Groups, Link
from cbrkit_xai.evaluation.holding_out.perceptual_hash import BITS, hash_distances, perceptual_hash
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.features import Array
from cbrkit_xai.protocols import Progress

LATENT = "latent"
"""The representation that says best what is seen in a photo."""

OTHER_COSINE = 0.99
"""The least cosine at which vectors of another representation speak of one photo.

A colour histogram says how much there is of each colour: in coco200-auto two different photos have .968.
"""

_AT_ONCE = 1024  # rows of a block of cosines


@attrs.frozen(kw_only=True)
class _Found:
    """What one rule has found."""

    rule: str
    pairs: Sequence[tuple[int, int, str]] = ()  # two rows, and why they belong together


def group_cases(base: CaseBase, protocol: Protocol, progress: Progress | None = None) -> Groups:
    """Join the cases of one photo by hash, by perceptual hash and by stored vectors, transitively.

    Parameters
    ----------
    base : CaseBase
        Perceptual hashes are compared where it holds pixels, vectors where it stores any.
    protocol : Protocol
        Its thresholds.
    progress : callable, optional
        Called with (photos hashed, photos).

    Raises
    ------
    CaseBaseError
        A photo of the base cannot be opened.
    """
    found = (
        _by_hash(base),
        _by_perceptual_hash(base, protocol.phash_distance, progress),
        _by_vectors(base, protocol.latent_cosine),
    )
    root = list(range(len(base)))
    links = [
        Link(first=base.ids[first], second=base.ids[second], reason=reason)
        for rule in found
        for first, second, reason in rule.pairs
        if _join(root, first, second)
    ]
    number_of: dict[int, int] = {}
    labels = [number_of.setdefault(_root(root, row), len(number_of)) for row in range(len(base))]
    return Groups(
        labels=labels,
        links=tuple(links),
        rules=[rule.rule for rule in found],
        names=_first_ids(labels, base.ids),
    )


def _first_ids(labels: Sequence[int], ids: Sequence[str]) -> list[str]:
    """Return for each case its group's first id in alphabetical order, wherever the cases stand."""
    first: dict[int, str] = {}
    for label, identifier in zip(labels, ids, strict=True):
        first[label] = min(identifier, first.get(label, identifier))
    return [first[label] for label in labels]


def _root(root: list[int], row: int) -> int:
    while root[row] != row:
        root[row] = root[root[row]]
        row = root[row]
    return row


def _join(root: list[int], first: int, second: int) -> bool:
    """Join two groups, and say whether they were two."""
    one, other = sorted((_root(root, first), _root(root, second)))
    root[other] = one
    return one != other


def _by_hash(base: CaseBase) -> _Found:
    rows_of: dict[str, list[int]] = {}
    for row, case in enumerate(base.cases):
        rows_of.setdefault(case.image_sha256, []).append(row)
    pairs = [
        (first, second, "equal hash")
        for rows in rows_of.values()
        for place, first in enumerate(rows)
        for second in rows[place + 1 :]
    ]
    return _Found(rule=f"equal hash of the photo's file: {_pairs(len(pairs))}", pairs=pairs)


def _by_perceptual_hash(base: CaseBase, most: int, progress: Progress | None) -> _Found:
    rule = f"perceptual hashes (DCT of 32 x 32 grey values) at most {most} of {BITS} bits apart"
    held = [row for row, case in enumerate(base.cases) if case.image_sha256 in base.pictures]
    if not held:
        return _Found(rule=f"{rule}: not applied, the case base holds no pixels")
    rows, hashes = [], []
    for done, row in enumerate(held, start=1):
        pixels = base.pictures.open(base.cases[row].image_sha256).pixels
        if (pixels != pixels[0, 0]).any():  # the hash of a plain surface is that of every other
            rows.append(row)
            hashes.append(perceptual_hash(pixels))
        if progress is not None:
            progress(done, len(held))
    known = np.array(hashes, dtype=np.uint64)
    near = _near(len(known), lambda block: hash_distances(known[block], known), most)
    pairs = [
        (rows[first], rows[second], f"perceptual hashes {distance} of {BITS} bits apart")
        for distance, first, second in near
    ]
    return _Found(rule=f"{rule}: {_pairs(len(pairs))}{_all_but(len(base) - len(rows))}", pairs=pairs)


def _by_vectors(base: CaseBase, least: float) -> _Found:
    fingerprint = _compared(base)
    if fingerprint is None:
        return _Found(rule=f"cosine of stored vectors at least {least:g}: not applied, it stores none")
    made_by = base.representations.get(fingerprint)
    name = fingerprint if made_by is None else made_by.name
    if name != LATENT:
        least = max(least, OTHER_COSINE)
    held = base.features[fingerprint]
    rows = np.array([row for row, case in enumerate(base.cases) if case.image_sha256 in held], dtype=np.int64)
    vectors = np.array([held[base.cases[row].image_sha256] for row in rows], dtype=np.float64)
    lengths = np.linalg.norm(vectors, axis=1)
    rows, units = rows[lengths > 0], vectors[lengths > 0] / lengths[lengths > 0, None]
    # Rounding must not part what is equal.
    near = _near(len(units), lambda block: 1 - units[block] @ units.T, 1 - least + 1e-12)
    pairs = [
        (int(rows[first]), int(rows[second]), f"cosine {1 - distance:.4f} of {name}")
        for distance, first, second in near
    ]
    rule = f"cosine of the stored {name} vectors ({vectors.shape[1]} numbers) at least {least:g}"
    return _Found(rule=f"{rule}: {_pairs(len(pairs))}{_all_but(len(base) - len(rows))}", pairs=pairs)


def _compared(base: CaseBase) -> str | None:
    """Return which stored vectors are compared: the latent ones, or else those of most dimensions."""
    dimensions = {
        fingerprint: min(len(row) for row in rows.values())
        for fingerprint, rows in base.features.items()
        if rows and all(row.ndim == 1 for row in rows.values())
    }
    latent = {one for one, made_by in base.representations.items() if made_by.name == LATENT}
    return max(dimensions, key=lambda one: (one in latent, dimensions[one], one), default=None)


def _near(number: int, distances_from: Callable[[slice], Array], most: float) -> list[tuple[float, int, int]]:
    """Return the pairs of rows that are near enough, the nearest first, asking block by block."""
    return sorted(
        (distances[row, second].item(), start + row, second)
        for start in range(0, number, _AT_ONCE)
        for distances in [distances_from(slice(start, start + _AT_ONCE))]  # (block, n)
        for row, second in np.argwhere(distances <= most).tolist()
        if second > start + row
    )


def _pairs(number: int) -> str:
    return "1 pair" if number == 1 else f"{number} pairs"


def _all_but(missing: int) -> str:
    return f" ({missing} cases have nothing to compare)" if missing else ""
