"""What a clustering is: which case is in which cluster, by which setting, and how well that fits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import attrs
import numpy as np

from cbrkit_xai.features import Array, frozen_integers
from cbrkit_xai.organizers.silhouette import NOISE, silhouettes_in_every_reading


@attrs.frozen(kw_only=True, eq=False)
class Partition:
    """Which of n cases is in which cluster.

    Parameters
    ----------
    labels : array of shape (n,)
        int64 cluster of each case, 0 and up without gaps; -1 for noise.
    """

    labels: Array = attrs.field(converter=frozen_integers)

    @property
    def n(self) -> int:
        """Number of cases."""
        return len(self.labels)

    @property
    def clusters(self) -> int:
        """Number of clusters; noise is none."""
        return int(self.labels.max(initial=NOISE)) + 1

    @property
    def clustered(self) -> int:
        """Number of cases that are in some cluster."""
        return int((self.labels != NOISE).sum())

    def members(self, cluster: int) -> Array:
        """Return the rows of the cases in one cluster, or of the noise for -1."""
        return np.flatnonzero(self.labels == cluster)

    def state(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return {**attrs.asdict(self, recurse=False), "labels": self.labels.tolist()}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Read what `state` gave."""
        return cls(**state)


@attrs.frozen(kw_only=True, eq=False)
class Clustering(Partition):
    """A DBSCAN clustering of n cases, with its silhouette in every reading of the paper's table 2.

    Parameters
    ----------
    labels : array of shape (n,)
        int64 cluster of each case; -1 for noise.
    min_samples : int
        As given, or as found by the search.
    eps : float
        The same, in units of the metric.
    silhouette : float or None
        Mean over the clustered cases; None where it is undefined (fewer than two clusters).
    silhouette_noise_as_cluster : float or None
        Mean over all cases, with the noise as one more cluster.
    silhouette_noise_as_singletons : float or None
        Mean over all cases, with each noise case a cluster of its own, which counts 0.
    """

    min_samples: int
    eps: float
    silhouette: float | None
    silhouette_noise_as_cluster: float | None
    silhouette_noise_as_singletons: float | None

    @classmethod
    def measured(cls, distances: Array, labels: Array, *, min_samples: int, eps: float) -> Clustering:
        """Measure the silhouettes of `labels`, given all distances `(n, n)`."""
        plain, as_one_cluster, as_singletons = silhouettes_in_every_reading(distances, labels)
        return cls(
            labels=labels,
            min_samples=min_samples,
            eps=eps,
            silhouette=plain,
            silhouette_noise_as_cluster=as_one_cluster,
            silhouette_noise_as_singletons=as_singletons,
        )
