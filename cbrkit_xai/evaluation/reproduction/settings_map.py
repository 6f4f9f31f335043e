"""Every setting of DBSCAN that the search tries on a case base, with what each would find."""

from __future__ import annotations

import attrs
import numpy as np

from cbrkit_xai.features import Array, frozen_flags, frozen_floats, frozen_integers
from cbrkit_xai.organizers.clustering_search import silhouettes_of
from cbrkit_xai.organizers.dbscan_prototypes import DbscanPrototypes
from cbrkit_xai.organizers.density import density_orders
from cbrkit_xai.organizers.radii import places_among, radii

NEARLY = 0.05
"""A setting that clusters at most so much too small a share of the cases missed the demand nearly."""


@attrs.frozen(kw_only=True, eq=False)
class SettingsMap:
    """What each (m, eps) finds.

    Parameters
    ----------
    min_samples : array of shape (settings of m,)
        int64, ascending.
    eps : array of shape (radii,)
        Ascending, in units of the metric.
    silhouettes : array of shape (settings of m, radii)
        Noise left out; NaN with fewer than two clusters.
    clusters, clustered : array of shape (settings of m, radii)
        int64.
    feasible : array of shape (settings of m, radii)
        Whether the setting fulfils the demands.
    cases : int
        n.
    min_clusters : int
        The demands.
    min_clustered : float
    """

    min_samples: Array = attrs.field(converter=frozen_integers)
    eps: Array = attrs.field(converter=frozen_floats)
    silhouettes: Array = attrs.field(converter=frozen_floats)
    clusters: Array = attrs.field(converter=frozen_integers)
    clustered: Array = attrs.field(converter=frozen_integers)
    feasible: Array = attrs.field(converter=frozen_flags)
    cases: int
    min_clusters: int
    min_clustered: float

    def near_misses(self, most: int = 3) -> tuple[NearMiss, ...]:
        """Return settings that only lack a few clustered cases, the highest silhouette first.

        Settings that find as many clusters in as many cases with one silhouette count once.
        """
        short = self.min_clustered - self.clustered / self.cases
        near = ~self.feasible & (self.clusters >= self.min_clusters) & (short > 0) & (short <= NEARLY)
        found: dict[tuple[int, int, float], NearMiss] = {}
        for row, column in np.argwhere(near & ~np.isnan(self.silhouettes)):
            one = NearMiss(
                min_samples=int(self.min_samples[row]),
                eps=float(self.eps[column]),
                silhouette=float(self.silhouettes[row, column]),
                clusters=int(self.clusters[row, column]),
                clustered=int(self.clustered[row, column]),
            )
            found.setdefault((one.clusters, one.clustered, round(one.silhouette, 9)), one)
        return tuple(sorted(found.values(), key=lambda one: -one.silhouette)[:most])


@attrs.frozen(kw_only=True)
class NearMiss:
    """A setting that was passed over for a few cases too many in the noise."""

    min_samples: int
    eps: float
    silhouette: float
    clusters: int
    clustered: int


def map_settings(distances: Array, organizer: DbscanPrototypes) -> SettingsMap:
    """Return what the organizer's search has to choose from.

    Parameters
    ----------
    distances : array of shape (n, n)
        Finite, symmetric, with zeros on the diagonal; n >= 2.
    organizer : DbscanPrototypes
        Its ranges and its demands.
    """
    first, last = organizer.search_min_samples
    min_samples = np.arange(first, last + 1)
    eps = radii(distances, organizer.search_quantiles, organizer.search_steps)
    itself = 0 if organizer.counts_itself else 1
    orders = density_orders(places_among(eps, distances), (min_samples + itself).tolist())
    places = np.arange(len(eps))
    clusters = np.stack([order.clusters(places) for order in orders])  # (settings of m, radii)
    clustered = np.stack([order.clustered(places) for order in orders])
    silhouettes = silhouettes_of(distances, orders, places, clusters >= 2)
    n = len(distances)
    return SettingsMap(
        min_samples=min_samples,
        eps=eps,
        silhouettes=silhouettes,
        clusters=clusters,
        clustered=clustered,
        feasible=(clusters >= organizer.min_clusters) & (clustered / n >= organizer.min_clustered),
        cases=n,
        min_clusters=organizer.min_clusters,
        min_clustered=organizer.min_clustered,
    )
