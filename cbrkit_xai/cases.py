"""The columns an organizer sees: ids, features of one representation, votes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.confidence import shares
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.features import Array, Features, count, frozen, frozen_floats, read_only, take
from cbrkit_xai.freezing import texts


# `slots=False`: the derived columns are computed once and kept.
@attrs.frozen(kw_only=True, eq=False, slots=False, repr=False)
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
        check_unique(self.ids, where="Cases.ids")
        if count(self.features) != n or len(self.groups) != n:
            raise ParameterError(
                f"{n} ids, {count(self.features)} rows of features, {len(self.groups)} groups",
                where="Cases",
                allowed="as many of each",
            )
        if self.votes.shape != (n, len(self.methods)):
            raise ParameterError(
                f"the votes have the shape {self.votes.shape}",
                where="Cases.votes",
                allowed=f"{(n, len(self.methods))}: a row per case, a column per method",
            )

    def __repr__(self) -> str:
        return f"<Cases: {len(self)}, methods {', '.join(self.methods)}>"

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def row_of(self) -> Mapping[str, int]:
        """The row of each id."""
        return MappingProxyType({identifier: row for row, identifier in enumerate(self.ids)})

    @cached_property
    def shares(self) -> Array:
        """Each case's votes as shares of its sum, `(n, methods)`; NaN where nobody was asked."""
        return frozen(shares(self.votes))

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


def check_unique(ids: Sequence[str], *, where: str) -> None:
    """Refuse ids of which one is there twice.

    Raises
    ------
    ParameterError
        Names the first that is.
    """
    if len(set(ids)) != len(ids):
        twice = next(one for one in ids if ids.count(one) > 1)
        raise ParameterError(f"{twice!r} is there twice", where=where, allowed="unique ids")
