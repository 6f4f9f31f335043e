"""Runs the permutation null for all configurations of an evaluation."""

from __future__ import annotations

import attrs

from cbrkit_xai import registry as registries
from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.configurations import Configuration
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.permutation.permutation_null import (
    PermutationNull,
    Predict,
    folds_that_count,
    permutation_null,
    rerun_of,
)
from cbrkit_xai.evaluation.permutation.predicting_again import predict_again
from cbrkit_xai.evaluation.predicting.fold_predictions import FoldPredictor, distances_once
from cbrkit_xai.evaluation.results import Evaluation, Run
from cbrkit_xai.features import Array
from cbrkit_xai.protocols import Progress
from cbrkit_xai.registry import Registry

DRAWS = 999
"""Draws by default: no p is below .001."""


def permute(
    evaluation: Evaluation,
    base: CaseBase,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    registry: Registry | None = None,
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
    draws : int
        How often the votes are handed out anew.
    seed : int
        Of the draws.
    registry : Registry, optional
        By default that of everything installed.
    progress : callable, optional
        Called with (draws done, draws).

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
    distances: dict[tuple[str, str], Array | None] = {}
    predictors: dict[str, Predict] = {}
    for run in evaluation.configurations:
        if run.configuration is None or not run.is_complete:
            continue
        predictor = _predictor(run, run.configuration, evaluation, base, registry, distances)
        predictors[run.label] = predict_again(predictor, folds_that_count(evaluation))
    return permutation_null(evaluation, rerun_of(predictors), draws=draws, seed=seed, progress=progress)


def _predictor(
    run: Run,
    configuration: Configuration,
    evaluation: Evaluation,
    base: CaseBase,
    registry: Registry,
    distances: dict[tuple[str, str], Array | None],
) -> FoldPredictor:
    components = configuration.components(registry)
    cases = attrs.evolve(base.columns(components.representation), groups=evaluation.groups.names)
    measured_by = components.representation.fingerprint, str(configuration.metric)
    if measured_by not in distances:
        distances[measured_by] = distances_once(components, cases)
    return FoldPredictor(
        components=components,
        cases=cases,
        distances=distances[measured_by],
        ks=run.ks,
        cluster_scope=evaluation.protocol.cluster_scope,
    )
