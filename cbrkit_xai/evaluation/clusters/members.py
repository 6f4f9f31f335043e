"""The photos of a cluster that show best what it is."""

from __future__ import annotations

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.configurations import Components
from cbrkit_xai.features import Array, take
from cbrkit_xai.organizers.distances import checked_pairwise, distances_of_all

TYPICAL = 5
"""Members that are shown: the medoid, and those nearest to the prototype."""


@attrs.frozen(kw_only=True)
class TypicalMembers:
    """Members of one cluster.

    Parameters
    ----------
    medoid : str
        Id of the member with the least sum of distances from the others.
    nearest : tuple of str
        Ids of the other members nearest to the prototype.
    """

    medoid: str
    nearest: tuple[str, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """The medoid, then the others."""
        return (self.medoid, *self.nearest)


def typical_members(cases: Cases, rows: Array, prototype: object, components: Components) -> TypicalMembers:
    """Return the members that show best what a cluster is; ties go to the first id.

    Parameters
    ----------
    rows : array of shape (m,)
        int64 rows of its members, at least one.
    prototype : features `(1, ...)`
        Of the index's entry.
    components : Components
        Fitted.
    """
    own = take(cases.features, rows)
    sums = distances_of_all(components.metric, own).sum(axis=1)
    far = checked_pairwise(components.metric, own, prototype)[:, 0]  # type: ignore[arg-type]
    ranks = np.argsort(np.argsort([cases.ids[row] for row in rows], kind="stable"), kind="stable")
    medoid = int(np.lexsort((ranks, sums))[0])
    order = [int(place) for place in np.lexsort((ranks, far)) if place != medoid]
    return TypicalMembers(
        medoid=cases.ids[rows[medoid]],
        nearest=tuple(cases.ids[rows[place]] for place in order[: TYPICAL - 1]),
    )
