"""Runs the permutation null for all configurations of an evaluation, block by block on all cores."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from cbrkit_xai import registry as registries
from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.configurations import Components
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.permutation.blocks_of_draws import OBSERVED, blocks_of, keys_of
from cbrkit_xai.evaluation.permutation.drawing import Drawing, Rerun, row_of
from cbrkit_xai.evaluation.permutation.permutation_null import (
    DRAWS,
    DRAWS_ANEW,
    PermutationNull,
    folds_that_count,
    rerun_of,
)
from cbrkit_xai.evaluation.permutation.predicting_again import ignores_votes, predict_again
from cbrkit_xai.evaluation.predicting.fold_predictions import FoldPredictor
from cbrkit_xai.evaluation.results import Evaluation, Run
from cbrkit_xai.evaluation.running.cells import Cells
from cbrkit_xai.evaluation.running.finishing import Arrays, Batch, CellName, Compute, finish
from cbrkit_xai.evaluation.running.kept_distances import kept_distances
from cbrkit_xai.evaluation.running.plan import Plan
from cbrkit_xai.evaluation.working import Stop, cores, one_thread_each
from cbrkit_xai.features import Array
from cbrkit_xai.protocols import Progress
from cbrkit_xai.registry import Registry

_ERRORS = "errors"


def permute(
    evaluation: Evaluation,
    base: CaseBase,
    *,
    draws: int | None = None,
    seed: int = 0,
    registry: Registry | None = None,
    cells: Cells | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> PermutationNull:
    """Return the errors that the configurations of an evaluation would have without signal.

    Runs that could not be organised in some fold are left out.

    Parameters
    ----------
    evaluation : Evaluation
        Of `base`.
    base : CaseBase
        Where the features are.
    draws : int, optional
        How often the votes are handed out anew; by default `DRAWS`, and `DRAWS_ANEW` where something is
        organised anew for each of them.
    seed : int
        Of the draws.
    registry : Registry, optional
        By default that of everything installed.
    cells : Cells, optional
        Where finished blocks of draws are kept, and distances that took long to measure.
    workers : int, optional
        Threads; by default one for each core. No number depends on it.
    progress : callable, optional
        Called with (blocks done, blocks); the observed errors are one.

    Raises
    ------
    ParameterError
        The base is not the evaluation's.
    FeaturesError
        The base lacks what a configuration needs.
    """
    if base.ids != evaluation.cases.ids:
        raise ParameterError(
            f"{base.name!r} has other cases than were evaluated", where="base", allowed=evaluation.name
        )
    registry = registry or registries.default_registry()
    composed = {
        run.label: run.configuration.components(registry)
        for run in evaluation.configurations
        if run.configuration is not None and run.is_complete
    }
    anew = [label for label, components in composed.items() if not ignores_votes(components)]
    if draws is None:
        draws = DRAWS_ANEW if anew else DRAWS
    blocks = blocks_of(draws, anew=bool(anew))
    drawing = Drawing.of(evaluation, seed)
    columns = [(label, k) for label in composed for k in evaluation.run(label).ks]
    plan = Plan(
        base=base,
        registry=registry,
        protocol=evaluation.protocol,
        groups=evaluation.groups,
        folds=evaluation.folds,
        ks=(1,),
        cells=cells or Cells(),
    )
    batch = Batch(
        keys=keys_of(blocks, evaluation, base, composed, seed, registry),
        prepare=lambda: _computing(blocks, drawing, _rerun(evaluation, composed, plan), columns),
    )
    with one_thread_each():
        found = finish(
            [batch], plan.cells, workers=workers or cores(), advance=_telling(progress, len(batch.keys))
        )
    return PermutationNull(
        columns=columns,
        observed=found[OBSERVED][_ERRORS][0],
        draws=np.concatenate([np.empty((0, len(columns))), *(found[name][_ERRORS] for name in blocks)]),
        fixed_cases=drawing.shuffling.fixed,
        kept=drawing.kept,
        organized_anew=anew,
    )


def _computing(
    blocks: Mapping[CellName, range], drawing: Drawing, rerun: Rerun, columns: list[tuple[str, int]]
) -> Compute:
    def compute(name: CellName, stop: Stop) -> Arrays:
        if name == OBSERVED:
            return {_ERRORS: row_of(rerun(drawing.votes), columns)[None]}
        return {_ERRORS: drawing.block(blocks[name], rerun, columns, stop)}

    return compute


def _telling(progress: Progress | None, total: int) -> Callable[[int], None]:
    done = 0

    def advance(more: int) -> None:
        nonlocal done
        done += more
        if progress is not None:
            progress(done, total)

    return advance


def _rerun(evaluation: Evaluation, composed: Mapping[str, Components], plan: Plan) -> Rerun:
    distances: dict[tuple[str, str], Array | None] = {}
    folds = folds_that_count(evaluation)
    return rerun_of(
        {
            label: predict_again(_predictor(evaluation.run(label), components, plan, distances), folds)
            for label, components in composed.items()
        }
    )


def _predictor(
    run: Run, components: Components, plan: Plan, distances: dict[tuple[str, str], Array | None]
) -> FoldPredictor:
    assert run.configuration is not None  # noqa: S101 - it was composed
    cases = plan.cases(components.representation)
    measured_by = components.representation.fingerprint, str(run.configuration.metric)
    if measured_by not in distances:
        distances[measured_by] = kept_distances(run.configuration, components, cases, plan)
    return FoldPredictor(
        components=components,
        cases=cases,
        distances=distances[measured_by],
        ks=run.ks,
        cluster_scope=plan.protocol.cluster_scope,
    )
