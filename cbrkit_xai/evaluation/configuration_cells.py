"""One configuration through the folds of one repeat: computed, kept, and put together to a run."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import numpy as np

from cbrkit_xai.evaluation.finishing import Arrays, Batch, CellName, Compute
from cbrkit_xai.evaluation.fold_predictions import STAGES, FoldPredictor, distances_once
from cbrkit_xai.evaluation.planning import Planned
from cbrkit_xai.evaluation.results import Run, Timing
from cbrkit_xai.evaluation.study import Study
from cbrkit_xai.evaluation.working import Stop, leave_if
from cbrkit_xai.kept_fits import key_of


def configuration_batches(plan: Sequence[Planned], study: Study) -> Iterator[Batch]:
    """Yield the cells of all configurations, those together that share the matrix of distances."""
    for _, sharing in itertools.groupby(sorted(plan, key=_measured_by), key=_measured_by):
        some = tuple(sharing)
        keys = {(one.label, repeat): key for one in some for repeat, key in enumerate(_keys_of(one, study))}
        yield Batch(keys=keys, prepare=partial(_prepared, some, study))


def _measured_by(planned: Planned) -> tuple[str, str]:
    return planned.components.representation.fingerprint, str(planned.configuration.metric)


def _keys_of(planned: Planned, study: Study) -> Iterator[str | None]:
    """Yield the key of each repeat's cell; None where a component was registered by hand.

    Another component may stand under its name tomorrow.
    """
    fit = key_of(planned.configuration, study.base, planned.components, study.registry)
    for repeat in range(study.folds.repeats):
        what = {"configuration": fit, "cluster_scope": study.protocol.cluster_scope}
        yield None if fit is None else study.key(what, repeat)


def _prepared(plan: Sequence[Planned], study: Study) -> Compute:
    first = plan[0].components
    cases = study.cases(first.representation)
    distances = distances_once(first, cases)
    predictors = {
        one.label: FoldPredictor(
            components=one.components,
            cases=cases,
            distances=distances,
            ks=study.ks,
            cluster_scope=study.protocol.cluster_scope,
        )
        for one in plan
    }

    def compute(name: CellName, stop: Stop) -> Arrays:
        label, repeat = name
        return predict_repeat(predictors[label], study, repeat, stop)

    return compute


def predict_repeat(predictor: FoldPredictor, study: Study, repeat: int, stop: Stop) -> Arrays:
    """Return the arrays of a cell: what the held-out cases of every fold are predicted to get.

    Raises
    ------
    StoppedError
        Nobody waits for it any more.
    """
    cases, ks = predictor.cases, predictor.ks
    predicted = np.full((len(cases), len(ks), len(cases.methods)), np.nan)
    weight_squares = np.full((len(cases), len(ks)), np.nan)
    entries, problems, clustered = [], [], False
    seconds = np.zeros(len(STAGES))
    for fold in range(study.folds.per_repeat):
        leave_if(stop)
        split = study.folds.split(repeat, fold)
        found = predictor.predict(split)
        predicted[split.held_out] = found.predicted
        weight_squares[split.held_out] = found.weight_squares
        entries.append(found.entries)
        problems.append(found.problem)
        clustered |= found.clustered
        seconds += [found.seconds[stage] for stage in STAGES]
    return {
        "predicted": predicted,
        "weight_squares": weight_squares,
        "entries": np.array(entries, dtype=np.int64),
        "problems": np.array(problems, dtype=np.str_),
        "clustered": np.array(clustered),
        "seconds": seconds,
    }


def run_of(planned: Planned, study: Study, repeats: Sequence[Arrays]) -> Run:
    """Put the cells of all repeats together."""
    problems = [str(problem) for cell in repeats for problem in cell["problems"]]
    return Run(
        label=planned.label,
        role="configuration",
        ks=study.ks,
        predicted=np.stack([cell["predicted"] for cell in repeats]),
        weight_squares=np.stack([cell["weight_squares"] for cell in repeats]),
        entries=np.stack([cell["entries"] for cell in repeats]),
        problems=sentences(problems),
        configuration=planned.configuration,
        substituted=planned.substituted,
        clustered=any(bool(cell["clustered"]) for cell in repeats),
    )


def sentences(problems: Sequence[str]) -> tuple[str, ...]:
    """Return what failed in one sentence, given a text per fold that is empty where nothing did."""
    failed = [problem for problem in problems if problem]
    if not failed:
        return ()
    return (f"not organised in {len(failed)} of {len(problems)} folds: {failed[0]}",)


def timings_of(label: str, repeats: Iterable[Arrays]) -> list[Timing]:
    """Return how long each stage of each repeat took when it was computed."""
    return [
        Timing(label=label, repeat=repeat, stage=stage, seconds=float(seconds))
        for repeat, cell in enumerate(repeats)
        for stage, seconds in zip(STAGES, cell["seconds"], strict=True)
    ]
