"""Reproduces the paper's evaluation on a case base."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from cbrkit_xai import registry as registries
from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.cases import Cases
from cbrkit_xai.evaluation.experiment import KS, evaluate
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.permutation.permutation_null import PermutationNull
from cbrkit_xai.evaluation.permutation.permuting import permute
from cbrkit_xai.evaluation.predicting.described_once import described_once
from cbrkit_xai.evaluation.questions.own_k import own_k
from cbrkit_xai.evaluation.questions.stated_margin import stated_margin
from cbrkit_xai.evaluation.reproduction.balanced_training import Balanced, By, balanced, winners_of
from cbrkit_xai.evaluation.reproduction.claims.all_claims import claims_about
from cbrkit_xai.evaluation.reproduction.class_frequency import errors_by_frequency
from cbrkit_xai.evaluation.reproduction.clustering_table import ClusteringRow, clustering_row
from cbrkit_xai.evaluation.reproduction.hypothesis import Hypothesis, hypothesis
from cbrkit_xai.evaluation.reproduction.other_features import OtherFeatures, other_features
from cbrkit_xai.evaluation.reproduction.papers_configurations import (
    PapersConfiguration,
    papers_configurations,
    representations_of,
)
from cbrkit_xai.evaluation.reproduction.reproduction import Reproduction, papers_runs
from cbrkit_xai.evaluation.reproduction.steps import Steps
from cbrkit_xai.evaluation.results import Evaluation
from cbrkit_xai.evaluation.running.cells import FOLDER, Cells
from cbrkit_xai.evaluation.running.kept_distances import kept_distances
from cbrkit_xai.evaluation.running.plan import Plan
from cbrkit_xai.evaluation.working import one_thread_each
from cbrkit_xai.features import Array
from cbrkit_xai.organizers.linear import Linear
from cbrkit_xai.protocols import Progress
from cbrkit_xai.registry import Registry

BASELINES = (
    "random-prototypes",
    "uniform",
    "global-mean",
    "majority",
    "per-class-mean",
    "single-best-method",
    "ridge",
    "oracle",
)
"""All but those that take longer than everything else; `evaluate` has them too."""

DRAWS = 199
"""How often votes are handed out anew, for some seconds; `evaluate` does so 999 times."""


def reproduce(
    base: CaseBase,
    *,
    ks: Iterable[int] = KS,
    protocol: Protocol | None = None,
    folder: str | Path | None = None,
    registry: Registry | None = None,
    substitute: Mapping[str, str] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Reproduction:
    """Run the paper's evaluation in profile `paper2022`, and decide each of its claims.

    Parameters
    ----------
    base : CaseBase
        At least 2 cases. A configuration that it cannot be described by is left out, with the reason.
    ks : iterable of int
        Numbers of neighbours; the paper's 1 to 25.
    protocol : Protocol, optional
        How cases are held out; by default the paper's 5 folds, dealt 10 times.
    folder : path, optional
        Where finished cells are kept.
    registry, substitute, workers
        As `evaluate` takes them.
    progress : callable, optional
        Called with (done, all).

    Raises
    ------
    CaseBaseError, ConfigurationError, ParameterError
        The base is too small or has none of the features, or what was asked does not hold together.
    """
    registry = registry or registries.default_registry()
    protocol, substitute = protocol or Protocol(), substitute or {}
    configurations = papers_configurations(base, registry, substitute)
    steps = Steps(progress=progress, shares=(60, 10, 10, 10, 5, 5))
    evaluation, others = _evaluated(
        base, configurations, ks, protocol, folder, registry, substitute, workers, steps
    )
    plan = Plan(
        base=described_once(base, representations_of(configurations)),
        registry=registry,
        protocol=protocol,
        groups=evaluation.groups,
        folds=evaluation.folds,
        ks=(1,),
        cells=Cells(folder=None if folder is None else Path(folder) / FOLDER),
    )
    with one_thread_each():
        tables, found, distances = _whole_base(configurations, plan, evaluation, steps)
        even = _balanced(configurations, plan, evaluation, steps.next())
    permutation = _permutation(configurations, plan, evaluation, workers, steps.next())
    report = steps.next()
    runs = papers_runs(evaluation, configurations)
    margin = stated_margin(evaluation)
    reproduction = Reproduction(
        configurations=configurations,
        clusterings=tables,
        evaluation=evaluation,
        distances=distances,
        hypothesis=found,
        frequencies=errors_by_frequency(evaluation, [run for _, run in (*runs.linear, *runs.clustered)]),
        balanced=even,
        margin=margin,
        claims=claims_about(evaluation, configurations, found, even, margin, others),
        permutation=permutation,
    )
    report(1, 1)
    steps.finish()
    return reproduction


def _evaluated(
    base: CaseBase,
    configurations: Sequence[PapersConfiguration],
    ks: Iterable[int],
    protocol: Protocol,
    folder: str | Path | None,
    registry: Registry,
    substitute: Mapping[str, str],
    workers: int | None,
    steps: Steps,
) -> tuple[Evaluation, OtherFeatures]:
    """Evaluate the paper's configurations, and after them those of other features in the same folds."""
    applicable = [one for one in configurations if not one.missing]
    used = {one.components.representation.fingerprint for one in applicable if one.components is not None}
    others = other_features(base, registry, used)
    shared: dict[str, Any] = {
        "ks": tuple(ks),
        "protocol": protocol,
        "confidence": False,
        "nested": False,
        "folder": folder,
        "registry": registry,
        "workers": workers,
    }
    evaluation = evaluate(
        base,
        [one for each in applicable for one in (each.linear, each.clustered) if one is not None],
        baselines=BASELINES,
        substitute=substitute,
        progress=steps.next(),
        **shared,
    )
    after = steps.next()
    if not others.configurations:
        return evaluation, others
    own = tuple(sorted({one.k for one in others.configurations}))
    more = evaluate(base, others.configurations, baselines=(), progress=after, **{**shared, "ks": own})
    return (
        attrs.evolve(
            evaluation,
            runs=[*evaluation.configurations, *more.configurations, *evaluation.baselines],
            hashes={**evaluation.hashes, **more.hashes},
            timings=(*evaluation.timings, *more.timings),
        ),
        others,
    )


