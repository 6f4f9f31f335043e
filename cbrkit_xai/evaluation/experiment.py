"""Evaluates configurations on a case base: every held-out case predicted, beside what must be beaten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import attrs

from cbrkit_xai import registry as registries
from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.configurations import Configuration
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.predicting.described_once import described_once
from cbrkit_xai.evaluation.results import Evaluation
from cbrkit_xai.evaluation.retest import retest
from cbrkit_xai.evaluation.running.all_runs import ALL_BASELINES, all_runs
from cbrkit_xai.evaluation.running.configuration_cells import INNER, STATED
from cbrkit_xai.evaluation.running.makers import source_hashes, versions_of
from cbrkit_xai.evaluation.running.plan import Plan
from cbrkit_xai.evaluation.running.planning import (
    beyond_training,
    checked_baselines,
    checked_configurations,
    checked_ks,
    with_own_ks,
)
from cbrkit_xai.evaluation.running.selecting import SelectBy, selected_by
from cbrkit_xai.evaluation.working import cores, one_thread_each
from cbrkit_xai.protocols import Progress
from cbrkit_xai.registry import Registry

KS = tuple(range(1, 26))
"""The paper's numbers of neighbours."""


def evaluate(
    base: CaseBase,
    configurations: Sequence[Configuration],
    *,
    ks: Iterable[int] = KS,
    protocol: Protocol | None = None,
    baselines: Iterable[str] | None = None,
    confidence: bool = True,
    nested: bool = True,
    select_by: SelectBy = "silhouette",
    folder: str | Path | None = None,
    registry: Registry | None = None,
    substitute: Mapping[str, str] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Hold cases out again and again, predict them, and return every prediction.

    All that can be wrong with what was asked is found before the work starts; a configuration that cannot
    be organised in some folds is told in `Run.problems` instead, and the others go on.

    Parameters
    ----------
    base : CaseBase
        At least 2 cases.
    configurations : sequence of Configuration
        At least one, each of a label of its own.
    ks : iterable of int
        Numbers of neighbours; the paper's 1 to 25. Each configuration's own k, at which it is judged, is
        added where it is not among them, and the notes say so.
    protocol : Protocol, optional
        How cases are held out; by default 5 folds, 10 times.
    baselines : iterable of str, optional
        By name; by default all that are applicable.
    confidence : bool
        Whether each configuration's recommender is asked what it states about the held-out cases of the
        first repeat; learning how far to trust neighbours takes longer than all else.
    nested : bool
        Whether each fold's training cases are cross-validated inside, so that the best of many choices can
        be judged on cases that had no part in choosing it; that takes about twice as long as the rest.
    select_by : {"silhouette", "votes"}
        How a clustering by dbscan-prototypes finds its min_samples and eps in each fold: by the silhouette,
        as the paper does, or by the votes that it predicts in a cross-validation inside the training cases.
        The latter is named dbscan-by-votes in the labels.
    folder : path, optional
        Where finished cells are kept, so that an interrupted evaluation goes on where it was; nothing is
        kept by default, nor ever of a component that was registered by hand.
    registry : Registry, optional
        By default that of everything installed.
    substitute : mapping of str to str, optional
        What may stand for features that a profile promises and the base lacks, such as
        `{"latent": "efficientnet-lite0"}`; `Run.substituted` then says so.
    workers : int, optional
        Threads; by default one for each core. No result depends on it.
    progress : callable, optional
        Called with (done, in all) of one thing after the other: photos hashed, photos described, cells.

    Raises
    ------
    ParameterError, ConfigurationError
        What was asked does not hold together.
    CaseBaseError, FeaturesError
        The base is too small, or lacks what a configuration needs.
    """
    registry = registry or registries.default_registry()
    ks = checked_ks(ks)
    wanted = checked_baselines(ALL_BASELINES if baselines is None else baselines, ALL_BASELINES)
    chosen = selected_by(select_by, configurations)
    planned = checked_configurations(base, chosen, substitute=substitute or {}, registry=registry)
    ks, added = with_own_ks(ks, planned)
    plan = Plan.of(base, protocol or Protocol(), ks, registry=registry, folder=folder, progress=progress)
    at_hand = described_once(base, [one.components.representation for one in planned], progress)
    plan = attrs.evolve(plan, base=at_hand)
    with one_thread_each():
        found = all_runs(
            planned,
            wanted,
            plan,
            also=[part for part, is_wanted in ((STATED, confidence), (INNER, nested)) if is_wanted],
            workers=workers or cores(),
            progress=progress,
        )
    evaluated = [one.configuration for one in planned]
    return Evaluation(
        name=base.name,
        provenance=base.provenance,
        is_automatic="automatic" in base.sources,
        cases=plan.bare,
        effective_voters=base.effective_voters,
        classes=plan.classes,
        protocol=plan.protocol,
        groups=plan.groups,
        folds=plan.folds,
        runs=found.runs,
        versions=versions_of(evaluated, registry),
        hashes={
            "base": base.content_hash,
            **{one.label: one.configuration.hash for one in planned},
            **source_hashes(evaluated, registry),
        },
        notes=(*plan.folds.notes, *beyond_training(ks, plan.folds), *added, *found.notes),
        timings=found.timings,
        retest=retest(base),
    )
