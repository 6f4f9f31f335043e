"""Table 2: what the search for clusters finds on the whole case base."""

from __future__ import annotations

import attrs

from cbrkit_xai.errors import NotOrganizableError
from cbrkit_xai.evaluation.reproduction.papers_configurations import PapersConfiguration
from cbrkit_xai.evaluation.reproduction.settings_map import NearMiss, SettingsMap, map_settings
from cbrkit_xai.features import Array
from cbrkit_xai.learning import MOST_CASES_IN_MEMORY
from cbrkit_xai.organizers.clustering import Clustering
from cbrkit_xai.organizers.dbscan_prototypes import DbscanPrototypes

UNMEASURED = f"with more than {MOST_CASES_IN_MEMORY:,} cases there is no table of all their distances"


@attrs.frozen(kw_only=True, eq=False)
class ClusteringRow:
    """One row of Table 2.

    Parameters
    ----------
    of : PapersConfiguration
        What the cases are compared by.
    clustering : Clustering or None
        With its silhouette in three readings; None where nothing was found.
    settings : SettingsMap or None
        All that the search chose from; None where there are no distances.
    near_misses : tuple of NearMiss
        Settings passed over for a few cases too many in the noise.
    reason : str
        Why the row is empty; empty if it is not.
    """

    of: PapersConfiguration
    clustering: Clustering | None = None
    settings: SettingsMap | None = None
    near_misses: tuple[NearMiss, ...] = ()
    reason: str = ""


def clustering_row(of: PapersConfiguration, distances: Array | None) -> ClusteringRow:
    """Return the row of one configuration.

    Parameters
    ----------
    distances : array of shape (n, n), optional
        Of all cases; None where the configuration is not applicable, or the cases are too many.
    """
    if distances is None or of.components is None:
        return ClusteringRow(of=of, reason=of.missing or UNMEASURED)
    organizer = of.components.organizer
    assert isinstance(organizer, DbscanPrototypes)  # noqa: S101 - the profile says so
    settings = map_settings(distances, organizer) if len(distances) >= 2 else None
    near_misses = () if settings is None else settings.near_misses()
    try:
        clustering = organizer.cluster(distances)
    except NotOrganizableError as error:
        return ClusteringRow(of=of, settings=settings, near_misses=near_misses, reason=error.what)
    return ClusteringRow(of=of, clustering=clustering, settings=settings, near_misses=near_misses)
