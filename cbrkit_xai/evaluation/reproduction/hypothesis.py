"""The hypothesis that case-based reasoning rests on, looked at before any neighbour's votes are used."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.evaluation.reproduction.alignment import Alignment, alignments
from cbrkit_xai.evaluation.reproduction.mantel import MantelResult, mantel
from cbrkit_xai.evaluation.reproduction.pair_permutations import between_groups, number_of_draws, orders
from cbrkit_xai.evaluation.reproduction.solution_distances import shares_apart, winner_disagreement
from cbrkit_xai.features import Array
from cbrkit_xai.protocols import Progress

NEGLIGIBLE = 0.1
"""A rank correlation below this is next to none (the bound of a small effect, Cohen 1988)."""


@attrs.frozen(kw_only=True, eq=False)
class OfMetric:
    """What one metric has to do with the votes.

    Parameters
    ----------
    winners : MantelResult
        Near photos have the same winner.
    shares : MantelResult
        Near photos have similar vote shares.
    alignment : Alignment
        Of the winners of the k nearest.
    k : int
        Of the alignment.
    """

    winners: MantelResult
    shares: MantelResult
    alignment: Alignment
    k: int


def _read_only(values: Mapping[str, OfMetric]) -> Mapping[str, OfMetric]:
    return MappingProxyType(dict(values))


@attrs.frozen(kw_only=True, eq=False)
class Hypothesis:
    """All metrics.

    Parameters
    ----------
    metrics : mapping of str to OfMetric
        By the configuration's name.
    draws : int
        Ways to hand out the votes that were looked at; the same for all.
    photos : int
        That somebody voted on, each once.
    left_out : int
        Cases nobody voted on.
    """

    metrics: Mapping[str, OfMetric] = attrs.field(converter=_read_only)
    draws: int
    photos: int
    left_out: int


def hypothesis(
    distances: Mapping[str, Array],
    cases: Cases,
    groups: Groups,
    *,
    k: int,
    seed: int,
    progress: Progress | None = None,
) -> Hypothesis:
    """Test by each metric whether near photos have similar votes.

    Parameters
    ----------
    distances : mapping of str to array of shape (n, n)
        Of all cases, per metric.
    cases : Cases
        n of them.
    groups : Groups
        Pairs within one are left out, and their votes are handed out together.
    k : int
        Of the alignment.
    seed : int
        Of the ways to hand out the votes.
    progress : callable, optional
        Called with (tests done, tests).
    """
    voted = np.flatnonzero(~np.isnan(cases.votes).all(axis=1))
    votes, ids = cases.votes[voted], [cases.ids[row] for row in voted]
    _, labels = np.unique(groups.labels[voted], return_inverse=True)
    kept = Groups(labels=labels)
    near = {name: one[np.ix_(voted, voted)] for name, one in distances.items()}
    counted = between_groups(kept)
    ways = orders(kept, number_of_draws(len(voted)), seed)
    winners, share = winner_disagreement(votes), shares_apart(votes)
    steps = iter(range(1, 4))

    def done() -> None:
        if progress is not None:
            progress(next(steps), 3)

    of_winners = mantel(near, winners, counted, ways, negligible=NEGLIGIBLE)
    done()
    of_shares = mantel(near, share, counted, ways, negligible=NEGLIGIBLE)
    done()
    aligned = alignments(near, winners, counted, ways, ids, k)
    done()
    return Hypothesis(
        metrics={
            name: OfMetric(winners=of_winners[name], shares=of_shares[name], alignment=aligned[name], k=k)
            for name in near
        },
        draws=len(ways),
        photos=kept.number,
        left_out=len(cases) - len(voted),
    )