def _permutation(
    configurations: Sequence[PapersConfiguration],
    plan: Plan,
    evaluation: Evaluation,
    workers: int | None,
    progress: Progress,
) -> PermutationNull | None:
    """Return the errors of the paper's configurations under shuffled votes."""
    theirs = [one for each in configurations for one in (each.linear, each.clustered) if one is not None]
    runs = [evaluation.run(one.label) for one in theirs]
    if not any(run.is_complete for run in runs):
        return None
    return permute(
        attrs.evolve(evaluation, runs=runs),
        plan.base,
        draws=DRAWS,
        seed=plan.protocol.seed,
        registry=plan.registry,
        cells=plan.cells,
        workers=workers,
        progress=progress,
    )


def _whole_base(
    configurations: Sequence[PapersConfiguration], plan: Plan, evaluation: Evaluation, steps: Steps
) -> tuple[tuple[ClusteringRow, ...], Hypothesis, dict[str, Array]]:
    """Return Table 2, what each metric has to do with the votes, and all distances."""
    near: dict[str, Array] = {}
    rows = []
    for one in configurations:
        found = _distances(one, plan)
        if found is not None:
            upper = np.triu(found, 1)
            near[one.name] = upper + upper.T  # as organizers see it
        rows.append(clustering_row(one, near.get(one.name)))
    tested = hypothesis(
        near,
        evaluation.cases,
        evaluation.groups,
        k=_stated_k(configurations),
        seed=plan.protocol.seed,
        progress=steps.next(),
    )
    return tuple(rows), tested, near


def _distances(one: PapersConfiguration, plan: Plan) -> Array | None:
    if one.components is None or one.clustered is None:
        return None
    return kept_distances(one.clustered, one.components, _cases(one, plan), plan)


def _cases(one: PapersConfiguration, plan: Plan) -> Cases:
    assert one.components is not None  # noqa: S101 - asked of those that are applicable
    return plan.cases(one.components.representation)


def _stated_k(configurations: Sequence[PapersConfiguration]) -> int:
    return next((one.linear.k for one in configurations if one.linear is not None), 5)


def _balanced(
    configurations: Sequence[PapersConfiguration], plan: Plan, evaluation: Evaluation, progress: Progress
) -> tuple[tuple[str, Balanced], ...]:
    """Return what evenly frequent classes, and winners, do to each linear configuration."""
    winners = winners_of(evaluation.votes, evaluation.cases.methods)
    kinds: dict[By, Sequence[str]] = {"class": evaluation.classes, "winner": winners}
    found: list[tuple[str, Balanced]] = []
    for number, one in enumerate(configurations, start=1):
        if one.components is None or one.linear is None:
            found += [(one.paper.identifier, Balanced(by=by, problem=one.missing)) for by in kinds]
            continue
        cases, distances = _cases(one, plan), _distances(one, plan)
        for by, kind in kinds.items():
            even = balanced(
                attrs.evolve(one.components, organizer=Linear()),
                cases,
                distances,
                plan.folds,
                kind,
                by=by,
                k=own_k(evaluation.run(one.linear.label)),
                seed=plan.protocol.seed,
            )
            found.append((one.paper.identifier, even))
        progress(number, len(configurations))
    return tuple(found)
