"""The columns an organizer sees: ids, features of one representation, votes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.features import Array, Features, count, frozen_floats, read_only, take
from cbrkit_xai.freezing import texts


@attrs.frozen(kw_only=True, eq=False)
class Cases:
    """Immutable columns of n cases.

    Parameters
    ----------
    ids : tuple of str
        Unique names, n of them.
    features : array or mapping of arrays
        First axis n.
    votes : array of shape (n, methods)
        float64; NaN where nobody was asked.
    methods : tuple of str
        The columns of `votes`.
    groups : tuple of str
        Cases of one group (the same photo) are kept together when cases are held out.
    """

    ids: tuple[str, ...] = attrs.field(converter=texts)
    features: Features = attrs.field(converter=read_only)
    votes: Array = attrs.field(converter=frozen_floats)
    methods: tuple[str, ...] = attrs.field(converter=texts)
    groups: tuple[str, ...] = attrs.field(
        default=attrs.Factory(lambda self: self.ids, takes_self=True), converter=texts
    )

    def __attrs_post_init__(self) -> None:
        n = len(self.ids)
        if len(set(self.ids)) != n:
            raise ValueError("case ids must be unique")
        if count(self.features) != n or len(self.groups) != n:
            raise ValueError(f"{n} ids, {count(self.features)} rows of features, {len(self.groups)} groups")
        if self.votes.shape != (n, len(self.methods)):
            raise ValueError(f"votes have shape {self.votes.shape}, expected {(n, len(self.methods))}")

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: Any) -> Cases:
        """Return the chosen rows (an index array or a mask)."""
        chosen = np.arange(len(self))[rows]
        return attrs.evolve(
            self,
            ids=[self.ids[row] for row in chosen],
            groups=[self.groups[row] for row in chosen],
            features=take(self.features, chosen),
            votes=self.votes[chosen],
        )

    def held_out(self) -> list[Sequence[str]]:
        """Return, per case, the ids that leaving it out leaves out: those of its group."""
        members: dict[str, list[str]] = {}
        for identifier, group in zip(self.ids, self.groups, strict=True):
            members.setdefault(group, []).append(identifier)
        return [members[group] for group in self.groups]
