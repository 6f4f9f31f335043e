"""Simulated case bases whose truth is known, and brute-force neighbours."""

import attrs
import numpy as np

from cbrkit_xai.confidence import fit_confidence, shares
from cbrkit_xai.confidence.conformal import in_set
from cbrkit_xai.evaluation import simulation

METHODS = ("anchors", "ig", "lime", "xrai")


@attrs.frozen(kw_only=True)
class World:
    """Six kinds of photos; `signal` says how far their mean votes differ."""

    seed: int
    signal: float
    scatter: float = 5.0
    voters: int = 10

    def sample(self, n, stream):
        made = simulation.World(
            methods=METHODS,
            seed=self.seed,
            signal="cluster",
            strength=self.signal,
            scatter=self.scatter,
            voters=self.voters,
        ).sample(n, stream=stream)
        return made.features, made.votes.copy()


def knn_shares(queries, features, table, k=5, *, query_groups=None, groups=None):
    """Mean shares of the k nearest cases, none of the query's own group."""
    distances = ((queries[:, None] - features[None]) ** 2).sum(axis=2)
    if query_groups is not None:
        distances[np.asarray(query_groups)[:, None] == np.asarray(groups)[None]] = np.inf
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return table[nearest].mean(axis=1)


def fit(features, votes, *, effective=None, groups=None, methods=METHODS, **options):
    table = shares(votes)
    groups = np.arange(len(votes)) if groups is None else np.asarray(groups)
    effective = np.nansum(votes, axis=1) if effective is None else effective

    def cross_fit(train, test):
        known = {"features": features[train], "table": table[train]}
        inside = knn_shares(features[train], **known, query_groups=groups[train], groups=groups[train])
        return inside, knn_shares(features[test], **known)

    own = knn_shares(features, features, table, query_groups=groups, groups=groups)
    return fit_confidence(methods, votes, effective, groups, own, cross_fit, **options)


@attrs.frozen(kw_only=True)
class Outcome:
    confidence: object
    stated: float
    hit: float
    covered: float


def outcome(world, n=200, fresh=400):
    """Fit on n cases, and see how the statements do on fresh photos."""
    features, votes = world.sample(n, 0)
    confidence = fit(features, votes)
    new_features, new_votes = world.sample(fresh, 1)
    predictor = confidence.predictor
    chances = predictor.p_best(predictor.mean(knn_shares(new_features, features, shares(votes))))
    level = new_votes == new_votes.max(axis=1, keepdims=True)
    credit = level / level.sum(axis=1, keepdims=True)
    top = chances.argmax(axis=1)
    rows = np.arange(fresh)
    return Outcome(
        confidence=confidence,
        stated=float(chances[rows, top].mean()),
        hit=float(credit[rows, top].mean()),
        covered=float((credit * in_set(chances, confidence.conformal_threshold)).sum(axis=1).mean()),
    )
