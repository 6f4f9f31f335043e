"""Evaluates configurations on a case base: every held-out case predicted, beside what must be beaten."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from cbrkit_xai import registry as registries
from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.cases import Cases
from cbrkit_xai.configurations import Configuration
from cbrkit_xai.evaluation.cells import FOLDER, Cells, versions
from cbrkit_xai.evaluation.configuration_cells import configuration_batches, run_of, timings_of
from cbrkit_xai.evaluation.dealing import deal, strata_of
from cbrkit_xai.evaluation.finishing import finish
from cbrkit_xai.evaluation.grouping import group_cases
from cbrkit_xai.evaluation.planning import checked_ks, planned
from cbrkit_xai.evaluation.protocol import Protocol
from cbrkit_xai.evaluation.results import Evaluation
from cbrkit_xai.evaluation.study import Study
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
        Numbers of neighbours; the paper's 1 to 25.
    protocol : Protocol, optional
        How cases are held out; by default 5 folds, 10 times.
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
        Called with (cells done, cells in all).

    Raises
    ------
    ParameterError, ConfigurationError
        What was asked does not hold together.
    CaseBaseError, FeaturesError
        The base is too small, or lacks what a configuration needs.
    """
    registry = registry or registries.default_registry()
    ks = checked_ks(ks)
    plan = planned(base, configurations, substitute=substitute or {}, registry=registry)
    study, cases = _study(base, protocol or Protocol(), ks, registry, folder)
    batches = list(configuration_batches(plan, study))
    with one_thread_each():
        found = finish(batches, study.cells, workers=workers or cores(), progress=progress)
    cells_of = {
        one.label: [found[one.label, repeat] for repeat in range(study.folds.repeats)] for one in plan
    }
    runs = [run_of(one, study, cells_of[one.label]) for one in plan]
    timings = itertools.chain.from_iterable(timings_of(label, cells) for label, cells in cells_of.items())
    return Evaluation(
        name=base.name,
        provenance=base.provenance,
        is_automatic="automatic" in base.sources,
        cases=cases,
        effective_voters=base.effective_voters,
        classes=[case.target.label if case.target else "" for case in base.cases],
        protocol=study.protocol,
        groups=study.groups,
        folds=study.folds,
        runs=runs,
        versions=versions(),
        hashes={"base": base.content_hash, **{one.label: one.configuration.hash for one in plan}},
        notes=study.folds.notes,
        timings=tuple(timings),
    )


def _study(
    base: CaseBase, protocol: Protocol, ks: tuple[int, ...], registry: Registry, folder: str | Path | None
) -> tuple[Study, Cases]:
    """Group the cases and deal them; return that, and the cases without features."""
    groups = group_cases(base, protocol)
    cases = Cases(
        ids=base.ids,
        features=np.zeros((len(base), 0)),
        votes=base.votes,
        methods=base.methods,
        groups=groups.names,
    )
    study = Study(
        base=base,
        registry=registry,
        protocol=protocol,
        groups=groups,
        folds=deal(groups, strata_of(cases, protocol.folds), protocol),
        ks=ks,
        cells=Cells(folder=None if folder is None else Path(folder) / FOLDER),
    )
    return study, cases
