"""The hooks a plugin may implement; their docstrings are the reference manual.

A registration hook takes no argument and returns, or yields, the records of its kind.
An observer hook only watches: what it returns is ignored, and one that raises is reported
in the log of `cbrkit_xai` and does not disturb the cycle.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from cbrkit_xai import components
    from cbrkit_xai.case import Case
    from cbrkit_xai.case_base import CaseBase
    from cbrkit_xai.neighbours import Neighbours
    from cbrkit_xai.recommendation import Recommendation

PROJECT = "cbrkit_xai"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def cbrkit_xai_representations() -> Iterable[components.RepresentationPlugin]:  # type: ignore[empty-body]
    """Register ways of describing a photo by numbers.

    Examples
    --------
    >>> from cbrkit_xai import RepresentationPlugin, hookimpl
    >>> class MeanColour:
    ...     fingerprint = "mean-colour/1"
    ...     def describe(self, images):
    ...         return images.mean(axis=(1, 2)).astype("float32")
    >>> @hookimpl
    ... def cbrkit_xai_representations():
    ...     yield RepresentationPlugin(
    ...         name="mean-colour", summary="Mean of each channel", source="arithmetic", factory=MeanColour)
    """


@hookspec
def cbrkit_xai_metrics() -> Iterable[components.MetricPlugin]:  # type: ignore[empty-body]
    """Register distances.

    Examples
    --------
    >>> import numpy as np
    >>> from cbrkit_xai import MetricPlugin, hookimpl
    >>> class Manhattan:
    ...     def pairwise(self, queries, references):
    ...         return np.stack([np.abs(references - query).sum(axis=1) for query in queries])
    >>> @hookimpl
    ... def cbrkit_xai_metrics():
    ...     yield MetricPlugin(
    ...         name="city-block", summary="Sum of differences", source="Minkowski 1910",
    ...         factory=Manhattan, triangle=True)
    """


@hookspec
def cbrkit_xai_aggregators() -> Iterable[components.AggregatorPlugin]:  # type: ignore[empty-body]
    """Register reductions of many rows to one (the paper's script A, eq. 3).

    Examples
    --------
    >>> from cbrkit_xai import AggregatorPlugin, hookimpl
    >>> class Largest:
    ...     def aggregate(self, stack, weights=None):
    ...         return stack.max(axis=0)
    >>> @hookimpl
    ... def cbrkit_xai_aggregators():
    ...     yield AggregatorPlugin(
    ...         name="largest", summary="Largest of each column", source="arithmetic",
    ...         factory=Largest, bounded=True)
    """


@hookspec
def cbrkit_xai_organizers() -> Iterable[components.OrganizerPlugin]:  # type: ignore[empty-body]
    """Register organisations of the case base; `cbrkit_xai.organizers.linear` is a whole one.

    Examples
    --------
    >>> import numpy as np
    >>> from cbrkit_xai import Entries, OrganizerPlugin, hookimpl
    >>> class Index:
    ...     def __init__(self, entries, metric):
    ...         self.entries, self.metric = entries, metric
    ...     def nearest(self, queries, k, exclude=None):
    ...         distances = self.metric.pairwise(queries, self.entries.features)
    ...         allowed = None if exclude is None else np.array(
    ...             [[id not in left_out for id in self.entries.ids] for left_out in exclude])
    ...         return self.entries.nearest(distances, k, allowed)
    >>> class Plain:
    ...     def organize(self, cases, metric, aggregator, progress=None):
    ...         return Index(Entries.of_cases(cases), metric)
    >>> @hookimpl
    ... def cbrkit_xai_organizers():
    ...     yield OrganizerPlugin(
    ...         name="plain", summary="Compares with every case", source="linear search", factory=Plain)
    """


@hookspec
def cbrkit_xai_reuse_strategies() -> Iterable[components.ReuseStrategyPlugin]:  # type: ignore[empty-body]
    """Register ways from neighbours' votes to predicted votes (the paper's eqs. 4 and 5).

    Examples
    --------
    >>> from cbrkit_xai import ReuseStrategyPlugin, hookimpl
    >>> class Nearest:
    ...     def reuse(self, neighbours):
    ...         return neighbours.votes[:, 0]
    >>> @hookimpl
    ... def cbrkit_xai_reuse_strategies():
    ...     yield ReuseStrategyPlugin(
    ...         name="nearest", summary="The nearest entry", source="1-NN", factory=Nearest, hull=True)
    """


@hookspec
def cbrkit_xai_retention_policies() -> Iterable[components.RetentionPolicyPlugin]:  # type: ignore[empty-body]
    """Register judgements of whether a case is worth keeping.

    Examples
    --------
    >>> from cbrkit_xai import RetentionPolicyPlugin, Verdict, hookimpl
    >>> class Never:
    ...     def keeps(self, case, neighbours):
    ...         return Verdict(keeps=False, reason="this base is closed")
    >>> @hookimpl
    ... def cbrkit_xai_retention_policies():
    ...     yield RetentionPolicyPlugin(
    ...         name="closed", summary="Keeps nothing", source="arithmetic", factory=Never)
    """


@hookspec
def cbrkit_xai_explainers() -> Iterable[components.ExplainerPlugin]:  # type: ignore[empty-body]
    """Register explanation methods.

    Examples
    --------
    >>> from cbrkit_xai import ExplainerPlugin, Explanation, hookimpl
    >>> class Brightness:
    ...     def explain(self, image, classifier, target, rng, progress=None):
    ...         return Explanation(attribution=image.mean(axis=2))
    >>> @hookimpl
    ... def cbrkit_xai_explainers():
    ...     yield ExplainerPlugin(
    ...         name="brightness", summary="Says that bright is important", source="a joke",
    ...         factory=Brightness)
    """


@hookspec
def cbrkit_xai_classifiers() -> Iterable[components.ClassifierPlugin]:  # type: ignore[empty-body]
    """Register models that can be explained; `cbrkit_xai_latent.classifier` is a real one.

    Examples
    --------
    >>> import numpy as np
    >>> from cbrkit_xai import ClassifierPlugin, hookimpl
    >>> class DayOrNight:
    ...     fingerprint, labels = "day-or-night/1", ("night", "day")
    ...     def predict(self, images):
    ...         day = images.mean(axis=(1, 2, 3)) / 255
    ...         return np.stack([1 - day, day], axis=1)
    >>> @hookimpl
    ... def cbrkit_xai_classifiers():
    ...     yield ClassifierPlugin(
    ...         name="day-or-night", summary="By mean brightness", source="arithmetic", factory=DayOrNight)
    """


@hookspec
def cbrkit_xai_judges() -> Iterable[components.JudgePlugin]:  # type: ignore[empty-body]
    """Register automatic judges of explanations.

    Examples
    --------
    >>> import numpy as np
    >>> from cbrkit_xai import JudgePlugin, hookimpl
    >>> class Sparse:
    ...     def score(self, explanations, image, classifier, target):
    ...         return np.array([-np.count_nonzero(one.attribution) for one in explanations])
    >>> @hookimpl
    ... def cbrkit_xai_judges():
    ...     yield JudgePlugin(
    ...         name="sparse", summary="The fewer pixels the better", source="parsimony",
    ...         family="sparseness", factory=Sparse)
    """


@hookspec
def cbrkit_xai_configurations() -> Iterable[components.ConfigurationPlugin]:  # type: ignore[empty-body]
    """Register named configurations, in one or more profiles.

    Examples
    --------
    >>> from cbrkit_xai import ConfigurationPlugin, Profile, hookimpl, use
    >>> @hookimpl
    ... def cbrkit_xai_configurations():
    ...     yield ConfigurationPlugin(
    ...         name="mean-cos", summary="Photos of the same tint", source="arithmetic",
    ...         profiles={"recommended": Profile(
    ...             representation=use("mean-colour"), metric=use("cosine"), organizers=(use("linear"),))})
    """


@hookspec
def cbrkit_xai_after_retrieve(neighbours: Neighbours) -> None:
    """Watch what was retrieved for a batch of queries.

    Examples
    --------
    >>> from cbrkit_xai import hookimpl
    >>> @hookimpl
    ... def cbrkit_xai_after_retrieve(neighbours):
    ...     print("nearest:", [neighbours.ids(query)[:1] for query in range(len(neighbours))])
    """


@hookspec
def cbrkit_xai_after_reuse(recommendation: Recommendation) -> None:
    """Watch each recommendation.

    Examples
    --------
    >>> from cbrkit_xai import hookimpl
    >>> @hookimpl
    ... def cbrkit_xai_after_reuse(recommendation):
    ...     print("recommended:", recommendation.ranking[0])
    """


@hookspec
def cbrkit_xai_after_retain(case: Case, base: CaseBase) -> None:
    """Watch each case that was retained, once the store has acknowledged it.

    Examples
    --------
    >>> from cbrkit_xai import hookimpl
    >>> @hookimpl
    ... def cbrkit_xai_after_retain(base):
    ...     print("the base now holds", len(base), "cases")
    """
