"""Why clustering this case base does, or does not, help: one configuration, organised on the whole base."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.cases import Cases
from cbrkit_xai.configurations import Components, Configuration
from cbrkit_xai.errors import NotOrganizableError, ParameterError, first_sentence
from cbrkit_xai.evaluation.clusters.bias_and_variance import BiasAndVariance, bias_and_variance
from cbrkit_xai.evaluation.clusters.classes import class_counts
from cbrkit_xai.evaluation.clusters.colours import Colours, stored_histograms
from cbrkit_xai.evaluation.clusters.contrast import explained_share, of_photos, vote_contrasts
from cbrkit_xai.evaluation.clusters.explained import ExplainedCluster, ExplainedClusters
from cbrkit_xai.evaluation.clusters.gain import Gain, gain
from cbrkit_xai.evaluation.clusters.losses import Losses, losses
from cbrkit_xai.evaluation.clusters.members import typical_members
from cbrkit_xai.evaluation.clusters.thumbnails import thumbnails
from cbrkit_xai.evaluation.permutation.predicting_again import ignores_votes
from cbrkit_xai.evaluation.questions.differences import paired_differences
from cbrkit_xai.evaluation.questions.own_k import own_k, telling_k
from cbrkit_xai.evaluation.results import GLOBAL_MEAN, Evaluation, Run
from cbrkit_xai.features import Array, frozen, take
from cbrkit_xai.learning import organize
from cbrkit_xai.organizers.silhouette import NOISE
from cbrkit_xai.protocols import Index
from cbrkit_xai.registry import default_registry

if TYPE_CHECKING:
    from cbrkit_xai.protocols import Progress
    from cbrkit_xai.registry import Registry

_RIVALS = ("linear", "random-prototypes", "k-means-prototypes")
"""Organizers of the same photos that a clustering has to be compared with."""


def explain_clusters(
    base: CaseBase,
    configuration: Configuration,
    evaluation: Evaluation,
    *,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> ExplainedClusters:
    """Say what a configuration's clusters are, whether votes follow them, and who loses by them.

    The clusters are those of the whole base. What is said about errors is of held-out cases alone, from
    the evaluation's runs: there each fold had clusters of its own.

    Parameters
    ----------
    base : CaseBase
        The one that was evaluated.
    configuration : Configuration
        One that organises cases in prototypes.
    evaluation : Evaluation
        Of this base.
    registry : Registry, optional
        By default that of everything installed.
    progress : callable, optional
        Passed to the organizer.

    Raises
    ------
    ParameterError
        The evaluation is of other cases.
    """
    if evaluation.cases.ids != base.ids:
        raise ParameterError(
            f"{base.name!r} does not hold the {len(evaluation.cases.ids)} cases that were evaluated",
            where="explain_clusters",
            allowed="the case base of the evaluation",
        )
    components = configuration.components(registry or default_registry())
    cases = attrs.evolve(base.columns(components.representation), groups=evaluation.groups.names)
    try:
        fitted, index = organize(components, cases, progress)
    except NotOrganizableError as error:
        return _nothing(configuration, cases, first_sentence(error))
    labels = _labels(cases, index)
    if labels.max(initial=NOISE) == NOISE:
        return _nothing(configuration, cases, "its index holds no prototypes")
    made_by_votes = not ignores_votes(components)
    return _explained(base, configuration, evaluation, fitted, cases, index, labels, made_by_votes)


def _nothing(configuration: Configuration, cases: Cases, why: str) -> ExplainedClusters:
    return ExplainedClusters(label=configuration.label, cases=len(cases), problem=why)


def _labels(cases: Cases, index: Index) -> Array:
    """Return the prototype that each case is a member of, `(n,)`, numbered as they stand in the index."""
    labels = np.full(len(cases), NOISE, dtype=np.int64)
    prototypes = np.flatnonzero(index.entries.is_prototype)
    for number, entry in enumerate(prototypes):
        labels[[cases.row_of[member] for member in index.entries.members[entry]]] = number
    return labels


def _explained(
    base: CaseBase,
    configuration: Configuration,
    evaluation: Evaluation,
    fitted: Components,
    cases: Cases,
    index: Index,
    labels: Array,
    made_by_votes: bool,
) -> ExplainedClusters:
    clusters = _each(base, evaluation, fitted, cases, index, labels, made_by_votes)
    votes, of_group = of_photos(evaluation.votes, evaluation.groups.labels, labels)
    run = evaluation.runs.get(configuration.label)
    rivals = _rivals(evaluation, configuration)
    lost = None if run is None else _lost(evaluation, run, rivals, cases, index)
    named = [member for one in clusters for member in one.members.ids]
    named += [] if lost is None else [one.id for one in lost.losers]
    return ExplainedClusters(
        label=configuration.label,
        cases=len(cases),
        clusters=clusters,
        alone=int((labels == NOISE).sum()),
        made_by_votes=made_by_votes,
        explained=None if made_by_votes else explained_share(votes, of_group, evaluation.protocol.seed),
        gains=() if run is None else _gains(evaluation, run, rivals),
        losses=lost,
        parts=() if run is None else _parts(evaluation, [run, *rivals]),
        pictures=thumbnails(base, named),
    )


def _each(
    base: CaseBase,
    evaluation: Evaluation,
    fitted: Components,
    cases: Cases,
    index: Index,
    labels: Array,
    made_by_votes: bool,
) -> list[ExplainedCluster]:
    """Describe each cluster, largest first; of equally large ones the first in the index."""
    number = int(labels.max()) + 1
    votes, of_group = of_photos(evaluation.votes, evaluation.groups.labels, labels)
    contrasts = vote_contrasts(votes, of_group, cases.methods, level=None if made_by_votes else 0.95)
    contrasts += [()] * (number - len(contrasts))  # no photo counts for the last clusters
    common = class_counts(evaluation.classes, labels)
    histograms = stored_histograms(base)
    entries = np.flatnonzero(index.entries.is_prototype)
    sizes = np.bincount(labels[labels != NOISE], minlength=number)
    found = []
    for cluster in sorted(np.flatnonzero(sizes).tolist(), key=lambda one: (-sizes[one], one)):
        rows, entry = np.flatnonzero(labels == cluster), int(entries[cluster])
        prototype = take(index.entries.features, slice(entry, entry + 1))
        members = typical_members(cases, rows, prototype, fitted)
        found.append(
            ExplainedCluster(
                name=index.entries.ids[entry],
                size=len(rows),
                members=members,
                classes=tuple(evaluation.classes[cases.row_of[one]] for one in members.ids),
                common=common[cluster],
                votes=contrasts[cluster],
                colours=None if histograms is None else _colours(histograms, rows),
            )
        )
    return found


def _colours(histograms: Array, rows: Array) -> Colours:
    return Colours(inside=histograms[rows].mean(axis=0), overall=histograms.mean(axis=0))


def _rivals(evaluation: Evaluation, configuration: Configuration) -> list[Run]:
    """Return the runs that organise the same photos by the same metric in another way."""
    found = []
    for run in evaluation.runs.values():
        other = run.configuration
        if other is None or run.label == configuration.label or other.organizer.name not in _RIVALS:
            continue
        # Prototypes of equal number are named after the organizer whose number they have.
        if other.name not in (
            configuration.name,
            f"{configuration.name}[like {configuration.organizer.name}]",
        ):
            continue
        if (other.representation, other.metric) == (configuration.representation, configuration.metric):
            found.append(run)
    found.sort(key=lambda run: _RIVALS.index(run.configuration.organizer.name))  # type: ignore[union-attr]
    return found


def _gains(evaluation: Evaluation, run: Run, rivals: list[Run]) -> tuple[Gain, ...]:
    """Compare by the nearest prototype alone, where the choice of cluster matters most, and by own k."""
    others = [*rivals, *(one for one in evaluation.baselines if one.label == GLOBAL_MEAN)]
    found = []
    for k in dict.fromkeys((run.ks[0], own_k(run))):
        for other in others:
            # Neighbours are no prototypes: what they say is told with their own k.
            other_k = k if other.clustered else own_k(other)
            if other_k in other.ks:
                found.append(gain(evaluation, (run.label, k), (other.label, other_k)))
    return tuple(found)


def _lost(evaluation: Evaluation, run: Run, rivals: list[Run], cases: Cases, index: Index) -> Losses | None:
    linear = next((one for one in rivals if not one.clustered), None)
    if linear is None:
        return None
    k, other_k = telling_k(run), own_k(linear)
    difference = paired_differences(evaluation, (run.label, k), (linear.label, other_k)).of_cases
    return losses(difference, cases, index, k=k, other_k=other_k)


def _parts(evaluation: Evaluation, runs: list[Run]) -> tuple[BiasAndVariance, ...]:
    if evaluation.folds.repeats < 2:
        return ()
    alone = [one for one in evaluation.baselines if one.label == GLOBAL_MEAN]
    found = (bias_and_variance(run, frozen(evaluation.votes)) for run in [*runs, *alone])
    return tuple(one for one in found if one.cases)
