"""Which photos are the same photo, and are held out together."""

from __future__ import annotations

import attrs

from cbrkit_xai.features import Array, frozen_integers
from cbrkit_xai.freezing import texts


@attrs.frozen(kw_only=True)
class Link:
    """Why two cases are in one group.

    Parameters
    ----------
    first, second : str
        Ids.
    reason : str
        Such as "equal hash" or "perceptual hashes 3 of 64 bits apart".
    """

    first: str
    second: str
    reason: str


@attrs.frozen(kw_only=True, eq=False)
class Groups:
    """Cases that stand or fall together.

    Parameters
    ----------
    labels : array of shape (n,)
        int64 number of each case's group, from 0 without gaps, in the order of their first cases.
    links : tuple of Link
        A pair for each join, the strongest evidence first: n less the number of groups. Groups are what
        links connect; further pairs of a group may fulfil a rule, and are counted in `rules`.
    rules : tuple of str
        The rules that were applied, and those that could not be, each with its threshold or reason.
    names : tuple of n str
        Each case's group by a name of its own, from which the folds are dealt; by default its number. One
        that does not depend on where the cases stand makes the folds independent of it.
    """

    labels: Array = attrs.field(converter=frozen_integers)
    links: tuple[Link, ...] = ()
    rules: tuple[str, ...] = attrs.field(default=(), converter=texts)
    names: tuple[str, ...] = attrs.field(
        default=attrs.Factory(lambda self: map(str, self.labels.tolist()), takes_self=True), converter=texts
    )

    @property
    def number(self) -> int:
        """How many groups there are."""
        return int(self.labels.max(initial=-1)) + 1
