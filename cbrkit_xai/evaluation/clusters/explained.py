"""What is told of a configuration's clusters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import attrs

from cbrkit_xai.evaluation.clusters.bias_and_variance import BiasAndVariance
from cbrkit_xai.evaluation.clusters.classes import ClassCount
from cbrkit_xai.evaluation.clusters.colours import Colours
from cbrkit_xai.evaluation.clusters.contrast import ExplainedShare, VoteContrast
from cbrkit_xai.evaluation.clusters.gain import Gain
from cbrkit_xai.evaluation.clusters.losses import Losses
from cbrkit_xai.evaluation.clusters.members import TypicalMembers


def _clusters(values: Iterable[ExplainedCluster]) -> tuple[ExplainedCluster, ...]:
    return tuple(values)


def _files(values: Mapping[str, bytes]) -> Mapping[str, bytes]:
    return MappingProxyType(dict(values))


@attrs.frozen(kw_only=True, eq=False)
class ExplainedCluster:
    """One cluster of the whole base.

    Parameters
    ----------
    name : str
        The index's name of its prototype.
    size : int
        Number of its cases.
    members : TypicalMembers
        Those that show best what it is.
    classes : tuple of str
        Of those members, in their order; empty where a class is not known.
    common : tuple of ClassCount
        Classes that it holds more of, the least likely first.
    votes : tuple of VoteContrast
        Per method, inside against outside; without intervals where the clusters are made by votes.
    colours : Colours, optional
        Where the base stores every photo's histogram.
    """

    name: str
    size: int
    members: TypicalMembers
    classes: tuple[str, ...]
    common: tuple[ClassCount, ...]
    votes: tuple[VoteContrast, ...]
    colours: Colours | None = None


@attrs.frozen(kw_only=True, eq=False)
class ExplainedClusters:
    """What a configuration's clusters are, and what predicting by them costs.

    Parameters
    ----------
    label : str
        Of the configuration.
    cases : int
        In the base.
    problem : str
        Why there is nothing to explain; empty if there is.
    clusters : tuple of ExplainedCluster
        Largest first.
    alone : int
        Cases in no cluster.
    made_by_votes : bool
        Whether the votes had a say in who is in which cluster, or nobody has shown that they had not. Such
        clusters follow the votes whatever the photos show, so nothing is told of how well they do.
    explained : ExplainedShare, optional
        How much of the variance of the votes the clusters explain; None where they are made by votes.
    gains : tuple of Gain
        Against neighbours, random groups, k-means and the global mean, where those were evaluated: by the
        nearest prototype alone, and with the configuration's own k.
    losses : Losses, optional
        Who loses against neighbours; only where those were evaluated.
    parts : tuple of BiasAndVariance
        Of this configuration and of its rivals; only where each case was held out at least twice.
    pictures : mapping of str to bytes
        JPEG files of the photos named, by id, where the base holds them.
    """

    label: str
    cases: int
    problem: str = ""
    clusters: tuple[ExplainedCluster, ...] = attrs.field(default=(), converter=_clusters)
    alone: int = 0
    made_by_votes: bool = False
    explained: ExplainedShare | None = None
    gains: tuple[Gain, ...] = ()
    losses: Losses | None = None
    parts: tuple[BiasAndVariance, ...] = ()
    pictures: Mapping[str, bytes] = attrs.field(factory=dict, converter=_files)
