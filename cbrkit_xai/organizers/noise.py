"""What becomes of cases that are in no cluster."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.features import Array, join, take
from cbrkit_xai.organizers.distances import checked_pairwise
from cbrkit_xai.organizers.prototypes import members_of, prototype
from cbrkit_xai.organizers.silhouette import NOISE
from cbrkit_xai.protocols import Aggregator, Metric


def with_noise_joined(cases: Cases, groups: Array, metric: Metric, aggregator: Aggregator) -> Array:
    """Give each noise case to the group whose prototype is nearest, of equally near ones to the first."""
    noise = np.flatnonzero(groups == NOISE)
    if len(noise) == 0:
        return groups
    prototypes = join([prototype(cases, rows, aggregator)[0] for rows in members_of(groups)])
    joined = groups.copy()
    joined[noise] = checked_pairwise(metric, take(cases.features, noise), prototypes).argmin(axis=1)
    return joined


def usual_distance(
    cases: Cases, groups: Array, metric: Metric, aggregator: Aggregator, quantile: float
) -> float:
    """Return a quantile of the members' distances from their own prototypes."""
    own = [
        checked_pairwise(metric, take(cases.features, rows), prototype(cases, rows, aggregator)[0])[:, 0]
        for rows in members_of(groups)
    ]
    return float(np.quantile(np.concatenate(own), quantile))
