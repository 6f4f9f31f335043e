"""Which classes a cluster's photos were explained for more often than chance would have it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import attrs
import numpy as np

from cbrkit_xai.features import Array
from cbrkit_xai.organizers.silhouette import NOISE

LEVEL = 0.05


@attrs.frozen(kw_only=True)
class ClassCount:
    """How many photos of one class a cluster holds.

    Parameters
    ----------
    name : str
        Of the class.
    inside, overall : int
        Photos of it in the cluster, and in all.
    p : float
        Chance that as many of them, or more, fall into a random cluster of that size, times the number of
        classes and clusters looked at.
    """

    name: str
    inside: int
    overall: int
    p: float

    @property
    def is_clear(self) -> bool:
        """Whether that is more than chance."""
        return self.p < LEVEL


def class_counts(classes: Sequence[str], labels: Array, most: int = 5) -> list[tuple[ClassCount, ...]]:
    """Return the classes of each cluster, the least likely first; classes of one photo cannot tell.

    The chance is hypergeometric, as if the cluster's photos had been drawn from all.

    Parameters
    ----------
    classes : sequence of n str
        Class of each case; empty where it is not known.
    labels : array of shape (n,)
        int64 cluster; -1 for noise.
    most : int
        Classes to return per cluster.
    """
    from scipy.stats import hypergeom

    known = np.array([bool(name) for name in classes])
    overall = Counter(name for name in classes if name)
    shared = sorted(name for name, number in overall.items() if number >= 2)
    clusters = int(labels.max(initial=NOISE)) + 1
    tests = max(1, len(shared) * clusters)
    found = []
    for cluster in range(clusters):
        own = Counter(classes[int(row)] for row in np.flatnonzero((labels == cluster) & known))
        size = sum(own.values())
        counts = []
        for name in shared:
            if own[name]:
                chance = float(hypergeom.sf(own[name] - 1, int(known.sum()), overall[name], size))
                counts.append(
                    ClassCount(name=name, inside=own[name], overall=overall[name], p=min(1.0, chance * tests))
                )
        found.append(tuple(sorted(counts, key=lambda one: (one.p, -one.inside, one.name))[:most]))
    return found
