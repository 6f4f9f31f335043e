"""Folds that keep the cases of a group together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray


def grouped_folds(
    groups: Sequence[str], winners: Sequence[str], *, folds: int, seed: int
) -> list[NDArray[np.intp]]:
    """Return the rows of each fold: whole groups, each winner spread evenly over the folds.

    The order in which groups are dealt out comes from their labels and the seed, not from their rows, so
    cases in another order fall into the same folds.

    Parameters
    ----------
    groups : sequence of n labels
        Cases that must stay together.
    winners : sequence of n names
        The winning method of each case; a group counts for the one it has most often.
    folds : int
        At most as many as groups.
    seed : int
        Of the order.
    """
    cast: dict[str, Counter[str]] = {}
    for group, winner in zip(groups, winners, strict=True):
        cast.setdefault(group, Counter())[winner] += 1
    main = {group: min(wins, key=lambda name: (-wins[name], name)) for group, wins in cast.items()}
    dealt = sorted(cast, key=lambda group: (main[group], draw(seed, "fold", group)))
    fold_of = {group: place % folds for place, group in enumerate(dealt)}
    fold = np.array([fold_of[group] for group in groups], dtype=np.intp)
    return [np.flatnonzero(fold == number) for number in range(folds)]


def draw(seed: int, *labels: str) -> int:
    """Return a number that looks random and depends on the seed and the labels alone."""
    text = "\x1f".join([str(seed), *labels])
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())
